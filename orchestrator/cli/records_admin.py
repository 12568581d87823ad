"""`lifecycle records`: look after the records themselves."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from orchestrator.cli.options import json_option
from orchestrator.errors import ExitCode


@click.group()
def records() -> None:
    """Look after the records."""


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
