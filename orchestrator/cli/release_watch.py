"""`lifecycle release status [--watch]` and `resume`: a release on the screen while it goes on."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.release_shared import conduct, desk_for, reason_option, release_options
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from orchestrator.delivery import Environment
    from orchestrator.release.conductor import Look
    from orchestrator.release.guard import Side

Tell = Callable[["Look"], None]


@click.command()
@click.option("--live", is_flag=True, help="Ask the edge, and bring the record in line with it.")
@click.option("--watch", is_flag=True, help="Go on asking and showing, guard's evidence included, until it is over.")
@click.option("--every", type=click.FloatRange(min=1), default=15.0, show_default=True, metavar="SECONDS")
@release_options
def status(environment: Environment, live: bool, watch: bool, every: float, **options: Any) -> ExitCode:
    """Show how the release stands and what may be done next."""
    if not watch:
        return conduct(environment, options, None, lambda desk: desk.controller.status(live=live))
    as_json = options.pop("as_json")
    with desk_for(environment, options, None, quiet=True) as desk, teller(as_json) as tell:
        while True:
            look = desk.conductor.look()
            tell(look)
            release = look.situation.release
            if release is None or not release.state.is_open:
                return ExitCode.DONE
            time.sleep(every)


@click.command()
@reason_option
@release_options
def resume(environment: Environment, reason: str | None, **options: Any) -> ExitCode:
    """Go on with a held or abandoned release and follow it: until it is over, or a person has to decide.

    What is watched and shown is what `status --watch` shows. Harm takes the version back in every mode but `observe`.
    """
    from orchestrator.cli.release_view import render

    as_json = options.pop("as_json")
    with desk_for(environment, options, reason, quiet=True) as desk, teller(as_json) as tell:
        desk.people.resume(reason)
        verdict = desk.conductor.follow(tell)
    render(verdict, as_json)
    release = verdict.situation.release
    taken_back = release is not None and release.state == "rolled_back"
    return ExitCode.TAKEN_BACK if taken_back and verdict.exit_code is ExitCode.DONE else verdict.exit_code


@contextmanager
def teller(as_json: bool) -> Iterator[Tell]:
    """How looks are told: a JSON object a line, a table that stays in its place on a terminal, or a block each."""
    if as_json:
        yield lambda look: click.echo(json.dumps(as_data(look), default=str))
    elif sys.stdout.isatty():
        from rich.live import Live

        with Live(auto_refresh=False) as live:
            yield lambda look: live.update("\n".join(lines(look)), refresh=True)
    else:
        yield lambda look: click.echo("\n".join(lines(look)))


def lines(look: Look) -> Iterator[str]:
    """One look for a person."""
    from orchestrator.release.guard import spoken_odds
    from orchestrator.release.machine import spoken

    release = look.situation.release
    if release is None:
        yield "no release yet"
        return
    yield f"{look.situation.application} {release.version} {spoken(release.state, release.weight)}"
    if look.step is not None:
        step = look.step
        bounds = f"soak {step.soak_minutes:g}, longest {step.longest_minutes:g}"
        yield f"  step      {step.weight} % for {look.minutes:.1f} min ({bounds})"
    if look.word is not None:
        word = look.word
        yield f"  {'':<10}{'requests':>10}{'users':>8}{'failed':>8}{'p50 ms':>9}{'p95 ms':>9}"
        yield side_line("stable", word.stable)
        yield side_line("candidate", word.candidate)
        for metric in word.harm_odds:
            harm, fine = spoken_odds(word.harm_odds[metric]), spoken_odds(word.ok_odds.get(metric, 1.0))
            yield f"  {metric:<10}for harm {harm}, for good enough {fine}"
        yield f"  guard     {word.judgement.value}: {word.reason}"
        if word.lease_until is not None:
            until = datetime.fromtimestamp(word.lease_until).astimezone()
            yield f"  lease     falls back at {until:%H:%M:%S} unless somebody follows it"
        yield from (f"  trouble   {trouble}" for trouble in word.troubles)
    elif release.state.is_open:
        yield "  guard     none on the edges"
    left = f" (a person is asked in {look.advice.minutes_left:.0f} min)" if look.advice.minutes_left else ""
    yield f"  next      {look.advice.why}{left}"


def side_line(name: str, side: Side) -> str:
    """One version's traffic in this step."""
    return (
        f"  {name:<10}{side.requests:>10}{side.users:>8}{side.failed:>8}{side.p50 * 1000:>9.0f}{side.p95 * 1000:>9.0f}"
    )


def as_data(look: Look) -> dict[str, Any]:
    """One look for a program. Keys are an interface: add, never rename."""
    release = look.situation.release
    return {
        "release": asdict(release) if release else None,
        "step": look.step.model_dump() if look.step else None,
        "minutes": round(look.minutes, 2),
        "guard": asdict(look.word) if look.word else None,
        "next": look.advice.next.value,
        "why": look.advice.why,
        "minutes_left": round(look.advice.minutes_left, 1),
    }


COMMANDS = (status, resume)
