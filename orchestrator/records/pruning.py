"""Take old runs off the records, and the contents that no run refers to any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from orchestrator.records import schema
from orchestrator.records.entities import ReleaseState, Status, now
from orchestrator.records.gateway import Gateway, told
from orchestrator.records.latest import applied_last
from orchestrator.records.questions import Size
from orchestrator.records.releases import OPEN

# How many runs go in one transaction: a run that is at work waits for it to record on.
BATCH_RUNS = 20


class Pruning(Gateway):
    """What may go, and its going."""

    def prunable(self, environment: str | None, keep_runs: int, since: datetime | None) -> list[int]:
        """The runs that may go, the oldest first.

        None of the newest `keep_runs` of its environment, none begun at `since` or later, and none that is needed.

        Needed is what is at work; the newest run of an environment, and the newest that applied each of its phases;
        what an open release, the newest and the newest promoted one rest on; and a plan that may still be applied.
        """
        run = schema.run.c
        place = sa.func.row_number().over(partition_by=run.environment, order_by=run.id.desc()).label("place")
        runs = sa.select(run.id, run.environment, run.started_at, place).subquery()
        query = sa.select(runs.c.id).where(runs.c.place > max(keep_runs, 1)).order_by(runs.c.id)
        if environment is not None:
            query = query.where(runs.c.environment == environment)
        if since is not None:
            query = query.where(runs.c.started_at < since)
        with self.transaction() as connection:
            needed = {key for each in _needed() for key in connection.execute(each).scalars()}
            return [key for key in connection.execute(query).scalars() if key not in needed]

    def prune(self, run_ids: Sequence[int]) -> None:
        """Take these runs off the records, then what nothing refers to. Evidence of a release stays with it."""
        for start in range(0, len(run_ids), BATCH_RUNS):
            some = run_ids[start : start + BATCH_RUNS]
            with self.transaction() as connection:
                evidence = schema.evidence
                tied = sa.or_(evidence.c.release_step_id.is_not(None), evidence.c.requirement_id.is_not(None))
                connection.execute(evidence.update().where(evidence.c.run_id.in_(some), tied).values(run_id=None))
                connection.execute(schema.run.delete().where(schema.run.c.id.in_(some)))
        with self.transaction() as connection:
            self._drop_contents(connection)
        self._give_back_space()

    def size(self) -> Size:
        """How much is on record."""
        with self.transaction() as connection:
            runs, results, contents = (
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in (schema.run, schema.result, schema.content)
            )
            return Size(runs, results, contents, self._bytes(connection))

    def _drop_contents(self, connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":
            # A run that records a text which is there already has not yet said so to anyone: wait until it has.
            connection.execute(sa.text("LOCK TABLE content IN SHARE ROW EXCLUSIVE MODE"))
        content, result, task = schema.content, schema.result, schema.task
        unused = sa.select(content.c.digest).except_(
            *(
                sa.select(column).where(column.is_not(None))
                for column in (result.c.diff, result.c.output, task.c.source)
            ),
            sa.select(schema.evidence.c.content).where(schema.evidence.c.content.is_not(None)),
        )
        connection.execute(content.delete().where(content.c.digest.in_(unused)))

    def _give_back_space(self) -> None:
        """SQLite keeps the file as large as it was, unless told. It is not told while a run records into it."""
        if self._engine.dialect.name != "sqlite":
            return
        with self.transaction() as connection:
            at_work = sa.select(sa.func.count()).where(schema.run.c.status == Status.RUNNING)
            if connection.execute(at_work).scalar():
                return
        with told(self.address), self._engine.connect() as connection:
            outside = connection.execution_options(isolation_level="AUTOCOMMIT")
            outside.exec_driver_sql("VACUUM")
            outside.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _bytes(self, connection: sa.Connection) -> int:
        if connection.dialect.name == "postgresql":
            return int(connection.execute(sa.select(sa.func.pg_database_size(sa.func.current_database()))).scalar_one())
        database = str(self._engine.url.database)
        files = (Path(f"{database}{end}") for end in ("", "-wal", "-shm"))
        return sum(file.stat().st_size for file in files if file.exists())


def _needed() -> list[sa.Select[Any]]:
    """What stays whatever its age: each query gives numbers of runs."""
    at_work = sa.select(schema.run.c.id).where(schema.run.c.status == Status.RUNNING)
    return [applied_last(), at_work, *_of_releases(), _of_plans()]


def _of_releases() -> list[sa.Select[Any]]:
    release, steps, evidence = schema.release.c, schema.release_step.c, schema.evidence.c
    newest = sa.select(sa.func.max(release.id)).group_by(release.environment, release.application)
    needed = sa.select(release.id).where(
        sa.or_(
            release.state.in_(OPEN),
            release.id.in_(newest),
            release.id.in_(newest.where(release.state == ReleaseState.PROMOTED)),
        )
    )
    of_steps = sa.select(steps.run_id).where(steps.release_id.in_(needed), steps.run_id.is_not(None))
    of_evidence = (
        sa.select(evidence.run_id)
        .join_from(schema.evidence, schema.release_step, steps.id == evidence.release_step_id)
        .where(steps.release_id.in_(needed), evidence.run_id.is_not(None))
    )
    return [of_steps, of_evidence]


def _of_plans() -> sa.Select[Any]:
    """Plans that change something and were not applied: the newest of an environment, and those under an approval."""
    run, plan, said = schema.run.c, schema.plan.c, schema.approval.c
    applying = schema.run.alias("applying").c
    newest = (sa.select(sa.func.max(plan.run_id)).join_from(schema.plan, schema.run, run.id == plan.run_id)).group_by(
        run.environment
    )
    approved = sa.exists().where(said.run_id == plan.run_id, said.plan_digest == plan.digest, said.expires_at > now())
    return sa.select(plan.run_id).where(
        plan.changes > 0,
        ~sa.exists().where(applying.applies == plan.run_id),
        sa.or_(plan.run_id.in_(newest), approved),
    )
