"""Runs, their steps, tasks and results."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.errors import UsageError
from orchestrator.languages import _
from orchestrator.records import schema
from orchestrator.records.contents import Contents, digest, packed, storable, unpacked
from orchestrator.records.entities import (
    Actor,
    HostTotals,
    NewRun,
    Recorded,
    ResultRecord,
    ResultStatus,
    Run,
    Status,
    Step,
    TaskRecord,
    now,
)
from orchestrator.records.filters import runs_query
from orchestrator.records.questions import RunFilter

EVERY_RUN = RunFilter()
FAILED = (ResultStatus.FAILED, ResultStatus.UNREACHABLE)


class Runs(Contents):
    """What was run, and what came of it."""

    def begin_run(self, new: NewRun) -> int:
        """Put a run on record as running, and name it in the environment's lock."""
        row = {
            "environment": new.environment,
            "environment_path": new.environment_path,
            "phases": list(new.phases),
            "status": Status.RUNNING,
            "recorded": Recorded.FULL,
            "check_mode": new.check,
            **dataclasses.asdict(new.actor),
            "reason": new.reason,
            "git_commit": new.git_commit,
            "git_dirty": new.git_dirty,
            "inventory_digest": new.inventory_digest,
            "versions": dict(new.versions),
            "options": dict(new.options),
            "resumes": new.resumes,
            "applies": new.applies,
            "job": new.job,
            "started_at": now(),
        }
        with self.transaction() as connection:
            run_id = _key(connection.execute(schema.run.insert().values(row)))
            connection.execute(
                schema.lock.update()
                .where(schema.lock.c.environment == new.environment, schema.lock.c.pid == new.actor.pid)
                .values(run_id=run_id)
            )
        return run_id

    def end_run(
        self, run_id: int, status: Status, recorded: Recorded = Recorded.FULL, at: datetime | None = None
    ) -> None:
        """A step that is still open ended as the run did: nothing stays `running` behind it."""
        with self.transaction() as connection:
            connection.execute(
                schema.step.update()
                .where(schema.step.c.run_id == run_id, schema.step.c.status == Status.RUNNING)
                .values(status=status, ended_at=at or now())
            )
            connection.execute(
                schema.run.update()
                .where(schema.run.c.id == run_id)
                .values(status=status, recorded=recorded, ended_at=at or now())
            )

    def set_recorded(self, run_id: int, recorded: Recorded) -> None:
        with self.transaction() as connection:
            connection.execute(schema.run.update().where(schema.run.c.id == run_id).values(recorded=recorded))

    def begin_step(self, run_id: int, phase: str, playbook: str, at: datetime | None = None) -> int:
        with self.transaction() as connection:
            taken = connection.execute(
                sa.select(sa.func.count()).select_from(schema.step).where(schema.step.c.run_id == run_id)
            ).scalar_one()
            inserted = connection.execute(
                schema.step.insert().values(
                    run_id=run_id,
                    number=taken + 1,
                    phase=phase,
                    playbook=playbook,
                    status=Status.RUNNING,
                    started_at=at or now(),
                    hosts={},
                    data={},
                )
            )
            return _key(inserted)

    def end_step(
        self,
        step_id: int,
        status: Status,
        hosts: Mapping[str, HostTotals],
        data: Mapping[str, Any],
        ran_through: bool | None = None,
        at: datetime | None = None,
    ) -> None:
        totals = {host: dataclasses.asdict(line) for host, line in hosts.items()}
        with self.transaction() as connection:
            connection.execute(
                schema.step.update()
                .where(schema.step.c.id == step_id)
                .values(
                    status=status,
                    hosts=totals,
                    changed=any(line.changed for line in hosts.values()),
                    data=dict(data),
                    ran_through=ran_through,
                    ended_at=at or now(),
                )
            )

    def add_results(self, tasks: Sequence[TaskRecord], results: Sequence[ResultRecord]) -> None:
        """One batch, in one transaction. Offering a row a second time changes nothing."""
        with self.transaction() as connection:
            texts = [text for result in results for text in (result.diff, result.output)]
            texts += [task.source for task in tasks]
            self.insert_or_leave(connection, schema.task, (_task_row(task) for task in tasks))
            self.insert_or_leave(connection, schema.content, packed(texts))
            self.insert_or_leave(connection, schema.result, (_result_row(result) for result in results))

    def list_runs(self, environment: str | None = None, limit: int = 20, wanted: RunFilter = EVERY_RUN) -> list[Run]:
        """The newest first."""
        with self.transaction() as connection:
            rows = connection.execute(runs_query(environment, limit, wanted)).mappings().all()
            steps = _steps_of(connection, [row["id"] for row in rows])
            return [_run(row, steps.get(row["id"], ())) for row in rows]

    def get_run(self, run_id: int) -> Run:
        with self.transaction() as connection:
            row = connection.execute(sa.select(schema.run).where(schema.run.c.id == run_id)).mappings().first()
            if row is None:
                raise UsageError(
                    _("there is no run %(run)s on record") % {"run": run_id},
                    remedy=_("lifecycle history lists the runs"),
                )
            return _run(row, _steps_of(connection, [run_id]).get(run_id, ()))

    def list_results(self, run_id: int, host: str | None = None, failed: bool = False) -> list[ResultRecord]:
        """A run's results in the order they came, with diffs and outputs unpacked."""
        diff, output = schema.content.alias("diff_content"), schema.content.alias("output_content")
        result, task = schema.result, schema.task
        query = (
            sa.select(
                result,
                task.c.name.label("task_name"),
                diff.c.compressed.label("diff_packed"),
                output.c.compressed.label("output_packed"),
            )
            .outerjoin(task, sa.and_(task.c.step_id == result.c.step_id, task.c.uuid == result.c.task_uuid))
            .outerjoin(diff, diff.c.digest == result.c.diff)
            .outerjoin(output, output.c.digest == result.c.output)
            .where(result.c.run_id == run_id)
            .order_by(result.c.counter)
        )
        if host is not None:
            query = query.where(result.c.host == host)
        if failed:
            query = query.where(result.c.status.in_(FAILED))
        with self.transaction() as connection:
            return [_result(row) for row in connection.execute(query).mappings()]

    def mark_lost(self, run_ids: Sequence[int]) -> None:
        """Those runs, and their open steps, ended unseen, and what was not yet written went with them."""
        run, step, lost = schema.run, schema.step, {"status": Status.LOST, "ended_at": now()}
        with self.transaction() as connection:
            ours = run.update().where(run.c.id.in_(run_ids), run.c.status == Status.RUNNING)
            connection.execute(ours.values(recorded=Recorded.PARTIAL, **lost))
            theirs = step.update().where(step.c.run_id.in_(run_ids), step.c.status == Status.RUNNING)
            connection.execute(theirs.values(lost))

    def resumed_by(self, run_id: int) -> int | None:
        """The newest run that goes on with this one."""
        query = sa.select(sa.func.max(schema.run.c.id)).where(schema.run.c.resumes == run_id)
        with self.transaction() as connection:
            found: int | None = connection.execute(query).scalar()
        return found

    def runs_of_job(self, job: int, since: datetime) -> list[Run]:
        """The runs that carried out this job, the newest first; only those begun since it was submitted.

        Another queue, in another database, may have given its number to another job.
        """
        run = schema.run.c
        query = sa.select(schema.run).where(run.job == job, run.started_at >= since).order_by(run.id.desc())
        with self.transaction() as connection:
            return [_run(row, ()) for row in connection.execute(query).mappings()]

    def running(self) -> list[Run]:
        query = sa.select(schema.run).where(schema.run.c.status == Status.RUNNING)
        with self.transaction() as connection:
            return [_run(row, ()) for row in connection.execute(query).mappings()]


def _key(inserted: sa.CursorResult[Any]) -> int:
    key = inserted.inserted_primary_key
    assert key is not None, "a single-row insert returns its key"
    return int(key[0])


def _task_row(task: TaskRecord) -> dict[str, Any]:
    return {
        "step_id": task.step_id,
        "uuid": task.uuid,
        "run_id": task.run_id,
        "name": storable(task.name),
        "action": task.action,
        "location": task.where,
        "play": task.play,
        "source": digest(task.source),
    }


def _result_row(result: ResultRecord) -> dict[str, Any]:
    return {
        "run_id": result.run_id,
        "counter": result.counter,
        "step_id": result.step_id,
        "task_uuid": result.task_uuid,
        "host": result.host,
        "status": result.status,
        "at": result.at,
        "seconds": result.seconds,
        "message": storable(result.message),
        "diff": digest(result.diff),
        "output": digest(result.output),
        "cut": result.cut,
    }


def _steps_of(connection: sa.Connection, run_ids: Sequence[int]) -> dict[int, tuple[Step, ...]]:
    query = sa.select(schema.step).where(schema.step.c.run_id.in_(run_ids)).order_by(schema.step.c.number)
    steps: dict[int, tuple[Step, ...]] = {}
    for row in connection.execute(query).mappings():
        hosts = {host: HostTotals(**totals) for host, totals in row["hosts"].items()}
        told = {key: value for key, value in row.items() if key != "changed"}
        step = Step(**{**told, "status": Status(row["status"]), "hosts": hosts})
        steps[step.run_id] = (*steps.get(step.run_id, ()), step)
    return steps


def _run(row: sa.RowMapping, steps: tuple[Step, ...]) -> Run:
    about = NewRun(
        environment=row["environment"],
        environment_path=row["environment_path"],
        phases=tuple(row["phases"]),
        actor=Actor(row["operator"], row["host"], row["pid"], row["pid_started"]),
        check=row["check_mode"],
        reason=row["reason"],
        git_commit=row["git_commit"],
        git_dirty=row["git_dirty"],
        inventory_digest=row["inventory_digest"],
        versions=row["versions"],
        options=row["options"],
        resumes=row["resumes"],
        applies=row["applies"],
        job=row["job"],
    )
    return Run(
        id=row["id"],
        about=about,
        status=Status(row["status"]),
        recorded=Recorded(row["recorded"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        steps=steps,
    )


def _result(row: sa.RowMapping) -> ResultRecord:
    return ResultRecord(
        run_id=row["run_id"],
        counter=row["counter"],
        step_id=row["step_id"],
        task_uuid=row["task_uuid"],
        host=row["host"],
        status=ResultStatus(row["status"]),
        at=row["at"],
        seconds=row["seconds"],
        message=row["message"],
        diff=unpacked(row["diff_packed"]),
        output=unpacked(row["output_packed"]),
        cut=row["cut"],
        task=row["task_name"] or "",
    )
