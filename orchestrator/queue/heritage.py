"""Jobs of workers that are not heard of any more: taken over, or given up with the lock kept."""

from __future__ import annotations

from orchestrator.engine.carry import may_be_repeated
from orchestrator.errors import LifecycleError
from orchestrator.queue.desk import runs_of
from orchestrator.queue.errand import request_of
from orchestrator.queue.fate import Fate, fate_of
from orchestrator.queue.orders import Job, Order
from orchestrator.records import Store
from orchestrator.records.entities import Status
from orchestrator.records.liveness import is_alive_here


def settle(store: Store, job: Job) -> Fate | None:
    """Mark the job's run lost if it is, and say what becomes of the job; None while its process has the environment.

    The lock of a run that is lost is left as it is: the next run of this job takes it over, or nobody does.
    """
    running = [run for run in runs_of(store, job) if run.status is Status.RUNNING]
    if store.is_held(job.order.environment) or any(is_alive_here(run.about.actor) for run in running):
        return None
    # Asked once more: it may have ended, and let go, between the two questions.
    open_runs = [run.id for run in runs_of(store, job) if run.status is Status.RUNNING]
    if open_runs:
        store.mark_lost(open_runs)
    return fate_of(runs_of(store, job), repeatable=repeatable(job.order), aborting=job.aborting)


def repeatable(order: Order) -> bool:
    """Whether each phase of the order comes to the same when it is begun anew. What cannot be read is not."""
    try:
        return may_be_repeated(request_of(order))
    except LifecycleError:
        return False
