"""Releases and what was done to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from orchestrator.records import schema
from orchestrator.records.entities import Release, ReleaseState, ReleaseStep, Status
from orchestrator.records.gateway import Gateway

OPEN = tuple(state for state in ReleaseState if state.is_open)


class Releases(Gateway):
    """The durable side of the release state machine."""

    def create_release(self, release: Release) -> Release:
        """Store a new release; the id of the argument is ignored, the returned one carries its own."""
        return dataclasses.replace(release, id=self._add(schema.release, release))

    def update_release(self, release: Release) -> None:
        values = _without_id(release)
        with self.transaction() as connection:
            connection.execute(schema.release.update().where(schema.release.c.id == release.id).values(values))

    def open_release(self, environment: str, application: str | None = None) -> Release | None:
        """The release that is on its way, if there is one."""
        found = self._find(environment, application, schema.release.c.state.in_(OPEN), limit=1)
        return found[0] if found else None

    def list_releases(self, environment: str, limit: int = 20) -> list[Release]:
        """The newest first."""
        return self._find(environment, None, sa.true(), limit)

    def add_release_step(self, step: ReleaseStep) -> ReleaseStep:
        """Store what was done to a release; the id of the argument is ignored."""
        return dataclasses.replace(step, id=self._add(schema.release_step, step))

    def list_release_steps(self, release_id: int) -> list[ReleaseStep]:
        """In the order they were done."""
        table = schema.release_step
        query = sa.select(table).where(table.c.release_id == release_id).order_by(table.c.id)
        with self.transaction() as connection:
            rows = connection.execute(query).mappings().all()
        return [ReleaseStep(**{**row, "status": Status(row["status"])}) for row in rows]

    def _add(self, table: sa.Table, entity: Release | ReleaseStep) -> int:
        with self.transaction() as connection:
            key = connection.execute(table.insert().values(_without_id(entity))).inserted_primary_key
        assert key is not None, "a single-row insert returns its key"
        return int(key[0])

    def _find(
        self, environment: str, application: str | None, condition: sa.ColumnElement[bool], limit: int
    ) -> list[Release]:
        table = schema.release
        query = sa.select(table).where(table.c.environment == environment, condition)
        if application is not None:
            query = query.where(table.c.application == application)
        with self.transaction() as connection:
            rows = connection.execute(query.order_by(table.c.id.desc()).limit(limit)).mappings().all()
        return [Release(**{**row, "state": ReleaseState(row["state"])}) for row in rows]


def _without_id(entity: Release | ReleaseStep) -> Mapping[str, Any]:
    values = dataclasses.asdict(entity)
    del values["id"]
    return values
