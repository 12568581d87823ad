"""The connection to the database, and the one place where its errors become StoreError."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from orchestrator.errors import StoreError
from orchestrator.extras import advice
from orchestrator.languages import _

BUSY_SECONDS = 10
REPAIR = _("`lifecycle records repair` brings back what it can")
KEEPALIVE = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}


class Gateway:
    """Transactions on one database. The parts of the store build on it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @property
    def address(self) -> str:
        """Where the records are, for people; without a password."""
        if self._engine.dialect.name == "sqlite":
            return str(self._engine.url.database)
        return spoken(self._engine.url)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """All of it or nothing."""
        with told(self.address), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def told(address: str) -> Iterator[None]:
    """Turn a database error into one line that says which records and what to do."""
    try:
        yield
    except SQLAlchemyError as error:
        raise explain(error, address) from error
    except OSError as error:
        raise StoreError(
            _("the records cannot be used: %(first)s") % {"first": error.strerror or error}, where=address
        ) from error
    except OverflowError as error:
        raise StoreError(
            _("a number is larger than any on record"), where=address, remedy=_("lifecycle history lists the runs")
        ) from error
    except ValueError as error:
        # What was read is nothing that was ever written there.
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise StoreError(
            _("the records cannot be used: %(first)s") % {"first": first}, where=address, remedy=REPAIR
        ) from error


def spoken(url: sa.URL) -> str:
    """An address for people; without a password, in whichever of the two places it stands."""
    query = {name: "***" if name == "password" else value for name, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True)


def explain(error: SQLAlchemyError, address: str) -> StoreError:
    """The known ways a database fails, in words."""
    if isinstance(error, ArgumentError | NoSuchModuleError):
        return StoreError(
            _("LIFECYCLE_DATABASE_URL is no usable address"),
            remedy=_("use sqlite:////absolute/path.db or postgresql+psycopg://user@host/database"),
        )
    text = str(getattr(error, "orig", None) or error).strip()
    known = (
        ("database is locked", _("is held by another process"), _("try again when it has finished")),
        ("malformed", _("is corrupt"), REPAIR),
        ("file is not a database", _("is no database"), REPAIR),
        ("unable to open", _("cannot be opened"), _("check that the directory exists and that you may write there")),
        ("readonly", _("may not be written"), _("check its owner and mode")),
        ("database or disk is full", _("cannot grow: the disk is full"), _("make room")),
    )
    for sign, what, remedy in known:
        if sign in text:
            return StoreError(what, where=address, remedy=remedy)
    first = next(iter(text.splitlines()), type(error).__name__)
    return StoreError(_("the records cannot be used: %(first)s") % {"first": first}, where=address)


def has_password(url: str) -> bool:
    """Whether a password stands in the address itself."""
    address = _address(url)
    return bool(address.password or address.query.get("password"))


def connect(url: str) -> sa.Engine:
    """An engine for `url`. A new SQLite file is readable by its owner only."""
    address = _address(url)
    if address.get_backend_name() == "postgresql":
        return _postgresql(address)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise explain(ArgumentError(), url)
    return _sqlite(address)


def _address(url: str) -> sa.URL:
    """`url`, read. Raises StoreError, which does not repeat it: a password may stand in it."""
    try:
        return sa.make_url(url)
    except (SQLAlchemyError, ValueError):
        raise explain(ArgumentError(), "") from None


def _postgresql(address: sa.URL) -> sa.Engine:
    try:
        engine = sa.create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ImportError as error:
        raise StoreError(_("records in PostgreSQL need psycopg"), remedy=advice("postgres")) from error

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # A controller that lost its power or its network holds its locks until the server notices: within half a
        # minute, not after the two hours that are the kernel's default.
        for name, value in KEEPALIVE.items():
            connection.execute(f"SET {name} = {value}")
        connection.commit()

    return engine


def _sqlite(address: sa.URL) -> sa.Engine:
    path = Path(str(address.database))
    with told(str(path)):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made before SQLite does it with the umask's mode; its -wal and -shm files take the mode over.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    engine = sa.create_engine(address, connect_args={"timeout": BUSY_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def configure(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
