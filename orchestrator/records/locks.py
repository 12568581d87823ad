"""One run at a time per environment: a row for people, and a lock of the system that a dead process cannot keep."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from orchestrator.errors import LockedError, StoreError
from orchestrator.records import schema
from orchestrator.records.entities import Actor, Lock, now
from orchestrator.records.gateway import told
from orchestrator.records.runs import Runs

# Tells our advisory locks from those of other users of the same PostgreSQL.
ADVISORY_SPACE = 7_204


class Locks(Runs):
    """The locks of the environments."""

    @contextmanager
    def lock(
        self, environment: str, actor: Actor, what: str, is_idle: Callable[[Actor], bool] = lambda _actor: True
    ) -> Iterator[Lock]:
        """Hold `environment` while the block runs. LockedError says who has it, since when and at what.

        A lock whose process is dead is taken over and its run is marked lost, but not before `is_idle` says that
        nothing of that process is still at work on the hosts.
        """
        with self._system_lock(environment):
            self._take_over(environment, is_idle)
            mine = Lock(environment, actor, now(), what)
            row = {"environment": environment, "since": mine.since, "what": what, **dataclasses.asdict(actor)}
            with self.transaction() as connection:
                connection.execute(schema.lock.insert().values(row))
            try:
                yield mine
            finally:
                # A row that cannot be deleted now is taken over by the next run: the system lock is what counts.
                with suppress(StoreError), self.transaction() as connection:
                    connection.execute(schema.lock.delete().where(schema.lock.c.environment == environment))

    def holder(self, environment: str) -> Lock | None:
        """Who has the environment, as far as the records know."""
        query = sa.select(schema.lock).where(schema.lock.c.environment == environment)
        with self.transaction() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        actor = Actor(row["operator"], row["host"], row["pid"], row["pid_started"])
        return Lock(environment, actor, row["since"], row["what"], row["run_id"])

    def _take_over(self, environment: str, is_idle: Callable[[Actor], bool]) -> None:
        """The system lock is ours, so whoever wrote the row is gone. What it started may not be."""
        left = self.holder(environment)
        if left is None:
            return
        if not is_idle(left.actor):
            raise LockedError(
                f"{left.what} of {left.actor.operator} was killed, but what it started is still at work",
                where=environment,
                remedy="wait until its ansible processes have ended, or end them",
            )
        if left.run_id is not None:
            self.mark_lost([left.run_id])
        with self.transaction() as connection:
            connection.execute(schema.lock.delete().where(schema.lock.c.environment == environment))

    def _refuse(self, environment: str) -> LockedError:
        holder = self.holder(environment)
        if holder is None:
            return LockedError("another run is just starting or ending", where=environment, remedy="try again")
        since = holder.since.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        run = f" (run {holder.run_id})" if holder.run_id else ""
        return LockedError(
            f"{holder.actor.operator} is at work here since {since}: {holder.what}{run}, process {holder.actor.pid}",
            where=environment,
            remedy="wait for it to end",
        )

    @contextmanager
    def _system_lock(self, environment: str) -> Iterator[None]:
        """What the kernel or the server frees by itself when this process dies."""
        held = self._flock if self._engine.dialect.name == "sqlite" else self._advisory_lock
        with held(environment):
            yield

    @contextmanager
    def _flock(self, environment: str) -> Iterator[None]:
        directory = Path(str(self._engine.url.database)).parent / "locks"
        with told(str(directory)):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = re.sub(r"[^\w.-]", "_", environment)
            handle = os.open(directory / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise self._refuse(environment) from None
            yield
        finally:
            os.close(handle)

    @contextmanager
    def _advisory_lock(self, environment: str) -> Iterator[None]:
        key = sa.func.hashtext(environment)
        with told(self.address), self._engine.connect() as session:
            # Held by the session, not by a transaction that would stay open for the length of the run.
            session = session.execution_options(isolation_level="AUTOCOMMIT")
            if not session.execute(sa.select(sa.func.pg_try_advisory_lock(ADVISORY_SPACE, key))).scalar_one():
                raise self._refuse(environment)
            try:
                yield
            finally:
                session.execute(sa.select(sa.func.pg_advisory_unlock(ADVISORY_SPACE, key)))
