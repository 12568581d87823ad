"""`lifecycle records`: look after the records themselves."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import json_option, recorded_name
from orchestrator.cli.records_copy import copy
from orchestrator.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from orchestrator.records.questions import Size
    from orchestrator.records.repair import Repair


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
        click.echo("nothing waits to be taken in")
    for each in () if as_json else taken:
        lost = f"; {each.missing} lines or events are lost" if each.missing else ""
        click.echo(f"run {each.run_id}: {each.results} results taken in, recorded {each.recorded}{lost}")
    return ExitCode.DONE


@records.command()
@click.option("-i", "--environment", metavar="ENV", help="Only this environment: its name or its directory.")
@click.option("--keep-runs", type=click.IntRange(min=1), metavar="N", help="Keep the newest N of each environment.")
@click.option("--keep-days", type=click.FloatRange(min=0), metavar="D", help="Keep what was begun in the last D days.")
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
        raise UsageError("what is to be kept was not said", remedy="give --keep-runs N, --keep-days D, or both")
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
    would = "would be" if check else "are"
    click.echo(f"{len(gone)} of {before.runs} runs {would} taken off the records" if gone else "no run is to go")
    click.echo(size_line(after))


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
        click.echo("\n".join(repair_lines(found)))
    return ExitCode.REFUSED if check and not found.sound else ExitCode.DONE


@records.command()
@json_option
def size(as_json: bool) -> None:
    """Say how much is on record, and what room it takes."""
    from orchestrator.records import open_store

    store = open_store()
    found = store.size()
    click.echo(json.dumps({"where": store.address, **asdict(found)}) if as_json else size_line(found))


def repair_lines(found: Repair) -> list[str]:
    """What a person is told of a repair."""
    if found.sound:
        return ["the records are sound; nothing was done"]
    would = "kept, in new records" if found.set_aside else "can be read"
    lines = [f"damaged: {found.problems[0]}" + (f" (and {len(found.problems) - 1} more)" if found.problems[1:] else "")]
    lines += [
        f"{name}: {count} rows {would}{_lost(found, name)}" for name, count in sorted(found.kept.items()) if count
    ]
    nothing = sorted(name for name in found.gaps if not found.kept.get(name))
    lines += [f"nothing can be read of: {', '.join(nothing)}"] if nothing else []
    if found.partial:
        lines.append(f"runs that may have lost results, recorded in part now: {', '.join(map(str, found.partial))}")
    lines += [f"the damaged file is kept as {found.set_aside}"] if found.set_aside else []
    return lines


def _lost(found: Repair, name: str) -> str:
    unsound, gaps = found.unsound.get(name, 0), found.gaps.get(name, 0)
    told = [f"{unsound} are not sound and left out"] if unsound else []
    told += [f"{gaps} stretches cannot be read"] if gaps else []
    return f"; {', '.join(told)}" if told else ""


def size_line(found: Size) -> str:
    megabytes = found.bytes / 1_000_000
    return f"{found.runs} runs, {found.results} results, {found.contents} texts: {megabytes:.1f} MB"
