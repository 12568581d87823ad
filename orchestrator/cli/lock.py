"""`lifecycle lock`: who works on an environment, and what to do with a lock that was left."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.again import secrets
from orchestrator.cli.options import ask, json_option, recorded_name
from orchestrator.cli.words import SSH, SUDO, VAULT, say
from orchestrator.errors import ExitCode, LifecycleError
from orchestrator.languages import Phrase, _, joined

if TYPE_CHECKING:
    from orchestrator.engine.locks import LockState
    from orchestrator.records.entities import Lock, LockRelease

WORDS = {
    "at_work": _("process %(pid)s on %(host)s is at work"),
    "ending": _("process %(pid)s on %(host)s was killed; what it started is still at work"),
    "left": _("process %(pid)s on %(host)s is gone; the next run takes the lock over"),
    "kept": _(
        "process %(pid)s on %(host)s is gone, its run is lost; nobody runs here until `lifecycle lock release` takes "
        "the lock away"
    ),
    "elsewhere": _("process %(pid)s on %(host)s cannot be seen from this host"),
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
        say(_("%(name)s is free") % {"name": name} if name else _("every environment is free"))
    for state in states:
        say(state_text(state))
    for each in taken_away:
        say(released_line(each))


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
        say(_("%(name)s is free: there was nothing to take away") % {"name": name})
    else:
        who = {"operator": held.actor.operator, "since": moment(held.since), "what": held.what}
        say(_("%(name)s is free; it was held by %(operator)s since %(since)s: %(what)s") % {"name": name, **who})
    left = mark["holder"] and not mark["released"]
    if not as_json:
        say(mark_text(mark))
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
        "become_password": ask(options["ask_become_pass"], SUDO),
        "connection_password": ask(options["ask_pass"], SSH),
        "vault_password": ask(options["ask_vault_pass"], VAULT),
    }
    reach = {**passwords, "vault_ids": options["vault_ids"]}
    return take_away(found, reach, force=force is not None, records=records)


def mark_text(mark: dict[str, Any]) -> Phrase:
    holder, anchor = mark["holder"], mark["anchor"]
    if mark["unasked"]:
        return _("whether a host is marked is not known: %(why)s") % {"why": mark["unasked"]}
    if not holder:
        return (
            _("%(anchor)s has no mark") % {"anchor": anchor} if anchor else _("no host is marked in this environment")
        )
    about = {"since": holder.get("since", "?"), "what": holder.get("what", "?")}
    who = _("%(operator)s since %(since)s: %(what)s") % {"operator": holder.get("operator", _("somebody")), **about}
    if mark["released"]:
        return _("the mark on %(anchor)s is removed; it was that of %(who)s") % {"anchor": anchor, "who": who}
    return _("the mark on %(anchor)s stays: it is that of %(who)s; --force REASON removes it") % {
        "anchor": anchor,
        "who": who,
    }


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


def state_text(state: LockState) -> Phrase:
    held = state.lock
    run = _(" (run %(run)s)") % {"run": held.run_id} if held.run_id else ""
    about = {"operator": held.actor.operator, "since": moment(held.since), "what": held.what}
    who = _("%(operator)s since %(since)s: %(what)s") % about
    process = WORDS[state.standing] % {"pid": held.actor.pid, "host": held.actor.host}
    return joined("", (f"{held.environment}: ", who, run, "\n    ", process))


def released_line(each: LockRelease) -> Phrase:
    why = _(", forced: %(reason)s") % {"reason": each.reason} if each.reason else ""
    about = {"operator": each.operator, "held_by": each.held_by, "at": moment(each.at)}
    took = _("%(operator)s took away the lock of %(held_by)s at %(at)s") % about
    return joined("", (f"{each.environment}: ", took, why))


def moment(at: Any) -> str:
    return str(at.astimezone().strftime("%Y-%m-%d %H:%M:%S"))
