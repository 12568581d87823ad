"""What the kernel or the server holds for a process, and frees by itself when that process dies."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.records.gateway import Gateway, told

# Tells our advisory locks from those of other users of the same PostgreSQL.
ADVISORY_SPACE = 7_204


class TakenError(Exception):
    """Another process has it."""


class SystemLocks(Gateway):
    """One lock a name: `flock` beside SQLite, a session's advisory lock in PostgreSQL."""

    @contextmanager
    def system_lock(self, environment: str) -> Iterator[None]:
        """Hold it while the block runs. Raises TakenError at once when another process has it."""
        held = self._flock if self._engine.dialect.name == "sqlite" else self._advisory_lock
        with held(environment):
            yield

    def break_system_lock(self, environment: str) -> None:
        """Make it free although its process lives."""
        if self._engine.dialect.name == "sqlite":
            with told(str(self._lock_file(environment))):
                self._lock_file(environment).unlink(missing_ok=True)
        else:
            self._end_session_of(environment)

    @contextmanager
    def _flock(self, environment: str) -> Iterator[None]:
        path = self._lock_file(environment)
        with told(str(path.parent)):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TakenError from None
            if not _is_at(path, handle):
                # Somebody broke the lock in this moment: what we hold is a file that nobody will look at.
                raise TakenError
            yield
        finally:
            os.close(handle)

    def _lock_file(self, environment: str) -> Path:
        name = re.sub(r"[^\w.-]", "_", environment)
        return Path(str(self._engine.url.database)).parent / "locks" / f"{name}.lock"

    @contextmanager
    def _advisory_lock(self, environment: str) -> Iterator[None]:
        key = sa.func.hashtext(environment)
        with told(self.address), self._engine.connect() as session:
            # Held by the session, not by a transaction that would stay open for the length of the run.
            session = session.execution_options(isolation_level="AUTOCOMMIT")
            if not session.execute(sa.select(sa.func.pg_try_advisory_lock(ADVISORY_SPACE, key))).scalar_one():
                raise TakenError
            try:
                yield
            finally:
                # A session that has ended meanwhile holds nothing any more.
                with suppress(SQLAlchemyError):
                    session.execute(sa.select(sa.func.pg_advisory_unlock(ADVISORY_SPACE, key)))

    def _end_session_of(self, environment: str) -> None:
        held_by = sa.text(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = :space"
            " AND objid::bigint = (hashtext(:environment)::bigint & 4294967295)"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        with self.transaction() as connection:
            connection.execute(held_by, {"space": ADVISORY_SPACE, "environment": environment})


def _is_at(path: Path, handle: int) -> bool:
    try:
        there, here = path.stat(), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
