"""What is submitted by the clock: one entry of the schedule becomes an order for each of its environments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.delivery.schedule import Periodic, environment_names
from orchestrator.queue.application import QUEUE, RUN, SCHEDULED
from orchestrator.queue.orders import Order
from orchestrator.records.entities import now
from orchestrator.records.liveness import this_actor

if TYPE_CHECKING:
    from procrastinate import App


def register(app: App, entries: Sequence[Periodic], directory: Path) -> None:
    """Let the worker submit these. Of several workers with the same entry one does so, each time."""

    @app.task(name=SCHEDULED, queue=QUEUE)
    async def scheduled(timestamp: int, entry: dict[str, Any], directory: str) -> None:  # noqa: ARG001
        found = Periodic.model_validate_json(entry["json"])
        for order in orders(found, Path(directory)):
            await _submit_once(app, found.name, order)

    for entry in entries:
        given: dict[str, Any] = {"entry": {"json": entry.model_dump_json()}, "directory": str(directory)}
        app.periodic(cron=entry.at, periodic_id=entry.name, task_kwargs=given)(scheduled)


def orders(entry: Periodic, directory: Path) -> list[Order]:
    """An order for each environment that there is at this moment."""
    if not directory.is_dir():
        directory = Path.cwd()
    names = environment_names(directory) if entry.environments == "all" else entry.environments
    options = {"check": entry.check_mode, "limit": entry.limit, "reason": f"schedule {entry.name}"}
    return [
        Order(
            environment=name,
            path=str(directory / "inventories" / name),
            phases=entry.phases,
            directory=str(directory),
            operator=this_actor().operator,
            submitted_at=now(),
            options={key: value for key, value in options.items() if value},
        )
        for name in names
    ]


async def _submit_once(app: App, name: str, order: Order) -> None:
    """Not a second time while the last one of the same entry still waits: a long night does not pile up."""
    from procrastinate.exceptions import AlreadyEnqueued

    once = f"{name}/{order.environment}"
    job = app.configure_task(RUN, queue=QUEUE, lock=order.environment, queueing_lock=once)
    try:
        await job.defer_async(order=order.data())
    except AlreadyEnqueued:
        return
