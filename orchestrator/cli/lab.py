"""`lifecycle lab`: test hosts on podman."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from orchestrator.cli.words import column, say
from orchestrator.errors import UsageError
from orchestrator.lab.flow import HostReport, Lab, open_lab
from orchestrator.languages import _, shown

inventory_option: Callable[..., Any] = click.option(
    "-i",
    "--inventory",
    type=click.Path(path_type=Path),
    default=Path("inventories/lab"),
    show_default=True,
    metavar="DIR",
    help="Inventory directory whose hosts are the lab.",
)
json_option: Callable[..., Any] = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")

STATES = {
    "running": _("running"),
    "stopped": _("stopped"),
    "paused": _("paused"),
    "missing": _("missing"),
}
ACTIONS = {
    "created": _("created"),
    "started": _("started"),
    "unpaused": _("unpaused"),
    "removed": _("removed"),
    "unchanged": _("unchanged"),
}


@click.group()
def lab() -> None:
    """Test hosts on podman: real systemd, real sshd, limits that hold."""


@lab.command()
@inventory_option
@json_option
def up(inventory: Path, as_json: bool) -> None:
    """Bring the hosts up; those that are up already are left alone."""
    began = time.monotonic()
    reports = opened(inventory).up(tell)
    render(reports, as_json, seconds=time.monotonic() - began)


@lab.command()
@inventory_option
@json_option
def down(inventory: Path, as_json: bool) -> None:
    """Remove the hosts and their network. Nothing without the lab's label is touched."""
    render(opened(inventory).down(), as_json)


@lab.command()
@inventory_option
@json_option
def status(inventory: Path, as_json: bool) -> None:
    """Show each host: running, stopped, paused or missing."""
    render(opened(inventory).status(), as_json)


@lab.command()
@inventory_option
@json_option
def reset(inventory: Path, as_json: bool) -> None:
    """Remove the hosts and bring them up anew."""
    one = opened(inventory)
    one.down()
    render(one.up(tell), as_json)


@lab.command(context_settings={"allow_interspersed_args": False})
@inventory_option
@click.argument("host")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def shell(inventory: Path, host: str, command: tuple[str, ...]) -> None:
    """Log in to HOST by ssh, or run COMMAND there."""
    argv = opened(inventory).shell(host, command)
    os.execvp(argv[0], argv)


def opened(inventory: Path) -> Lab:
    """The lab of an inventory directory."""
    if inventory.is_file():
        raise UsageError(_("is a file"), where=str(inventory), remedy=_("name the directory it is in"))
    return open_lab(inventory)


def tell(text: str) -> None:
    """Tell what takes long, beside the result."""
    say(text, err=True)


def render(reports: list[HostReport], as_json: bool, seconds: float | None = None) -> None:
    """Print the hosts as a table for people or as JSON for programs."""
    if as_json:
        result: dict[str, Any] = {"hosts": [asdict(report) for report in reports]}
        if seconds is not None:
            result["seconds"] = round(seconds, 2)
        json.dump(result, sys.stdout, indent=2)
        click.echo()
        return
    for report in reports:
        say(line(report))


def line(report: HostReport) -> str:
    """One host in one line."""
    memory = f"{report.memory_mb} MB" if report.memory_mb else ""
    failed = shown(_("  failed: %(units)s") % {"units": ", ".join(report.failed_units)}) if report.failed_units else ""
    state, action = column(STATES[report.state], 8), shown(ACTIONS.get(report.action, report.action))
    columns = f"{report.name:<12} {report.address:<15} {memory:>8}  {state} {report.system:<9} {action}"
    return f"{columns.rstrip()}{failed}"
