"""A worker: takes jobs, has each carried out in a process of its own, and looks after those of dead workers."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.delivery.schedule import Schedule
from orchestrator.languages import _
from orchestrator.queue.application import QUEUE, RUN, application, lease, told
from orchestrator.queue.children import Children, parent
from orchestrator.queue.desk import job_of, runs_of
from orchestrator.queue.fate import Fate, of_status
from orchestrator.queue.heritage import settle
from orchestrator.queue.lifeline import Lifeline
from orchestrator.queue.orders import Job
from orchestrator.queue.schedule import register
from orchestrator.records import Store
from orchestrator.records.entities import Status, now
from orchestrator.records.liveness import this_actor

if TYPE_CHECKING:
    from procrastinate import App, JobContext
    from procrastinate.worker import Worker

# When an environment that others hold is asked for again.
AGAIN_SECONDS = 5.0
# How long ended jobs stay to be looked at; their runs stay as long as the records keep them.
KEEP_HOURS = 30 * 24


@dataclass(frozen=True, slots=True)
class Report:
    """Something that a worker tells: a job that begins, what became of it, or a notice about itself."""

    what: str
    job: Job | None = None
    run: int | None = None
    status: str = ""
    changed: bool | None = None


Tell = Callable[[Report], None]


class _Undone(Exception):  # noqa: N818
    """How a job ends that did not end well; `again`: in how many seconds it is tried once more."""

    def __init__(self, again: float | None = None) -> None:
        super().__init__()
        self.again = again


def work(store: Store, concurrency: int, schedule: Schedule, tell: Tell, *, until_empty: bool = False) -> None:
    """Carry jobs out until interrupted, or `until_empty` until none waits. Raises QueueError when it cannot go on."""
    with told(store.address):
        asyncio.run(_Work(store, concurrency, schedule, tell).until(empty=until_empty))


class _Work:
    def __init__(self, store: Store, concurrency: int, schedule: Schedule, tell: Tell) -> None:
        self._store, self._concurrency, self._tell = store, concurrency, tell
        self._schedule = schedule
        self._children = Children()
        self._lease = lease()
        self._worker: Worker | None = None
        self._stopped = False
        self._lifeline = Lifeline(self._lease / 2, self._give_up)

    async def until(self, *, empty: bool) -> None:
        from procrastinate.worker import Worker

        app = application(self._store, asynchronous=True)
        _task(app, self)
        register(app, self._schedule.schedule, Path.cwd())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop)
        self._lifeline.start()
        async with app.open_async():
            sides = [loop.create_task(each) for each in self._sides(app)]
            try:
                while True:
                    self._worker = Worker(
                        app,
                        queues=[QUEUE],
                        concurrency=self._concurrency,
                        wait=not empty,
                        install_signal_handlers=False,
                        update_heartbeat_interval=self._lease / 6,
                        stalled_worker_timeout=self._lease,
                    )
                    await self._worker.run()  # type: ignore[no-untyped-call]
                    # It also ends by itself when the database was away for a moment.
                    if self._stopped or (empty and not await _waits(app)):
                        return
                    await asyncio.sleep(1)
            finally:
                for side in sides:
                    side.cancel()

    async def carry(self, context: JobContext) -> None:
        """One job. Returns when it ended well; raises how it ended otherwise."""
        from procrastinate.exceptions import JobAborted

        job = job_of(context.job)
        self._tell(Report(_("begins"), job))
        earlier = [run.id for run in await asyncio.to_thread(runs_of, self._store, job)]
        told = {"job": job.number, "order": job.order.data(), "worker": this_actor().operator}
        said = await self._children.carry({**told, "earlier": earlier, "parent": parent()})
        if said is None:
            fate, report = await self._died(replace(job, aborting=context.should_abort()))
        elif "busy" in said and (context.should_abort() or self._children.interrupted):
            fate, report = Fate.CANCELED, Report(_("taken off while it waited"), job)
        elif "busy" in said:
            raise self._busy(job, said["busy"])
        elif "refused" in said:
            fate, report = Fate.FAILED, Report(said["refused"], job)
        else:
            fate = of_status(Status(said["status"]))
            report = Report("ended", job, said["run"], said["status"], said["changed"])
        self._tell(report)
        if fate is Fate.CANCELED:
            raise JobAborted
        if fate is not Fate.SUCCESSFUL:
            raise _Undone(again=AGAIN_SECONDS if fate is Fate.AGAIN else None)

    def _busy(self, job: Job, why: str) -> _Undone:
        """Others have the environment: later, unless it was waited for long enough."""
        late = now() + timedelta(seconds=AGAIN_SECONDS) > job.order.submitted_at + timedelta(seconds=job.order.wait)
        self._tell(Report(_("given up: %(why)s") % {"why": why} if late else _("waits: %(why)s") % {"why": why}, job))
        return _Undone(again=None if late else AGAIN_SECONDS)

    async def _died(self, job: Job) -> tuple[Fate, Report]:
        while (fate := await asyncio.to_thread(settle, self._store, job)) is None:
            await asyncio.sleep(0.5)
        return fate, _of_fate(fate, job)

    def _asked_to_stop(self) -> None:
        if self._worker is None:
            return
        if not self._stopped:
            self._stopped = True
            self._worker.stop()  # type: ignore[no-untyped-call]
            if len(self._children):
                self._tell(
                    Report(_("takes no other job; what is at work is let finish, interrupt again to interrupt it"))
                )
        else:
            self._children.interrupt()

    def _sides(self, app: App) -> list[Coroutine[Any, Any, None]]:
        return [self._beat(app), self._look_after_others(app)]

    async def _beat(self, app: App) -> None:
        """Be heard of, also while the last jobs end."""
        while True:
            await asyncio.sleep(self._lease / 6)
            if self._worker is None or self._worker.worker_id is None:
                self._lifeline.hold()
                continue
            with suppress(Exception):
                await asyncio.wait_for(app.job_manager.update_heartbeat(self._worker.worker_id), self._lease / 6)
                self._lifeline.hold()

    def _give_up(self) -> None:
        self._children.kill()
        self._tell(Report(_("the queue could not be reached: what was at work is killed, and others take it over")))
        # Without a word to the queue: the jobs may be others' already.
        os._exit(1)

    async def _look_after_others(self, app: App) -> None:
        """Settle the jobs of workers that are not heard of any more. One worker at a time does so."""
        while True:
            try:
                async with _alone(self._store) as mine:
                    if mine:
                        await self._sweep(app)
            except Exception as error:
                self._tell(
                    Report(
                        _("could not look after the jobs of dead workers: %(error)s")
                        % {"error": " ".join(str(error).split())}
                    )
                )
            await asyncio.sleep(max(self._lease / 6, 1))

    async def _sweep(self, app: App) -> None:
        from procrastinate.jobs import Status as Ended

        manager = app.job_manager
        for row in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=self._lease):
            if row.task_name != RUN:
                await manager.retry_job(row)
                continue
            job = job_of(row)
            fate = await asyncio.to_thread(settle, self._store, job)
            if fate is None:
                continue
            if fate is Fate.AGAIN:
                await manager.retry_job(row)
            else:
                ended = {Fate.SUCCESSFUL: Ended.SUCCEEDED, Fate.CANCELED: Ended.ABORTED}.get(fate, Ended.FAILED)
                await manager.finish_job(row, status=ended, delete_job=False)
            self._tell(_of_fate(fate, job))
        await manager.delete_old_jobs(
            nb_hours=KEEP_HOURS, queue=QUEUE, include_failed=True, include_cancelled=True, include_aborted=True
        )


@asynccontextmanager
async def _alone(store: Store) -> AsyncIterator[bool]:
    """The database is asked in a thread: where it does not answer, the worker must not stand still."""
    guard = store.alone("queue")
    mine = await asyncio.to_thread(guard.__enter__)
    try:
        yield mine
    finally:
        await asyncio.to_thread(guard.__exit__, None, None, None)


def _of_fate(fate: Fate, job: Job) -> Report:
    words = {
        Fate.AGAIN: _("its worker or its process died; it is carried out again"),
        Fate.LOST: _("its worker or its process died; its run is lost"),
    }
    return Report(words.get(fate, _("its worker died after the run had ended: %(fate)s") % {"fate": _(str(fate))}), job)


def _task(app: App, work: _Work) -> None:
    """What the queue calls for each job."""
    from procrastinate import BaseRetryStrategy, RetryDecision
    from procrastinate.jobs import Job as Row

    class Strategy(BaseRetryStrategy):
        def get_retry_decision(self, *, exception: BaseException, job: Row) -> RetryDecision | None:  # noqa: ARG002
            if isinstance(exception, _Undone) and exception.again is not None:
                return RetryDecision(retry_at=now() + timedelta(seconds=exception.again))
            return None

    @app.task(name=RUN, queue=QUEUE, pass_context=True, retry=Strategy())
    async def run(context: JobContext, order: dict[str, Any]) -> None:  # noqa: ARG001
        await work.carry(context)


async def _waits(app: App) -> bool:
    return bool(list(await app.job_manager.list_jobs_async(queue=QUEUE, status="todo")))
