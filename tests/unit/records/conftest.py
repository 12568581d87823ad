"""The same tests on SQLite and, where a server can be started, on a real PostgreSQL."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.records import Store, open_store, schema
from orchestrator.records.entities import HostTotals, NewRun, ResultRecord, ResultStatus, Status, TaskRecord, now
from orchestrator.records.liveness import this_actor


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/var/lifecycle.db"
    import psycopg

    server: str = request.getfixturevalue("postgresql")
    name = f"records_{abs(hash(tmp_path)) % 10**9}"
    with psycopg.connect(server, autocommit=True) as connection:
        # Nobody is ever in template0. Autovacuum comes into template1, and then it cannot be copied.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def ran(store: Store) -> Callable[..., int]:
    """Puts a run of one phase on record, with a result for each host, and returns its number."""

    def make(
        hosts: Mapping[str, ResultStatus],
        *,
        environment: str = "client-lab",
        phase: str = "provision",
        status: Status = Status.SUCCESSFUL,
        operator: str = "ann@desk",
        started: datetime | None = None,
        diff: str | None = None,
        output: str | None = None,
        **about: Any,
    ) -> int:
        actor = dataclasses.replace(this_actor(), operator=operator)
        run_id = store.begin_run(NewRun(environment, "/x", (phase,), actor, **about))
        step_id = store.begin_step(run_id, phase, f"{phase}.yml")
        results = [
            ResultRecord(run_id, number, step_id, "t", host, came_to, now(), diff=diff, output=output)
            for number, (host, came_to) in enumerate(hosts.items(), start=1)
        ]
        store.add_results([TaskRecord(run_id, step_id, "t", "Write it", "copy", "p.yml:3", "play")], results)
        if status is not Status.RUNNING:
            store.end_step(step_id, status, {host: totals(came_to) for host, came_to in hosts.items()}, {})
            store.end_run(run_id, status)
        if started is not None:
            with store.transaction() as connection:
                connection.execute(schema.run.update().where(schema.run.c.id == run_id).values(started_at=started))
        return run_id

    return make


def totals(came_to: ResultStatus) -> HostTotals:
    return HostTotals(
        ok=int(came_to in (ResultStatus.OK, ResultStatus.CHANGED)),
        changed=int(came_to is ResultStatus.CHANGED),
        failed=int(came_to is ResultStatus.FAILED),
        unreachable=int(came_to is ResultStatus.UNREACHABLE),
    )
