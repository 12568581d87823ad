"""`lifecycle lock`: who works on an environment, and what to do with a lock that was left."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import json_option, recorded_name

if TYPE_CHECKING:
    from orchestrator.engine.locks import LockState
    from orchestrator.records.entities import Lock, LockRelease

WORDS = {
    "at_work": "is at work",
    "ending": "was killed; what it started is still at work",
    "left": "is gone; the next run takes the lock over",
    "elsewhere": "cannot be seen from this host",
}


@click.group()
def lock() -> None:
    """Who works on an environment: one run at a time."""


@lock.command()
@click.option("-i", "--environment", metavar="ENV", help="Only this environment: its name or its directory.")
@json_option
def status(environment: str | None, as_json: bool) -> None:
    """Show each lock: who holds it, on which host, since when and at what, and whether that process lives."""
    from orchestrator.engine.locks import lock_states, releases
    from orchestrator.records import open_store

    store, name = open_store(), recorded_name(environment)
    states, taken_away = lock_states(store, name), releases(store, name)
    if as_json:
        data = {"locks": [state_data(state) for state in states], "taken_away": [asdict(each) for each in taken_away]}
        click.echo(json.dumps(data, indent=2, default=str))
        return
    if not states:
        click.echo(f"{name} is free" if name else "every environment is free")
    for state in states:
        click.echo(state_text(state))
    for each in taken_away:
        click.echo(released_line(each))


@lock.command()
@click.option("-i", "--environment", metavar="ENV", required=True, help="The environment: its name or its directory.")
@click.option(
    "--force", metavar="REASON", help="Although its holder is, or may be, at work; the reason goes on record."
)
@json_option
def release(environment: str, force: str | None, as_json: bool) -> None:
    """Take away the lock that a run left. Refused while anything of that run is at work."""
    from orchestrator.engine.locks import release_lock
    from orchestrator.records import open_store

    name = str(recorded_name(environment))
    held = release_lock(open_store(), name, force)
    if as_json:
        click.echo(json.dumps({"environment": name, "released": lock_data(held) if held else None}, indent=2))
    elif held is None:
        click.echo(f"{name} is free: there was nothing to take away")
    else:
        click.echo(f"{name} is free; it was held by {held.actor.operator} since {moment(held.since)}: {held.what}")


def lock_data(held: Lock) -> dict[str, Any]:
    """A lock for a program. Keys are an interface: add, never rename."""
    return {
        "environment": held.environment,
        "operator": held.actor.operator,
        "host": held.actor.host,
        "pid": held.actor.pid,
        "since": held.since.isoformat(),
        "what": held.what,
        "run": held.run_id,
    }


def state_data(state: LockState) -> dict[str, Any]:
    return {**lock_data(state.lock), "standing": state.standing}


def state_text(state: LockState) -> str:
    held = state.lock
    run = f" (run {held.run_id})" if held.run_id else ""
    return (
        f"{held.environment}: {held.actor.operator} since {moment(held.since)}: {held.what}{run}\n"
        f"    process {held.actor.pid} on {held.actor.host} {WORDS[state.standing]}"
    )


def released_line(each: LockRelease) -> str:
    why = f", forced: {each.reason}" if each.reason else ""
    return f"{each.environment}: {each.operator} took away the lock of {each.held_by} at {moment(each.at)}{why}"


def moment(at: Any) -> str:
    return str(at.astimezone().strftime("%Y-%m-%d %H:%M:%S"))
