"""`lifecycle records`: look after the records themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import AmountType, json_option, recorded_name
from orchestrator.cli.records_copy import copy
from orchestrator.cli.words import say
from orchestrator.errors import ExitCode, UsageError
from orchestrator.languages import Phrase, _, joined

if TYPE_CHECKING:
    from orchestrator.records.questions import Size
    from orchestrator.records.repair import Repair


RECORDED = {"full": _("full"), "partial": _("partial")}


@click.group()
def records() -> None:
    """Look after the records."""


records.add_command(copy)


@records.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@json_option
def ingest(files: tuple[Path, ...], as_json: bool) -> ExitCode:
    """Take in what runs spilled while their records could not be written: FILE, or all that waits in var/spill/."""
    from orchestrator.engine.ingest import ingest as take_in
    from orchestrator.engine.ingest import spilled
    from orchestrator.records import open_store

    store = open_store()
    taken = [take_in(store, file) for file in files or spilled()]
    if as_json:
        click.echo(json.dumps({"ingested": [asdict(each) for each in taken]}, indent=2, default=str))
    elif not taken:
        say(_("nothing waits to be taken in"))
    for each in () if as_json else taken:
        text = _("run %(run)s: %(results)s results taken in, recorded %(recorded)s")
        taken_in = text % {"run": each.run_id, "results": each.results, "recorded": RECORDED[each.recorded]}
        lost = _("; %(count)s lines or events are lost") % {"count": each.missing} if each.missing else ""
        say(joined("", (taken_in, lost)))
    return ExitCode.DONE


@records.command()
@click.option("-i", "--environment", metavar="ENV", help="Only this environment: its name or its directory.")
@click.option("--keep-runs", type=click.IntRange(min=1), metavar="N", help="Keep the newest N of each environment.")
@click.option(
    "--keep-days", type=AmountType(min=0, max=36_525), metavar="D", help="Keep what was begun in the last D days."
)
@click.option("-C", "--check", is_flag=True, help="Take nothing off; tell what would go.")
@json_option
def prune(environment: str | None, keep_runs: int | None, keep_days: float | None, check: bool, as_json: bool) -> None:
    """Take old runs off the records, with the contents that no other run refers to. Given both, either keeps a run.

    What is at work or still needed stays: the newest run of an environment, the newest that applied each phase, what
    releases rest on, plans that may be applied.
    """
    from orchestrator.records import open_store
    from orchestrator.records.entities import now

    if keep_runs is None and keep_days is None:
        raise UsageError(_("what is to be kept was not said"), remedy=_("give --keep-runs N, --keep-days D, or both"))
    store = open_store()
    since = None if keep_days is None else now() - timedelta(days=keep_days)
    gone, before = store.prunable(recorded_name(environment), keep_runs or 0, since), store.size()
    if not check:
        store.prune(gone)
    after = store.size()
    if as_json:
        data = {"check": check, "runs": gone, "before": asdict(before), "after": asdict(after)}
        click.echo(json.dumps(data, indent=2))
        return
    text = (
        _("%(count)s of %(runs)s runs would be taken off the records")
        if check
        else _("%(count)s of %(runs)s runs are taken off the records")
    )
    say(text % {"count": len(gone), "runs": before.runs} if gone else _("no run is to go"))
    say(size_line(after))


@records.command()
@click.option("-C", "--check", is_flag=True, help="Only look, and tell what would be kept.")
@json_option
def repair(check: bool, as_json: bool) -> ExitCode:
    """Make damaged records (SQLite) anew from what can be read. The damaged file is kept beside them."""
    from orchestrator.records import default_address
    from orchestrator.records.repair import repair as make_anew

    found = make_anew(default_address(), check=check)
    if as_json:
        click.echo(json.dumps({"check": check, **asdict(found)}, indent=2))
    else:
        for line in repair_lines(found):
            say(line)
    return ExitCode.REFUSED if check and not found.sound else ExitCode.DONE


@records.command()
@json_option
def size(as_json: bool) -> None:
    """Say how much is on record, and what room it takes."""
    from orchestrator.records import open_store

    store = open_store()
    found = store.size()
    if as_json:
        click.echo(json.dumps({"where": store.address, **asdict(found)}))
    else:
        say(size_line(found))


def repair_lines(found: Repair) -> list[Phrase]:
    """What a person is told of a repair."""
    if found.sound:
        return [_("the records are sound; nothing was done")]
    text = (
        _("%(name)s: %(count)s rows kept, in new records")
        if found.set_aside
        else _("%(name)s: %(count)s rows can be read")
    )
    more = len(found.problems) - 1
    problem = (
        _("%(first)s (and %(more)s more)") % {"first": found.problems[0], "more": more} if more else found.problems[0]
    )
    lines = [_("damaged: %(problem)s") % {"problem": problem}]
    for name, count in sorted(found.kept.items()):
        if count:
            lost = joined(", ", _lost(found, name))
            lines.append(joined("; ", filter(None, (text % {"name": name, "count": count}, lost))))
    nothing = sorted(name for name in found.gaps if not found.kept.get(name))
    lines += [_("nothing can be read of: %(names)s") % {"names": ", ".join(nothing)}] if nothing else []
    if found.partial:
        runs = ", ".join(map(str, found.partial))
        lines.append(_("runs that may have lost results, recorded in part now: %(runs)s") % {"runs": runs})
    lines += [_("the damaged file is kept as %(file)s") % {"file": found.set_aside}] if found.set_aside else []
    return lines


def _lost(found: Repair, name: str) -> Iterator[Phrase]:
    unsound, gaps = found.unsound.get(name, 0), found.gaps.get(name, 0)
    if unsound:
        yield _("%(count)s are not sound and left out") % {"count": unsound}
    if gaps:
        yield _("%(count)s stretches cannot be read") % {"count": gaps}


def size_line(found: Size) -> Phrase:
    counts = {"runs": found.runs, "results": found.results, "contents": found.contents}
    text = _("%(runs)s runs, %(results)s results, %(contents)s texts: %(megabytes)s MB")
    return text % {**counts, "megabytes": f"{found.bytes / 1_000_000:.1f}"}
