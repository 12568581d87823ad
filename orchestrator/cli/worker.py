"""`lifecycle worker`: carry out what was submitted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import json_option
from orchestrator.cli.words import say
from orchestrator.languages import _, joined

if TYPE_CHECKING:
    from orchestrator.queue.worker import Report


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 64), default=1, metavar="N", help="How many jobs at once; 1.")
@click.option("--until-empty", is_flag=True, help="End when no job waits any more.")
@json_option
def worker(concurrency: int, until_empty: bool, as_json: bool) -> None:
    """Carry out what was submitted, one run a job, until interrupted; and submit what inventories/queue.yml says.

    Interrupted once, it takes no other job and lets those at work finish; twice, it interrupts them as Ctrl-C does.
    Killed, its runs end with it; what may be begun anew is taken over by another worker, the rest is lost and keeps its
    lock.
    """
    from pathlib import Path

    from orchestrator.delivery.schedule import load_schedule
    from orchestrator.queue.application import shared_store
    from orchestrator.queue.worker import work

    store, schedule = shared_store(), load_schedule(Path.cwd())
    work(store, concurrency, schedule, tell_json if as_json else tell, until_empty=until_empty)


def tell(report: Report) -> None:
    job = report.job
    if job is None:
        say(_("worker: %(what)s") % {"what": report.what}, err=True)
        return
    about = {"job": job.number, "phases": " ".join(job.order.phases), "environment": job.order.environment}
    subject = _("job %(job)s, %(phases)s on %(environment)s") % about
    if report.run is None:
        say(joined(": ", (subject, report.what)))
        return
    from orchestrator.cli.progress import status_word
    from orchestrator.records.entities import Status

    status = status_word(Status(report.status), bool(report.changed))
    say(joined("", (subject, ": ", _("run %(run)s %(status)s") % {"run": report.run, "status": status})))


def tell_json(report: Report) -> None:
    """A line of JSON for each thing worth telling. Keys are an interface: add, never rename."""
    job = report.job
    about = {"job": job.number, "environment": job.order.environment, "phases": job.order.phases} if job else {}
    ended = {"run": report.run, "status": report.status, "changed": report.changed} if report.run else {}
    click.echo(json.dumps({"what": report.what, **about, **ended}))
