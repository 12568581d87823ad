"""What people ask of the queue: take this in, what is there, take that off."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.errors import QueueError
from orchestrator.languages import _
from orchestrator.queue.application import QUEUE, RUN, lease, opened
from orchestrator.queue.orders import Job, JobState, Order
from orchestrator.records.entities import Run

if TYPE_CHECKING:
    from procrastinate.jobs import Job as Row

    from orchestrator.records import Store

STATES = {
    "todo": JobState.WAITING,
    "doing": JobState.AT_WORK,
    "succeeded": JobState.SUCCESSFUL,
    "failed": JobState.FAILED,
    "cancelled": JobState.TAKEN_OFF,
    "aborting": JobState.AT_WORK,
    "aborted": JobState.CANCELED,
}
OPEN = (JobState.WAITING, JobState.AT_WORK, JobState.LEFT)


def submit(store: Store, orders: Sequence[Order]) -> list[Job]:
    """Put these orders into the queue, all or none; one environment's are carried out one after the other."""
    from procrastinate.jobs import Job as Row

    rows = [
        Row(queue=QUEUE, task_name=RUN, lock=order.environment, queueing_lock=None, task_kwargs={"order": order.data()})
        for order in orders
    ]
    with opened(store) as app:
        numbered = app.job_manager.batch_defer_jobs(rows)
    return [job_of(row, order) for row, order in zip(numbered, orders, strict=True)]


def jobs(store: Store, environment: str | None = None, ended: int = 10) -> list[Job]:
    """What waits and what is at work, and the last `ended` of what has ended; the oldest first."""
    with opened(store) as app:
        rows = list(app.job_manager.list_jobs(queue=QUEUE, task=RUN, lock=environment))
        query = {"queue": QUEUE, "task_name": RUN, "seconds_since_heartbeat": lease()}
        left = {row["id"] for row in app.connector.execute_query_all(query=_stalled(), **query)}
    found = [job_of(row) for row in rows]
    found = [replace_state(job) if job.number in left and job.state is JobState.AT_WORK else job for job in found]
    over = [job.number for job in found if job.state not in OPEN]
    shown = set(over[-ended:] if ended else ())
    return [job for job in found if job.state in OPEN or job.number in shown]


def abort(store: Store, number: int) -> Job:
    """Take a waiting job off; interrupt the run of one that is at work, as one Ctrl-C does.

    Raises QueueError when there is no such job, or when it has ended.
    """
    with opened(store) as app:
        done = app.job_manager.cancel_job_by_id(number, abort=True)
        row = next(iter(app.job_manager.list_jobs(id=number, queue=QUEUE, task=RUN)), None)
    if row is None:
        raise QueueError(
            _("there is no job %(number)s") % {"number": number}, remedy=_("lifecycle queue status lists the jobs")
        )
    job = job_of(row)
    if not done:
        raise QueueError(
            _("job %(number)s has ended already: %(state)s")
            % {"number": number, "state": _(job.state.replace("_", " "))}
        )
    return job


def runs_of(store: Store, job: Job) -> list[Run]:
    """The runs that carried out a job, the newest first; more than one where a worker's death was made good."""
    return store.runs_of_job(job.number, job.order.submitted_at)


def job_of(row: Row, order: Order | None = None) -> Job:
    assert row.id is not None, "a job that is stored has a number"
    state = STATES[row.status or "todo"]
    told: Any = row.task_kwargs["order"]
    return Job(row.id, order or Order.of(told), state, aborting=row.abort_requested)


def replace_state(job: Job) -> Job:
    return Job(job.number, job.order, JobState.LEFT, job.aborting)


def here() -> str:
    """The directory that relative paths of an order count from."""
    return os.getcwd()  # noqa: PTH109


def _stalled() -> str:
    from procrastinate import sql

    return str(sql.queries["select_stalled_jobs_by_heartbeat"])
