"""What a report asks of the records: a whole run in few and light queries."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from orchestrator.records import schema
from orchestrator.records.contents import unpacked
from orchestrator.records.entities import Evidence, Release, ReleaseState, ResultStatus, TaskRecord
from orchestrator.records.evidence import evidence_of
from orchestrator.records.gateway import Gateway

# How many keys one query names: SQLite takes no more than some thousands.
AT_ONCE = 500


class Outcome(NamedTuple):
    """A result without its texts: there may be hundreds of thousands. `diff`, `output`: digests, for `texts`."""

    counter: int
    step_id: int
    task_uuid: str
    host: str
    status: ResultStatus
    seconds: float
    message: str
    diff: str | None
    output: str | None
    cut: bool


class Told(NamedTuple):
    """What a step of some run told with set_stats, and when."""

    run_id: int
    at: datetime
    data: dict[str, Any]


class Reading(Gateway):
    """Questions of reports. Nothing here writes."""

    def list_tasks(self, run_id: int) -> list[TaskRecord]:
        """Every task that a run began, in no order."""
        table, content = schema.task, schema.content
        query = (
            sa.select(table, content.c.compressed)
            .outerjoin(content, content.c.digest == table.c.source)
            .where(table.c.run_id == run_id)
        )
        with self.transaction() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            TaskRecord(
                run_id=row["run_id"],
                step_id=row["step_id"],
                uuid=row["uuid"],
                name=row["name"],
                action=row["action"],
                where=row["location"],
                play=row["play"],
                source=unpacked(row["compressed"]),
            )
            for row in rows
        ]

    def list_outcomes(self, run_id: int) -> list[Outcome]:
        """A run's results in the order they came."""
        table = schema.result
        columns = [table.c[name] for name in Outcome._fields]
        query = sa.select(*columns).where(table.c.run_id == run_id).order_by(table.c.counter)
        with self.transaction() as connection:
            return [
                Outcome(row[0], row[1], row[2], row[3], ResultStatus(row[4]), *row[5:])
                for row in connection.execute(query)
            ]

    def texts(self, digests: Collection[str]) -> dict[str, str]:
        """The texts of these digests."""
        table = schema.content
        found: dict[str, str] = {}
        wanted = sorted(set(digests))
        with self.transaction() as connection:
            for first in range(0, len(wanted), AT_ONCE):
                part = wanted[first : first + AT_ONCE]
                query = sa.select(table.c.digest, table.c.compressed).where(table.c.digest.in_(part))
                for digest, compressed in connection.execute(query):
                    found[digest] = unpacked(compressed) or ""
        return found

    def sizes(self, digests: Collection[str]) -> dict[str, int]:
        """How many bytes each of these texts has, without unpacking it."""
        table = schema.content
        found: dict[str, int] = {}
        wanted = sorted(set(digests))
        with self.transaction() as connection:
            for first in range(0, len(wanted), AT_ONCE):
                part = wanted[first : first + AT_ONCE]
                query = sa.select(table.c.digest, table.c.size).where(table.c.digest.in_(part))
                found.update((digest, size) for digest, size in connection.execute(query))
        return found

    def releases_of_run(self, run_id: int) -> list[Release]:
        """The releases that a run did something for, the oldest first."""
        table, step = schema.release, schema.release_step
        touched = sa.select(step.c.release_id).where(step.c.run_id == run_id)
        query = sa.select(table).where(table.c.id.in_(touched)).order_by(table.c.id)
        with self.transaction() as connection:
            rows = connection.execute(query).mappings().all()
        return [Release(**{**row, "state": ReleaseState(row["state"])}) for row in rows]

    def evidence_of_run(self, run_id: int) -> list[Evidence]:
        """What a run found out about a release, the oldest first."""
        table, content = schema.evidence, schema.content
        query = (
            sa.select(table, content.c.compressed)
            .outerjoin(content, content.c.digest == table.c.content)
            .where(table.c.run_id == run_id)
            .order_by(table.c.id)
        )
        with self.transaction() as connection:
            rows = connection.execute(query).mappings().all()
        return [evidence_of(row) for row in rows]

    def told(self, environment: str, key: str, since: datetime, until: datetime) -> list[Told]:
        """What steps in an environment told under `key` in that time, the oldest first."""
        run, step = schema.run, schema.step
        moment = sa.func.coalesce(step.c.ended_at, step.c.started_at, type_=schema.Moment)
        query = (
            sa.select(step.c.run_id, moment, step.c.data)
            .join(run, run.c.id == step.c.run_id)
            .where(
                run.c.environment == environment,
                step.c.started_at >= since,
                step.c.started_at <= until,
                sa.cast(step.c.data, sa.Text).contains(key, autoescape=True),
            )
            .order_by(step.c.id)
        )
        with self.transaction() as connection:
            return [Told(*row) for row in connection.execute(query)]
