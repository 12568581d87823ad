"""A release on the terminal: what a command came to, and one screen on how things stand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.progress import reason_text
from orchestrator.cli.streams import whoever_reads
from orchestrator.cli.words import column, note, say, status_phrase
from orchestrator.errors import ExitCode
from orchestrator.languages import Phrase, _, joined, shown
from orchestrator.records.entities import Status, now
from orchestrator.release.machine import Action, spoken

if TYPE_CHECKING:
    from orchestrator.records.entities import Release, ReleaseStep
    from orchestrator.release.situation import Situation, Verdict

PLACES = {"stable": _("stable"), "candidate": _("candidate"), "previous": _("previous")}
RELEASE, SINCE, STEPS, HOSTS = _("release"), _("since"), _("steps"), _("hosts")
WAY_BACK, NOT_SURE, MAY_FOLLOW, WAITING = _("way back"), _("NOT SURE"), _("may follow"), _("WAITING")
# What a step that is in doubt was about to do.
DOUBTED = {
    "stage": _("staging"),
    "fail": _("staging"),
    "hold": _("a step"),
    "promote": _("promotion"),
    "roll_back": _("rollback"),
    "close": _("closing the window"),
}


@whoever_reads()
def render(verdict: Verdict, as_json: bool) -> None:
    """Failures and notices go to stderr, the answer to stdout."""
    if as_json:
        click.echo(json.dumps(as_data(verdict), indent=2, default=str))
        return
    for failure in verdict.failures:
        say(reason_text(failure.host, failure.message), fg="red", err=True)
    for notice in verdict.notices:
        note(notice)
    if verdict.said:
        colour = None if verdict.exit_code is ExitCode.DONE else "red"
        runs = _(" (run %(runs)s)") % {"runs": ", ".join(map(str, verdict.run_ids))} if verdict.run_ids else ""
        say(joined("", ("\n", verdict.said, runs)), fg=colour, bold=True)
    for line in screen(verdict.situation):
        say(line)


def screen(situation: Situation) -> Iterator[str]:
    """The release on one screen."""
    yield _("%(application)s in %(environment)s") % {
        "application": situation.application,
        "environment": situation.environment,
    }
    for name in ("stable", "candidate", "previous"):
        yield from _placed(situation, name)
    yield from _hosts(situation)
    release = situation.release
    if release is None:
        yield _("  no release yet; `lifecycle release start VERSION` begins one")
        return
    state = spoken(release.state, release.weight)
    text = _("%(version)s %(state)s, by %(operator)s")
    by = text % {"version": release.version, "state": state, "operator": release.operator}
    yield _row(RELEASE, joined(": ", (by, release.reason)) if release.reason else by)
    yield _row(SINCE, _since(_last_change(situation, release)))
    if release.state.is_open:
        yield _row(STEPS, _steps(situation, release.weight))
    if situation.edge and situation.edge.get("unsafe_back"):
        yield _row(WAY_BACK, _("NOT SAFE: %(why)s") % {"why": situation.edge["unsafe_back"]})
    if situation.unconfirmed:
        yield _row(NOT_SURE, _doubt(situation.unconfirmed))
    if situation.commands:
        yield _row(MAY_FOLLOW, ", ".join(situation.commands))
    if not situation.live and situation.edge:
        yield _("  (by the record; --live asks the edge)")


def _row(name: str, value: str) -> str:
    """A name and what is said of it, under the others."""
    return f"  {column(name, 10)} {shown(value)}"


def as_data(verdict: Verdict) -> dict[str, Any]:
    """The verdict for a program. Keys are an interface: add, never rename."""
    situation = verdict.situation
    weight = situation.release.weight if situation.release else 0
    return {
        "said": verdict.said,
        "exit_code": int(verdict.exit_code),
        "environment": situation.environment,
        "application": situation.application,
        "release": asdict(situation.release) if situation.release else None,
        "edge": situation.edge,
        "live": situation.live,
        "window_until": situation.window_until,
        "plan": list(situation.plan.steps),
        "done": list(situation.plan.done(weight)),
        "next": situation.plan.next_after(weight),
        "may_follow": list(situation.commands),
        "unconfirmed": asdict(situation.unconfirmed) if situation.unconfirmed else None,
        "steps": [asdict(step) for step in situation.steps],
        "failures": [{"host": failure.host, "message": failure.message} for failure in verdict.failures],
        "notices": list(verdict.notices),
        "runs": list(verdict.run_ids),
    }


def _placed(situation: Situation, name: str) -> Iterator[str]:
    """A version, its slot, and how many users it has."""
    edge: Mapping[str, Any] = situation.edge or {}
    placed = edge.get(name)
    if not placed:
        return
    weight = int(edge.get("weight") or 0)
    stopped = _("stopped") if situation.in_turn else _("stopped; `rollback --start-slot` starts it")
    warm = stopped if edge.get("closed") else _window(situation.window_until)
    users = _("%(weight)s %% of the users")
    share = {
        "stable": users % {"weight": 100 - weight},
        "candidate": users % {"weight": weight},
        "previous": warm,
    }
    yield _row(PLACES[name], f"{placed['version']:<12} {placed['colour']:<6} {shown(share[name])}")


def _hosts(situation: Situation) -> Iterator[str]:
    """Which hosts run which version, while they change one after another."""
    edge: Mapping[str, Any] = situation.edge or {}
    hosts = edge.get("hosts")
    if not hosts:
        return
    placed = [edge[name] for name in ("stable", "candidate", "previous") if edge.get(name)]
    told = [
        _("%(version)s on %(hosts)s") % {"version": one["version"], "hosts": ", ".join(hosts[one["colour"]])}
        for one in placed
        if hosts[one["colour"]]
    ]
    yield _row(HOSTS, joined("; ", told))
    if hosts["waiting"]:
        text = _("%(hosts)s for %(version)s: `lifecycle release settle`")
        yield _row(WAITING, text % {"hosts": ", ".join(hosts["waiting"]), "version": edge["stable"]["version"]})
    elif edge.get("candidate"):
        text = _("at once to %(hosts)s; in minutes to the other hosts")
        yield _row(WAY_BACK, text % {"hosts": ", ".join(hosts[edge["stable"]["colour"]])})


def _window(until: datetime | None) -> Phrase:
    """How long the version before is kept warm."""
    if until is None:
        return _("kept warm")
    when = {"when": f"{until.astimezone():%Y-%m-%d %H:%M}"}
    if until <= now():
        return _("kept warm, window over since %(when)s; `lifecycle release close` stops it") % when
    return _("kept warm, window until %(when)s") % when


def _last_change(situation: Situation, release: Release) -> datetime:
    """When the release came into its present state."""
    moves = [step for step in situation.steps if step.action != Action.CLOSE and step.status is not Status.RUNNING]
    done = [step.at for step in moves if step.run_id is not None]
    return done[-1] if done else release.started_at


def _since(moment: datetime) -> Phrase:
    minutes = int((now() - moment).total_seconds()) // 60
    at = f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
    if minutes < 120:
        return _("%(at)s (%(count)s min ago)") % {"at": at, "count": minutes}
    if minutes < 2880:
        return _("%(at)s (%(count)s h ago)") % {"at": at, "count": minutes // 60}
    return _("%(at)s (%(count)s days ago)") % {"at": at, "count": minutes // 1440}


def _steps(situation: Situation, weight: int) -> Phrase:
    plan = situation.plan
    done, following = plan.done(weight), plan.next_after(weight)

    def told(step: int) -> str:
        if step == following:
            return _("%(step)s %% next") % {"step": step}
        return _("%(step)s %% done") % {"step": step} if step in done else f"{step} %"

    return joined(", ", map(told, plan.steps))


def _doubt(step: ReleaseStep) -> Phrase:
    """What is not known, and what will settle it."""
    widened = _("widen to %(weight)s %%") % {"weight": step.weight}
    what = widened if step.action == "widen" else DOUBTED.get(step.action, status_phrase(step.action))
    about = {"what": what, "operator": step.operator, "when": f"{step.at.astimezone():%H:%M:%S}"}
    if step.status is Status.RUNNING:
        text = _("%(what)s by %(operator)s began %(when)s and has no end on record; the next command asks the edge")
        return text % about
    text = _("%(what)s ended %(status)s at %(when)s; the next command asks the edge")
    return text % {**about, "status": status_phrase(step.status)}
