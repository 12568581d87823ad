"""What is known across runs: the latest state of each host, and which run applied a phase last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from orchestrator.records import schema
from orchestrator.records.entities import ResultStatus, Status
from orchestrator.records.gateway import Gateway
from orchestrator.records.questions import HostState

# What a host came to, the worst first, by what is counted in its line of the recap.
BY_COUNT = (
    ("unreachable", ResultStatus.UNREACHABLE),
    ("failed", ResultStatus.FAILED),
    ("changed", ResultStatus.CHANGED),
)


def applied_last() -> sa.Select[Any]:
    """For each environment and phase the newest run in which it succeeded; a rehearsal applies nothing."""
    run, step = schema.run.c, schema.step.c
    return (
        sa.select(sa.func.max(run.id).label("run_id"), run.environment, step.phase)
        .join_from(schema.run, schema.step, step.run_id == run.id)
        .where(sa.not_(run.check_mode), step.status == Status.SUCCESSFUL)
        .group_by(run.environment, step.phase)
    )


class Latest(Gateway):
    """What is known of an environment, whichever run it is from."""

    def applied_phases(self, environment: str) -> dict[str, int]:
        """The phases that succeeded here, each with the newest run that applied it, in the order they were applied."""
        query = applied_last().where(schema.run.c.environment == environment)
        with self.transaction() as connection:
            rows = connection.execute(query.order_by("run_id", sa.func.max(schema.step.c.number))).all()
        return {row.phase: row.run_id for row in rows}

    def latest_hosts(self, environment: str | None = None) -> list[HostState]:
        """A state for each host of each environment, by name. Rehearsals do not count: they leave a host as it is."""
        step, run = schema.step.c, schema.run.c
        query = (
            sa.select(step.id, step.run_id, step.phase, step.status, step.hosts, run.environment)
            .add_columns(sa.func.coalesce(step.ended_at, step.started_at, type_=schema.Moment).label("at"))
            .join_from(schema.step, schema.run, run.id == step.run_id)
            .where(sa.not_(run.check_mode))
            .order_by(step.id.desc())
        )
        if environment is not None:
            query = query.where(run.environment == environment)
        found: dict[tuple[str, str], HostState] = {}
        with self.transaction() as connection:
            for row in connection.execute(query).mappings().all():
                # No recap: the step is at work, or its end was not seen.
                recap = row["hosts"] or dict.fromkeys(_hosts_of(connection, row["run_id"], row["id"]))
                for host, totals in recap.items():
                    key = row["environment"], host
                    if key not in found:
                        status = row["status"] if totals is None else _status(totals)
                        found[key] = HostState(*key, row["run_id"], row["phase"], status, row["at"])
        return [found[key] for key in sorted(found)]


def _status(totals: Mapping[str, int]) -> str:
    return str(next((status for name, status in BY_COUNT if totals.get(name)), ResultStatus.OK))


def _hosts_of(connection: sa.Connection, run_id: int, step_id: int) -> list[str]:
    result = schema.result.c
    query = sa.select(result.host).where(result.run_id == run_id, result.step_id == step_id).distinct()
    return list(connection.execute(query).scalars())
