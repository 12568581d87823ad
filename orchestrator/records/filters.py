"""Which runs are meant, as SQL. Runs are read the newest first; what is asked of their results goes by an index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from orchestrator.records import schema
from orchestrator.records.questions import RunFilter


def runs_query(environment: str | None, limit: int, wanted: RunFilter) -> sa.Select[Any]:
    """The newest runs that fit."""
    conditions = list(_conditions(wanted))
    if environment is not None:
        conditions.append(schema.run.c.environment == environment)
    return sa.select(schema.run).where(*conditions).order_by(schema.run.c.id.desc()).limit(limit)


def _conditions(wanted: RunFilter) -> Iterator[sa.ColumnElement[bool]]:
    run = schema.run.c
    if wanted.phase is not None:
        yield _has_step(schema.step.c.phase == wanted.phase)
    if wanted.host is not None:
        yield sa.exists().where(schema.result.c.run_id == run.id, schema.result.c.host == wanted.host)
    if wanted.status is not None:
        yield run.status == wanted.status
    if wanted.changed is not None:
        changed = _has_step(schema.step.c.changed)
        yield changed if wanted.changed else ~changed
    if wanted.check is not None:
        yield run.check_mode if wanted.check else ~run.check_mode
    if wanted.operator is not None:
        yield sa.or_(run.operator == wanted.operator, run.operator.startswith(f"{wanted.operator}@", autoescape=True))
    if wanted.since is not None:
        yield run.started_at >= wanted.since
    if wanted.until is not None:
        yield run.started_at < wanted.until


def _has_step(condition: sa.ColumnElement[bool]) -> sa.Exists:
    return sa.exists().where(schema.step.c.run_id == schema.run.c.id, condition)
