"""`lifecycle history` and `lifecycle show`: what is on record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.asked import any_of, filter_options
from orchestrator.cli.options import json_option, recorded_name
from orchestrator.cli.plans import plan_data, plan_lines
from orchestrator.cli.words import column, say, status_phrase
from orchestrator.languages import Phrase, _, joined, shown

if TYPE_CHECKING:
    from orchestrator.records import Store
    from orchestrator.records.entities import ResultRecord, Run


@click.command()
@click.option("-i", "--environment", metavar="ENV", help="Only this environment: its name or its directory.")
@filter_options
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many, newest first.")
@json_option
def history(environment: str | None, limit: int, as_json: bool, **wanted: Any) -> None:
    """List the runs on record, the newest first; with several conditions those which fulfil all of them."""
    from orchestrator.records import open_store
    from orchestrator.records.questions import RunFilter

    runs = open_store().list_runs(recorded_name(environment), limit, RunFilter(**wanted))
    if as_json:
        click.echo(json.dumps([run_data(run) for run in runs], indent=2, default=str))
        return
    if not runs:
        say(_("no such run on record") if environment or any_of(wanted) else _("no runs on record"))
    for run in runs:
        say(history_line(run))


@click.command()
@click.argument("run_id", metavar="RUN", type=int)
@click.option("--host", help="Only results of this host.")
@click.option("--failed", is_flag=True, help="Only what failed or was unreachable.")
@click.option("--diff", "with_diff", is_flag=True, help="With what changed inside files.")
@json_option
def show(run_id: int, host: str | None, failed: bool, with_diff: bool, as_json: bool) -> None:
    """Show one run: its steps, hosts and results."""
    from orchestrator.records import open_store

    store = open_store()
    if as_json:
        data = shown_data(store, run_id, host, failed, with_diff=with_diff)
        click.echo(json.dumps(data, indent=2, default=str))
        return
    show_run(store.get_run(run_id))
    plan = store.find_plan(run_id)
    for line in plan_lines(plan) if plan else ():
        say(line)
    for result in store.list_results(run_id, host, failed):
        show_result(result, with_diff)


def shown_data(
    store: Store, run_id: int, host: str | None = None, failed: bool = False, *, with_diff: bool
) -> dict[str, Any]:
    """A run with its plan and results for a program. Keys are an interface: add, never rename."""
    run, plan = store.get_run(run_id), store.find_plan(run_id)
    results = [result_data(result, with_diff) for result in store.list_results(run_id, host, failed)]
    return {**run_data(run), "plan": plan_data(plan) if plan else None, "results": results}


def run_data(run: Run) -> dict[str, Any]:
    """A run for a program. Keys are an interface: add, never rename."""
    about = asdict(run.about)
    return {
        "run": run.id,
        **{key: value for key, value in about.items() if key != "actor"},
        "operator": run.about.actor.operator,
        "controller": run.about.actor.host,
        "status": run.status,
        "changed": run.changed,
        "recorded": run.recorded,
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "steps": [{**asdict(step), "changed": step.changed} for step in run.steps],
    }


def result_data(result: ResultRecord, with_diff: bool) -> dict[str, Any]:
    data = asdict(result)
    data["output"] = json.loads(result.output) if result.output and not result.cut else result.output
    return data if with_diff else {key: value for key, value in data.items() if key != "diff"}


def history_line(run: Run) -> Phrase:
    from orchestrator.cli.progress import status_word

    started = run.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    marks = joined(", ", _marks(run))
    extra = joined("", (" [", marks, "]")) if marks else ""
    reason = f" - {' '.join(run.about.reason.split())}" if run.about.reason else ""
    phases = " ".join(run.about.phases)
    status = status_word(run.status, run.changed)
    about = f"{run.id:>5}  {started}  {duration(run):>7}  {run.about.environment:<20} {phases:<22} "
    return joined("", (about, status, extra, f"  {run.about.actor.operator}{reason}"))


def _marks(run: Run) -> Iterator[str]:
    if run.about.check:
        yield _("check")
    if run.recorded != "full":
        yield _("partly recorded")
    if run.about.resumes:
        yield _("resumes %(run)s") % {"run": run.about.resumes}
    if run.about.applies:
        yield _("applies plan %(plan)s") % {"plan": run.about.applies}
    if run.about.job:
        yield _("job %(job)s on %(host)s") % {"job": run.about.job, "host": run.about.actor.host}


def duration(run: Run) -> str:
    if run.ended_at is None:
        return "-"
    seconds = int((run.ended_at - run.started_at).total_seconds())
    return f"{seconds // 60}:{seconds % 60:02d}"


def show_run(run: Run) -> None:
    from orchestrator.cli.progress import recap_line, status_word

    about = run.about
    say(shown(history_line(run)).strip())
    commit = about.git_commit or _("not in a git repository")
    if about.git_dirty:
        commit = _("%(commit)s with uncommitted changes") % {"commit": commit}
    _field(_("commit"), commit)
    _field(_("inventory"), f"{about.environment_path} sha256:{(about.inventory_digest or '')[:12]}")
    _field(_("versions"), ", ".join(f"{name} {version}" for name, version in about.versions.items()))
    if about.options:
        _field(_("options"), json.dumps(about.options))
    for step in run.steps:
        say(joined("", (f"\n{step.phase}: ", status_word(step.status, step.changed))))
        for host, totals in step.hosts.items():
            say(f"  {recap_line(host, totals)}")
        for key, value in step.data.items():
            say(f"  {key}: {json.dumps(value, default=str)}")
    say("")


def _field(name: str, value: str) -> None:
    say(f"  {column(name, 10)} {shown(value)}")


def show_result(result: ResultRecord, with_diff: bool) -> None:
    cut = shown(_(" (cut)")) if result.cut else ""
    say(f"{column(status_phrase(result.status), 12)}{result.host:<20} {result.task}{cut}")
    for line in result.message.splitlines():
        say(f"    {line}")
    if with_diff and result.diff:
        for line in result.diff.splitlines():
            say(f"    {line}")
