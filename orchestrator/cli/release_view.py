"""A release on the terminal: what a command came to, and one screen on how things stand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.progress import reason_text
from orchestrator.errors import ExitCode
from orchestrator.records.entities import Status, now
from orchestrator.release.machine import Action, spoken

if TYPE_CHECKING:
    from orchestrator.records.entities import Release, ReleaseStep
    from orchestrator.release.situation import Situation, Verdict


def render(verdict: Verdict, as_json: bool) -> None:
    """Failures and notices go to stderr, the answer to stdout."""
    if as_json:
        click.echo(json.dumps(as_data(verdict), indent=2, default=str))
        return
    for failure in verdict.failures:
        click.secho(reason_text(failure.host, failure.message), fg="red", err=True)
    for notice in verdict.notices:
        click.echo(f"note: {notice}", err=True)
    if verdict.said:
        colour = None if verdict.exit_code is ExitCode.DONE else "red"
        runs = f" (run {', '.join(map(str, verdict.run_ids))})" if verdict.run_ids else ""
        click.secho(f"\n{verdict.said}{runs}", fg=colour, bold=True)
    for line in screen(verdict.situation):
        click.echo(line)


def screen(situation: Situation) -> Iterator[str]:
    """The release on one screen."""
    yield f"{situation.application} in {situation.environment}"
    for name in ("stable", "candidate", "previous"):
        yield from _placed(situation, name)
    yield from _hosts(situation)
    release = situation.release
    if release is None:
        yield "  no release yet; `lifecycle release start VERSION` begins one"
        return
    why = f": {release.reason}" if release.reason else ""
    yield f"  release    {release.version} {spoken(release.state, release.weight)}, by {release.operator}{why}"
    yield f"  since      {_since(_last_change(situation, release))}"
    if release.state.is_open:
        yield f"  steps      {_steps(situation, release.weight)}"
    if situation.edge and situation.edge.get("unsafe_back"):
        yield f"  way back   NOT SAFE: {situation.edge['unsafe_back']}"
    if situation.unconfirmed:
        yield f"  NOT SURE   {_doubt(situation.unconfirmed)}"
    if situation.commands:
        yield f"  may follow {', '.join(situation.commands)}"
    if not situation.live and situation.edge:
        yield "  (by the record; --live asks the edge)"


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
    stopped = "stopped" if situation.in_turn else "stopped; `rollback --start-slot` starts it"
    warm = stopped if edge.get("closed") else _window(situation.window_until)
    share = {
        "stable": f"{100 - weight} % of the users",
        "candidate": f"{weight} % of the users",
        "previous": warm,
    }
    yield f"  {name:<10} {placed['version']:<12} {placed['colour']:<6} {share[name]}"


def _hosts(situation: Situation) -> Iterator[str]:
    """Which hosts run which version, while they change one after another."""
    edge: Mapping[str, Any] = situation.edge or {}
    hosts = edge.get("hosts")
    if not hosts:
        return
    placed = [edge[name] for name in ("stable", "candidate", "previous") if edge.get(name)]
    told = [f"{one['version']} on {', '.join(hosts[one['colour']])}" for one in placed if hosts[one["colour"]]]
    yield f"  hosts      {'; '.join(told)}"
    if hosts["waiting"]:
        yield f"  WAITING    {', '.join(hosts['waiting'])} for {edge['stable']['version']}: `lifecycle release settle`"
    elif edge.get("candidate"):
        yield f"  way back   at once to {', '.join(hosts[edge['stable']['colour']])}; in minutes to the other hosts"


def _window(until: datetime | None) -> str:
    """How long the version before is kept warm."""
    if until is None:
        return "kept warm"
    when = f"{until.astimezone():%Y-%m-%d %H:%M}"
    over = "; `lifecycle release close` stops it" if until <= now() else ""
    return f"kept warm, window {'over since' if over else 'until'} {when}{over}"


def _last_change(situation: Situation, release: Release) -> datetime:
    """When the release came into its present state."""
    moves = [step for step in situation.steps if step.action != Action.CLOSE and step.status is not Status.RUNNING]
    done = [step.at for step in moves if step.run_id is not None]
    return done[-1] if done else release.started_at


def _since(moment: datetime) -> str:
    minutes = int((now() - moment).total_seconds()) // 60
    ago = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S} ({ago} ago)"


def _steps(situation: Situation, weight: int) -> str:
    plan = situation.plan
    following = plan.next_after(weight)
    done = plan.done(weight)
    words = {step: f"{step} % done" for step in done} | ({following: f"{following} % next"} if following else {})
    return ", ".join(words.get(step, f"{step} %") for step in plan.steps)


def _doubt(step: ReleaseStep) -> str:
    """What is not known, and what will settle it."""
    words = {"stage": "staging", "fail": "staging", "hold": "a step", "promote": "promotion", "roll_back": "rollback",
             "close": "closing the window"}  # fmt: skip
    what = f"widen to {step.weight} %" if step.action == "widen" else words.get(step.action, step.action)
    when = f"{step.at.astimezone():%H:%M:%S}"
    if step.status is Status.RUNNING:
        return f"{what} by {step.operator} began {when} and has no end on record; the next command asks the edge"
    return f"{what} ended {step.status.value.replace('_', ' ')} at {when}; the next command asks the edge"
