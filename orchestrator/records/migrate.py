"""Bring a database to the schema of this version, or say why that is impossible."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path

import sqlalchemy as sa

from orchestrator.errors import StoreError
from orchestrator.languages import _
from orchestrator.records.gateway import spoken

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0009"

# Any constant both sides use; keeps two first starts on one PostgreSQL from migrating at the same time.
MIGRATION_LOCK = 7_204_611


def upgrade(engine: sa.Engine) -> None:
    """Migrate to HEAD. Alembic is imported only when there is something to do: it costs half a second of CPU."""
    if current(engine) == HEAD:
        return
    with _alone(engine):
        found = current(engine)
        if found == HEAD:
            return
        if found is not None and not knows(found):
            raise StoreError(
                _("the records have schema %(found)s, which this version of lifecycle does not know")
                % {"found": found},
                where=spoken(engine.url),
                remedy=_("they were written by a newer lifecycle: upgrade this one"),
            )
        _run_alembic(engine)


def begin(engine: sa.Engine, revision: str) -> None:
    """Give an empty database the schema of `revision`."""
    _run_alembic(engine, revision)


def knows(revision: str) -> bool:
    """Whether this version has that schema."""
    return any((MIGRATIONS / "versions").glob(f"{glob.escape(revision)}_*.py"))


def current(engine: sa.Engine) -> str | None:
    """The revision a database is at; None when it is empty."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        return revision


def _run_alembic(engine: sa.Engine, revision: str = HEAD) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.connect() as connection, _whole(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


@contextmanager
def _whole(connection: sa.Connection) -> Iterator[None]:
    """All of a migration or nothing, also on SQLite, whose driver by itself begins no transaction before a CREATE.

    A process killed between two tables would leave records that no lifecycle could open any more.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.dbapi_connection
    assert driver is not None
    before, driver.isolation_level = driver.isolation_level, None
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
    finally:
        connection.rollback()
        driver.isolation_level = before


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[None]:
    """Nobody else migrates this database meanwhile."""
    if engine.dialect.name == "sqlite":
        with Path(f"{engine.url.database}.migrate").open("w", encoding="ascii") as handle:
            flock(handle, LOCK_EX)
            yield
        return
    with engine.connect() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(MIGRATION_LOCK)))
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(MIGRATION_LOCK)))
