"""`lifecycle diff` and `lifecycle compare`: two runs, and two environments, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import json_option, recorded_name
from orchestrator.cli.words import column, note, say, status_phrase
from orchestrator.languages import Phrase, _, joined

if TYPE_CHECKING:
    from orchestrator.records import Store
    from orchestrator.records.comparison import Comparison, Difference
    from orchestrator.records.entities import ResultRecord
    from orchestrator.reports.environments import Standing, Unlike

NOT_DONE = _("not carried out")
# What of a task differs although it came to the same status.
ANOTHER = {
    ("message",): _("another message"),
    ("diff",): _("another diff"),
    ("message", "diff"): _("another message and diff"),
}


@click.command()
@click.argument("before", metavar="RUN1", type=int)
@click.argument("after", metavar="RUN2", type=int)
@click.option("--host", help="Only this host.")
@click.option("--diff", "with_diff", is_flag=True, help="With what changed inside files, on both sides.")
@json_option
def diff(before: int, after: int, host: str | None, with_diff: bool, as_json: bool) -> None:
    """Say what changed between RUN1 and RUN2: per host and task its status, its message, and what it changed."""
    from orchestrator.cli.records import history_line
    from orchestrator.records import open_store
    from orchestrator.records.comparison import compare

    store = open_store()
    runs = store.get_run(before), store.get_run(after)
    compared = compare(runs[0], store.list_results(before, host), runs[1], store.list_results(after, host))
    if as_json:
        data = {"before": before, "after": after, **comparison_data(compared, with_diff)}
        click.echo(json.dumps(data, indent=2, default=str))
        return
    for run in runs:
        say(history_line(run))
    for line in comparison_lines(compared, with_diff):
        say(line)


@click.command()
@click.argument("left", metavar="ENV1")
@click.argument("right", metavar="ENV2")
@json_option
def compare(left: str, right: str, as_json: bool) -> None:
    """Say in what ENV1 and ENV2 differ, by what is on record of them; asks no host.

    The commit and the collection that applied each phase, the application's version, and what `lifecycle run inspect`
    found: operating system, kernel, roles, packages, databases, and what services have set. What follows from the size
    or the address of a machine is listed apart, and counted apart.
    """
    from orchestrator.records import open_store
    from orchestrator.reports.environments import known, unlike, untold

    store = open_store()
    sides = [_standing(store, str(recorded_name(name))) for name in (left, right)]
    found, silent = unlike(*sides), untold(*sides)
    if as_json:
        data = {
            "environments": [{"environment": side.environment, "inspected": side.inspected} for side in sides],
            "differences": [asdict(each) for each in found],
            "settings_not_told": [dict(zip(("service", "environment"), each, strict=True)) for each in silent],
        }
        click.echo(json.dumps(data, indent=2))
        return
    for side in sides:
        if side.inspected is None:
            text = _(
                "%(environment)s was never inspected, its packages are not known; "
                "lifecycle run inspect -i %(environment)s"
            )
            note(text % {"environment": side.environment})
    for service, environment in silent:
        text = _("what %(service)s has set is not known of %(environment)s, so it is not compared")
        note(text % {"service": service, "environment": environment})
    counted = [each for each in found if not each.by_machine]
    for each in counted:
        say(_unlike_line(each))
    if len(counted) < len(found):
        say(_("by address or size of the machines:"))
    for each in found[len(counted) :]:
        say(joined("", ("  ", _unlike_line(each))))
    text = _("%(left)s and %(right)s differ in %(count)s of %(known)s facts")
    if apart := len(found) - len(counted):
        text = _(
            "%(left)s and %(right)s differ in %(count)s of %(known)s facts, "
            "and in %(apart)s that follow from the machines"
        )
    names = {"left": sides[0].environment, "right": sides[1].environment}
    say(text % {**names, "count": len(counted), "known": known(*sides), "apart": apart})


def _unlike_line(each: Unlike) -> Phrase:
    left, right = (joined(", ", side) or _("none") for side in (each.left, each.right))
    return joined("", (column(each.fact, 32), " ", left, " | ", right))


def _standing(store: Store, environment: str) -> Standing:
    from orchestrator.errors import UsageError
    from orchestrator.reports.environments import standing

    applied = {phase: store.get_run(run_id) for phase, run_id in store.applied_phases(environment).items()}
    if not applied:
        remedy = _("lifecycle history lists the runs")
        raise UsageError(_("nothing that was applied is on record"), where=environment, remedy=remedy)
    return standing(environment, applied, store.list_releases(environment))


def comparison_data(compared: Comparison, with_diff: bool) -> dict[str, Any]:
    """A comparison for a program. Keys are an interface: add, never rename."""
    return {
        "about": {name: {"before": old, "after": new} for name, (old, new) in compared.about.items()},
        "phases_only_before": compared.phases[0],
        "phases_only_after": compared.phases[1],
        "hosts_only_before": compared.hosts[0],
        "hosts_only_after": compared.hosts[1],
        "same": compared.same,
        "differences": [difference_data(each, with_diff) for each in compared.differences],
    }


def difference_data(each: Difference, with_diff: bool) -> dict[str, Any]:
    sides = {"before": _side_data(each.before, with_diff), "after": _side_data(each.after, with_diff)}
    return {**asdict(each.spot), "what": each.what, **sides}


def _side_data(side: ResultRecord | None, with_diff: bool) -> dict[str, Any] | None:
    if side is None:
        return None
    told = {"counter": side.counter, "status": side.status, "message": side.message}
    return {**told, "diff": side.diff} if with_diff else told


def comparison_lines(compared: Comparison, with_diff: bool) -> Iterator[str]:
    for name, (old, new) in compared.about.items():
        yield joined("", (f"  {name}: ", _value(old), " -> ", _value(new)))
    kinds = (
        (compared.phases, _("phase only in the first run"), _("phase only in the second run")),
        (compared.hosts, _("host only in the first run"), _("host only in the second run")),
    )
    for (old_only, new_only), first, second in kinds:
        for names, which in ((old_only, first), (new_only, second)):
            if names:
                yield joined("", ("  ", which, ": ", ", ".join(names)))
    for each in compared.differences:
        yield from _difference_lines(each, with_diff)
    differ = len(compared.differences)
    text = (
        _("1 task differs, %(same)s came to the same")
        if differ == 1
        else _("%(differ)s tasks differ, %(same)s came to the same")
    )
    yield text % {"differ": differ, "same": compared.same}


def _difference_lines(each: Difference, with_diff: bool) -> Iterator[str]:
    before, after = (status_phrase(side.status) if side else NOT_DONE for side in (each.before, each.after))
    again = _(" (time %(occurrence)s)") % {"occurrence": each.spot.occurrence} if each.spot.occurrence > 1 else ""
    status = joined(" -> ", (before, after))
    if before == after:
        status = joined(", ", (after, ANOTHER[each.what]))
    yield joined("", (f"{each.spot.host:<20} {each.spot.phase}: {each.spot.task}", again, ": ", status))
    for sign, side in (("<", each.before), (">", each.after)):
        if side is not None and ("message" in each.what or None in (each.before, each.after)):
            yield from (f"    {sign} {line}" for line in side.message.splitlines())
        if side is not None and with_diff:
            yield from (f"    {sign} {line}" for line in (side.diff or "").splitlines())


def _value(value: Any) -> str:
    return _("none") if value is None else value if isinstance(value, str) else json.dumps(value)
