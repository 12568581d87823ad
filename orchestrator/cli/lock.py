"""`lifecycle lock`: who works on an environment, and what to do with a lock that was left."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.again import secrets
from orchestrator.cli.options import ask, json_option, recorded_name
from orchestrator.errors import ExitCode, LifecycleError

if TYPE_CHECKING:
    from orchestrator.engine.locks import LockState
    from orchestrator.records.entities import Lock, LockRelease

WORDS = {
    "at_work": "is at work",
    "ending": "was killed; what it started is still at work",
    "left": "is gone; the next run takes the lock over",
    "kept": "is gone, its run is lost; nobody runs here until `lifecycle lock release` takes the lock away",
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
@secrets
@json_option
def release(environment: str, force: str | None, as_json: bool, **options: Any) -> ExitCode:
    """Take away the lock that a run left, and its mark on a host. Refused while anything of that run is at work.

    The mark of another controller, whose processes cannot be seen from here, needs --force.
    """
    from orchestrator.engine.locks import release_lock
    from orchestrator.records import open_store

    name = str(recorded_name(environment))
    store = open_store()
    held = release_lock(store, name, force)
    mark = _mark(environment, force, options, store.identity())
    if as_json:
        released = lock_data(held) if held else None
        click.echo(json.dumps({"environment": name, "released": released, "mark": mark}, indent=2))
    elif held is None:
        click.echo(f"{name} is free: there was nothing to take away")
    else:
        click.echo(f"{name} is free; it was held by {held.actor.operator} since {moment(held.since)}: {held.what}")
    left = mark["holder"] and not mark["released"]
    if not as_json:
        click.echo(mark_text(mark))
    return ExitCode.REFUSED if left else ExitCode.DONE


def _mark(environment: str, force: str | None, options: dict[str, Any], records: str | None) -> dict[str, Any]:
    """What became of the mark on the anchor. An environment that is not in order has none that could be found."""
    from orchestrator.delivery import load_environment
    from orchestrator.engine.marker import take_away

    try:
        found = load_environment(environment)
    except LifecycleError as error:
        return {"anchor": "", "holder": {}, "released": False, "unasked": error.line()}
    passwords = {
        "become_password": ask(options["ask_become_pass"], "Sudo password"),
        "connection_password": ask(options["ask_pass"], "SSH password"),
        "vault_password": ask(options["ask_vault_pass"], "Vault password"),
    }
    reach = {**passwords, "vault_ids": options["vault_ids"]}
    return take_away(found, reach, force=force is not None, records=records)


def mark_text(mark: dict[str, Any]) -> str:
    holder, anchor = mark["holder"], mark["anchor"]
    if mark["unasked"]:
        return f"whether a host is marked is not known: {mark['unasked']}"
    if not holder:
        return f"{anchor} has no mark" if anchor else "no host is marked in this environment"
    who = f"{holder.get('operator', 'somebody')} since {holder.get('since', '?')}: {holder.get('what', '?')}"
    if mark["released"]:
        return f"the mark on {anchor} is removed; it was that of {who}"
    return f"the mark on {anchor} stays: it is that of {who}; --force REASON removes it"


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
