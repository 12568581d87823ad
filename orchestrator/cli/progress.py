"""A run on the terminal: live for people, plain lines for logs, and the result at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

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

    def on_event(self, event: Event) -> None:
        if event.kind == "run":
            click.echo(f"run {event.run_id}")
        elif event.kind == "notice":
            click.echo(f"note: {event.message}", err=True)
        elif event.kind == "phase":
            click.echo(f"== {event.phase}")
        elif event.kind == "task":
            click.echo(f"{event.phase}: {event.task}")
        elif event.kind == "result" and event.status in COLOURS:
            click.echo(result_line(event))


def result_line(event: Event) -> str:
    """One host's outcome worth a line of its own."""
    reason = f": {first_line(event.message)}" if event.message else ""
    return f"  {event.host} {event.status}{reason}"


def first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def render(outcome: RunOutcome, as_json: bool, plan: StoredPlan | None = None) -> None:
    """The end of a run: failures first, then the recap, then where the record is, and the plan that it made."""
    from orchestrator.cli.plans import plan_data, plan_lines

    if as_json:
        made = {"plan": plan_data(plan)} if plan else {}
        click.echo(json.dumps({**as_data(outcome), **made}, indent=2, default=str))
        return
    for notice in outcome.notices:
        click.echo(f"note: {notice}", err=True)
    for failure in outcome.failures:
        click.secho(failure_text(failure), fg="red", err=True)
    for step in outcome.steps:
        click.echo(f"\n{step.phase}: {status_word(step.status, step.changed)} in {step.seconds:.1f} s")
        for host, totals in step.hosts.items():
            click.echo(f"  {recap_line(host, totals)}")
    click.echo(f"\nrun {outcome.run_id} {status_word(outcome.status, outcome.changed)}", nl=False)
    click.echo(f"; details: lifecycle show {outcome.run_id}")
    for line in plan_lines(plan) if plan else ():
        click.echo(line)


def status_word(status: Status, changed: bool) -> str:
    if status is Status.SUCCESSFUL:
        return "successful, changed" if changed else "successful, unchanged"
    return str(status).replace("_", " ")


def failure_text(failure: HostFailure) -> str:
    """`host: task: why (file:line)`, further lines of the reason indented."""
    word = "unreachable" if failure.unreachable else "failed"
    who = f"{failure.host} {word}" if failure.host else word
    place = f" ({failure.where})" if failure.where else ""
    return reason_text(f"{who}: {failure.task}", failure.message, place)


def reason_text(subject: str, message: str, place: str = "") -> str:
    """`subject: first line of the message place`, its further lines indented below, as many as a screen takes."""
    lines = [line.rstrip() for line in message.splitlines() if line.strip()] or [""]
    more = [f"    {line}" for line in lines[1:SHOWN_LINES]]
    if len(lines) > SHOWN_LINES:
        more.append(f"    and {len(lines) - SHOWN_LINES} more lines")
    return "\n".join([f"{subject}: {lines[0]}{place}", *more])


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
