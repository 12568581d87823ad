"""Records in PostgreSQL, which several controllers share: what stands beside them there, and how others reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from orchestrator.records.gateway import told
from orchestrator.records.migrate import MIGRATION_LOCK
from orchestrator.records.system_locks import SystemLocks, TakenError


class Shared(SystemLocks):
    """What is possible only where several controllers share the records."""

    @property
    def is_shared(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    def identity(self) -> str | None:
        """Which records these are, the same for all who share them; None when nobody does."""
        if not self.is_shared:
            return None
        query = sa.text(
            "SELECT system_identifier, oid FROM pg_control_system(), pg_database WHERE datname = current_database()"
        )
        with self.transaction() as connection:
            cluster, database = connection.execute(query).one()
        return f"postgresql-{cluster}-{database}"

    def conninfo(self) -> str:
        """The address as PostgreSQL's own library takes it, with the password if there is one in it: never shown."""
        return self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def prepare_schema(self, name: str, label: str, tables: Callable[[], str]) -> str:
        """Make the schema `name` with `tables` (SQL) unless it is there; return the label that it was made with."""
        quoted = self._engine.dialect.identifier_preparer.quote(name)
        with told(self.address), self._engine.begin() as connection:
            found = connection.execute(_LABEL, {"name": name}).scalar()
            if found is not None:
                return str(found)
            # Freed at the end of the transaction; two first workers make it one after the other.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            found = connection.execute(_LABEL, {"name": name}).scalar()
            if found is None:
                driver: Any = connection.connection.driver_connection
                # Several statements at once, which the driver takes only without parameters.
                driver.execute(f"CREATE SCHEMA {quoted}; SET LOCAL search_path = {quoted}")
                driver.execute(tables())
                driver.execute(f"COMMENT ON SCHEMA {quoted} IS '{label}'")
            return str(found or label)

    @contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        """Whether nobody else does `what` while the block runs."""
        try:
            # No environment has such a name: it would be no directory's.
            with self.system_lock(f"/{what}"):
                yield True
        except TakenError:
            yield False

    def is_held(self, environment: str) -> bool:
        """Whether a living process has the environment, on whichever controller."""
        try:
            with self.system_lock(environment):
                return False
        except TakenError:
            return True


_LABEL = sa.text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name")
