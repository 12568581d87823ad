"""`lifecycle queue`: what was submitted, and how it stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import json_option, recorded_name
from orchestrator.cli.words import say, status_phrase
from orchestrator.languages import Phrase, _, joined

if TYPE_CHECKING:
    from orchestrator.queue.orders import Job
    from orchestrator.records.entities import Run

WORDS = {
    "waiting": _("waiting"),
    "at_work": _("at work"),
    "taken_off": _("taken off"),
    "left": _("left: its worker has not been heard of"),
}


@click.group()
def queue() -> None:
    """What was submitted: see how it stands, and abort it."""


@queue.command()
@click.option("-i", "--environment", metavar="ENV", help="Only this environment: its name or its directory.")
@click.option("--ended", type=click.IntRange(min=0), default=10, show_default=True, help="How many that have ended.")
@json_option
def status(environment: str | None, ended: int, as_json: bool) -> None:
    """Show what waits, what is at work, and what has ended last, with the runs that came of it; and locks kept."""
    from orchestrator.engine.locks import Standing, lock_states
    from orchestrator.queue.application import shared_store
    from orchestrator.queue.desk import jobs, runs_of

    store, name = shared_store(), recorded_name(environment)
    found = [(job, runs_of(store, job)) for job in jobs(store, name, ended)]
    kept = [state for state in lock_states(store, name) if state.standing is Standing.KEPT]
    if as_json:
        from orchestrator.cli.lock import state_data

        data = {"jobs": [job_data(*each) for each in found], "kept_locks": [state_data(state) for state in kept]}
        click.echo(json.dumps(data, indent=2, default=str))
        return
    if not found:
        say(_("the queue is empty"))
    for each in found:
        say(job_line(*each))
    for state in kept:
        held = state.lock
        text = _(
            "%(environment)s: run %(run)s is lost and its lock is kept; look at the hosts, then: "
            "lifecycle lock release -i %(environment)s"
        )
        say(text % {"environment": held.environment, "run": held.run_id})


@queue.command()
@click.argument("job", type=int, metavar="JOB")
@json_option
def abort(job: int, as_json: bool) -> None:
    """Take a waiting JOB off; let the running task of one at work finish, and start no other, as one Ctrl-C does."""
    from orchestrator.queue.application import shared_store
    from orchestrator.queue.desk import abort as take_off
    from orchestrator.queue.orders import JobState

    found = take_off(shared_store(), job)
    if as_json:
        click.echo(json.dumps({"job": found.number, "state": found.state, "aborting": found.aborting}, indent=2))
    elif found.state is JobState.TAKEN_OFF:
        say(_("job %(job)s is taken off") % {"job": job})
    else:
        text = _("job %(job)s ends after the task that is running; lifecycle queue status shows when it has")
        say(text % {"job": job})


def job_data(job: Job, runs: list[Run]) -> dict[str, Any]:
    """A job for a program. Keys are an interface: add, never rename."""
    order = job.order
    return {
        "job": job.number,
        "environment": order.environment,
        "phases": order.phases,
        "state": job.state,
        "aborting": job.aborting,
        "operator": order.operator,
        "submitted_at": order.submitted_at.isoformat(),
        "options": dict(order.options),
        "runs": [{"run": run.id, "status": run.status, "controller": run.about.actor.host} for run in runs],
    }


def job_line(job: Job, runs: list[Run]) -> Phrase:
    at = job.order.submitted_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    state = WORDS.get(job.state, status_phrase(job.state))
    aborting = _(", to be interrupted") if job.aborting else ""
    newest = [
        _("; run %(run)s %(status)s on %(host)s")
        % {"run": run.id, "status": status_phrase(run.status), "host": run.about.actor.host}
        for run in runs
    ]
    who = _("  (%(operator)s at %(at)s)") % {"operator": job.order.operator, "at": at}
    place = f"{job.number:>5}  {job.order.environment:<20} {' '.join(job.order.phases):<22} "
    return joined("", (place, state, aborting, *newest, who))
