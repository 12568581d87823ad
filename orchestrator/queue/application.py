"""The queue's database: the tables of Procrastinate, in a schema of their own beside the records."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from orchestrator.errors import QueueError
from orchestrator.extras import advice
from orchestrator.languages import _
from orchestrator.records import Store, open_store

if TYPE_CHECKING:
    from procrastinate import App

QUEUE = "lifecycle"
RUN, SCHEDULED = "lifecycle:run", "lifecycle:scheduled"
SCHEMA = "lifecycle_queue"


def lease() -> float:
    """For how many seconds a worker that is not heard of keeps its job: LIFECYCLE_QUEUE_LEASE, the same everywhere."""
    given = os.environ.get("LIFECYCLE_QUEUE_LEASE", "60")
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 3 <= seconds <= 86_400:
        raise QueueError(
            _("'%(given)s' is no number of seconds from 3 to 86400") % {"given": given},
            where="LIFECYCLE_QUEUE_LEASE",
            remedy=_("leave it out"),
        )
    return seconds


def shared_store() -> Store:
    """The records, with the queue's tables beside them. Raises QueueError where there can be no queue."""
    version = _procrastinate()
    store = open_store()
    if not store.is_shared:
        store.close()
        raise QueueError(
            _("the queue needs records in PostgreSQL"),
            where=store.address,
            remedy=_("set LIFECYCLE_DATABASE_URL; `lifecycle records copy` takes along what is on record here"),
        )
    found = store.prepare_schema(SCHEMA, f"procrastinate {version}", _tables)
    if found != f"procrastinate {version}":
        raise QueueError(
            _("the queue's tables are those of %(found)s, and this is procrastinate %(version)s")
            % {"found": found, "version": version},
            where=store.address,
            remedy=_("let all workers use one version, or take the schema %(schema)s away when nothing waits")
            % {"schema": SCHEMA},
        )
    return store


def application(store: Store, *, asynchronous: bool = False) -> App:
    """Procrastinate on the database of `store`. Not opened yet."""
    import procrastinate

    connector = procrastinate.PsycopgConnector if asynchronous else procrastinate.SyncPsycopgConnector
    settings: dict[str, Any] = {"conninfo": store.conninfo(), "kwargs": {"options": f"-c search_path={SCHEMA}"}}
    return procrastinate.App(connector=connector(min_size=1, max_size=6, **settings))


@contextmanager
def opened(store: Store) -> Iterator[App]:
    """For a question or an order; not for a worker."""
    with told(store.address), application(store).open() as app:
        yield app


@contextmanager
def told(address: str) -> Iterator[None]:
    """Turn Procrastinate's errors into one line."""
    from procrastinate.exceptions import ConnectorException

    try:
        yield
    except ConnectorException as error:
        cause = error.__cause__ or error
        first = next(iter(str(cause).splitlines()), type(cause).__name__)
        raise QueueError(_("the queue cannot be used: %(first)s") % {"first": first}, where=address) from error


def _procrastinate() -> str:
    """Its major and minor version: with these its tables change. Nothing it logs reaches the terminal."""
    import logging

    try:
        import procrastinate
        from procrastinate.metadata import extract_metadata
    except ImportError as error:
        raise QueueError(_("the queue needs procrastinate"), remedy=advice("queue")) from error
    logger = logging.getLogger(procrastinate.__name__)
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())
    return ".".join(extract_metadata()["version"].split(".")[:2])


def _tables() -> str:
    from procrastinate.schema import SchemaManager

    return SchemaManager.get_schema()
