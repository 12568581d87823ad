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

from orchestrator.cli.options import AmountType
from orchestrator.cli.release_shared import conduct, desk_for, reason_option, release_options
from orchestrator.cli.streams import whoever_reads
from orchestrator.cli.words import column, say
from orchestrator.errors import ExitCode
from orchestrator.languages import _, joined, shown

if TYPE_CHECKING:
    from orchestrator.delivery import Environment
    from orchestrator.release.conductor import Look
    from orchestrator.release.guard import Side

Tell = Callable[["Look"], None]
STEP, GUARD, LEASE, TROUBLE, NEXT = _("step"), _("guard"), _("lease"), _("trouble"), _("next")
HEADINGS = ((_("requests"), 10), (_("users"), 8), (_("failed"), 8), ("p50 ms", 9), ("p95 ms", 9))


@click.command()
@click.option("--live", is_flag=True, help="Ask the edge, and bring the record in line with it.")
@click.option("--watch", is_flag=True, help="Go on asking and showing, guard's evidence included, until it is over.")
@click.option("--every", type=AmountType(min=1, max=86_400), default=15.0, show_default=True, metavar="SECONDS")
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
        verdict = desk.conductor.follow(whoever_reads()(tell))
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
            yield lambda look: live.update("\n".join(map(shown, lines(look))), refresh=True)
    else:
        yield lambda look: say("\n".join(map(shown, lines(look))))


def lines(look: Look) -> Iterator[str]:
    """One look for a person."""
    from orchestrator.release.guard import spoken_odds
    from orchestrator.release.machine import spoken

    release = look.situation.release
    if release is None:
        yield _("no release yet")
        return
    yield joined(" ", (look.situation.application, release.version, spoken(release.state, release.weight)))
    if look.step is not None:
        step = look.step
        text = _("%(weight)s %% for %(minutes)s min (soak %(soak)s, longest %(longest)s)")
        bounds = {"soak": f"{step.soak_minutes:g}", "longest": f"{step.longest_minutes:g}"}
        yield row(STEP, text % {"weight": step.weight, "minutes": f"{look.minutes:.1f}", **bounds})
    if look.word is not None:
        word = look.word
        yield row("", "".join(column(name, size, right=True) for name, size in HEADINGS))
        yield side_line(_("stable"), word.stable)
        yield side_line(_("candidate"), word.candidate)
        for metric in word.harm_odds:
            harm, fine = spoken_odds(word.harm_odds[metric]), spoken_odds(word.ok_odds.get(metric, 1.0))
            yield row(metric, _("for harm %(harm)s, for good enough %(fine)s") % {"harm": harm, "fine": fine})
        yield row(GUARD, joined("", (f"{word.judgement.value}: ", word.reason)))
        if word.lease_until is not None:
            until = datetime.fromtimestamp(word.lease_until).astimezone()
            yield row(LEASE, _("falls back at %(at)s unless somebody follows it") % {"at": f"{until:%H:%M:%S}"})
        yield from (row(TROUBLE, trouble) for trouble in word.troubles)
    elif release.state.is_open:
        yield row(GUARD, _("none on the edges"))
    left = look.advice.minutes_left
    asked = _(" (a person is asked in %(minutes)s min)") % {"minutes": f"{left:.0f}"} if left else ""
    yield row(NEXT, joined("", (look.advice.why, asked)))


def row(name: str, value: str) -> str:
    """A name and what is said of it, under the others."""
    return f"  {column(name, 10)}{shown(value)}"


def side_line(name: str, side: Side) -> str:
    """One version's traffic in this step."""
    times = f"{side.p50 * 1000:>9.0f}{side.p95 * 1000:>9.0f}"
    return row(name, f"{side.requests:>10}{side.users:>8}{side.failed:>8}{times}")


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
