"""A run on the terminal: live for people, plain lines for logs, and the result at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from orchestrator.cli.streams import whoever_reads
from orchestrator.cli.words import note, say, status_phrase
from orchestrator.languages import Phrase, _, joined, shown
from orchestrator.records.entities import HostTotals, ResultStatus, Status

if TYPE_CHECKING:
    from orchestrator.engine import Event, HostFailure, Listener, RunOutcome
    from orchestrator.records.entities import StoredPlan

COLOURS = {
    ResultStatus.CHANGED: "yellow",
    ResultStatus.FAILED: "red",
    ResultStatus.UNREACHABLE: "red",
    ResultStatus.IGNORED: "magenta",
    ResultStatus.RETRIED: "magenta",
}
# How much of a failure's own words is shown; the rest is in `lifecycle show`.
SHOWN_LINES = 30


@contextmanager
def listener(as_json: bool) -> Iterator[Listener | None]:
    """Who watches the run: nobody for JSON, a live display on a terminal, else plain lines."""
    if as_json:
        yield None
    elif sys.stdout.isatty():
        from orchestrator.cli.live import LiveProgress

        with LiveProgress() as live:
            yield live
    else:
        yield PlainProgress()


class PlainProgress:
    """A line per task, and one per host that changed or failed. Made for logs: no colours, no cursor."""

    @whoever_reads()
    def on_event(self, event: Event) -> None:
        if event.kind == "run":
            say(_("run %(run)s") % {"run": event.run_id})
        elif event.kind == "notice":
            note(event.message)
        elif event.kind == "phase":
            say(f"== {event.phase}")
        elif event.kind == "task":
            say(f"{event.phase}: {event.task}")
        elif event.kind == "result" and event.status in COLOURS:
            say(result_line(event))


def result_line(event: Event) -> Phrase:
    """One host's outcome worth a line of its own."""
    reason = f": {first_line(event.message)}" if event.message else ""
    return joined("", (f"  {event.host} ", status_phrase(event.status), reason))


def first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


@whoever_reads()
def render(outcome: RunOutcome, as_json: bool, plan: StoredPlan | None = None) -> None:
    """The end of a run: failures first, then the recap, then where the record is, and the plan that it made."""
    from orchestrator.cli.plans import plan_data, plan_lines

    if as_json:
        made = {"plan": plan_data(plan)} if plan else {}
        click.echo(json.dumps({**as_data(outcome), **made}, indent=2, default=str))
        return
    for notice in outcome.notices:
        note(notice)
    for failure in outcome.failures:
        say(failure_text(failure), fg="red", err=True)
    for step in outcome.steps:
        status = status_word(step.status, step.changed)
        told = {"phase": step.phase, "status": status, "seconds": f"{step.seconds:.1f}"}
        say(_("\n%(phase)s: %(status)s in %(seconds)s s") % told)
        for host, totals in step.hosts.items():
            say(f"  {recap_line(host, totals)}")
    ended = {"run": outcome.run_id, "status": status_word(outcome.status, outcome.changed)}
    say(_("\nrun %(run)s %(status)s; details: lifecycle show %(run)s") % ended)
    for line in plan_lines(plan) if plan else ():
        say(line)


def status_word(status: Status, changed: bool) -> Phrase:
    if status is Status.SUCCESSFUL:
        return _("successful, changed") if changed else _("successful, unchanged")
    return status_phrase(status)


def failure_text(failure: HostFailure) -> Phrase:
    """`host: task: why (file:line)`, further lines of the reason indented."""
    word = _("unreachable") if failure.unreachable else _("failed")
    who = f"{failure.host} " if failure.host else ""
    place = f" ({failure.where})" if failure.where else ""
    return reason_text(joined("", (who, word, f": {failure.task}")), failure.message, place)


def reason_text(subject: str, message: str, place: str = "") -> Phrase:
    """`subject: first line of the message place`, its further lines indented below, as many as a screen takes."""
    lines = [line.rstrip() for line in shown(message).splitlines() if line.strip()] or [""]
    more: list[str] = [f"    {line}" for line in lines[1:SHOWN_LINES]]
    if len(lines) > SHOWN_LINES:
        more.append(_("    and %(count)s more lines") % {"count": len(lines) - SHOWN_LINES})
    return joined("\n", [joined("", (subject, f": {lines[0]}{place}")), *more])


def recap_line(host: str, totals: HostTotals) -> str:
    counts = asdict(totals)
    shown = [f"{name}={count}" for name, count in counts.items() if count or name in ("ok", "changed", "failed")]
    return f"{host:<24} {' '.join(shown)}"


def as_data(outcome: RunOutcome) -> dict[str, object]:
    """The outcome for a program. Keys are an interface: add, never rename."""
    return {
        "run": outcome.run_id,
        "status": outcome.status,
        "changed": outcome.changed,
        "exit_code": int(outcome.exit_code),
        "steps": [{**asdict(step), "changed": step.changed} for step in outcome.steps],
        "data": outcome.data,
        "failures": [asdict(failure) for failure in outcome.failures],
        "notices": list(outcome.notices),
    }
