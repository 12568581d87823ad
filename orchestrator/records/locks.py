"""One run at a time per environment: a row for people, and a lock of the system that a dead process cannot keep."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import sqlalchemy as sa

from orchestrator.errors import KeptError, LockedError, StoreError
from orchestrator.languages import Phrase, _
from orchestrator.records import schema
from orchestrator.records.entities import Actor, Lock, LockRelease, now
from orchestrator.records.liveness import is_dead_here, this_host
from orchestrator.records.runs import Runs
from orchestrator.records.system_locks import SystemLocks, TakenError

# What may decide whether a refusal is worth another try; it waits by itself.
Patience = Callable[[LockedError], bool]
# What may decide that a lock whose process is gone is ours to take over, whatever else speaks against it.
Heir = Callable[[Lock], bool]


def nobody(_left: Lock) -> bool:
    return False


class Locks(Runs, SystemLocks):
    """The locks of the environments."""

    @contextmanager
    def lock(
        self,
        environment: str,
        actor: Actor,
        what: str,
        is_idle: Callable[[Actor], bool] = lambda _actor: True,
        patience: Patience = lambda _refusal: False,
        *,
        kept: bool = False,
        heir: Heir = nobody,
    ) -> Iterator[Lock]:
        """Hold `environment` while the block runs. LockedError says who has it, since when and at what.

        A lock whose process is dead is taken over and its run is marked lost, but not before `is_idle` says that
        nothing of that process is still at work on the hosts. A refusal is tried again while `patience` says so.

        `kept`: should this run be lost, the lock stays until a person takes it away. Such a lock, and one left on
        another host, is taken over by its `heir` only.
        """
        with self._when_free(environment, is_idle, patience, heir):
            mine = Lock(environment, actor, now(), what, kept=kept)
            row = {"environment": environment, "since": mine.since, "what": what, "kept": kept}
            row |= dataclasses.asdict(actor)
            with self.transaction() as connection:
                connection.execute(schema.lock.insert().values(row))
            try:
                yield mine
            finally:
                # A row that cannot be deleted now is taken over by the next run: the system lock is what counts.
                with suppress(StoreError):
                    self._delete(mine)

    def locks(self, environment: str | None = None) -> list[Lock]:
        """Who has which environment, as far as the records know; the longest held first."""
        query = sa.select(schema.lock).order_by(schema.lock.c.since)
        if environment is not None:
            query = query.where(schema.lock.c.environment == environment)
        with self.transaction() as connection:
            rows = connection.execute(query).mappings().all()
        return [_lock(row) for row in rows]

    def holder(self, environment: str) -> Lock | None:
        """Who has the environment, as far as the records know."""
        return next(iter(self.locks(environment)), None)

    def release_lock(
        self, environment: str, operator: str, is_idle: Callable[[Actor], bool], reason: str | None = None
    ) -> Lock | None:
        """Take away the lock that was left, and keep who did so; None when there was none.

        Without `reason` it is refused while the holder or anything it started is at work, or when that cannot be seen
        from this host. With one it is done whatever is at work.
        """
        held = self.holder(environment)
        if reason is None:
            self._free(environment, is_idle)
        else:
            self.break_system_lock(environment)
            if held is not None:
                self._forget(held, lost=is_dead_here(held.actor) or held.actor.host != this_host())
        if held is not None:
            self._note_release(held, operator, reason)
        return held

    def lock_releases(self, environment: str | None = None, limit: int = 5) -> list[LockRelease]:
        """The locks that people took away, the newest first."""
        table = schema.lock_release
        query = sa.select(table).order_by(table.c.id.desc()).limit(limit)
        if environment is not None:
            query = query.where(table.c.environment == environment)
        with self.transaction() as connection:
            rows = connection.execute(query).mappings().all()
        return [LockRelease(**{key: value for key, value in row.items() if key != "id"}) for row in rows]

    def _free(self, environment: str, is_idle: Callable[[Actor], bool]) -> None:
        """Take over what a dead process left, and hold it no longer."""
        try:
            mine = lambda left: left.actor.host == this_host()  # noqa: E731
            self._when_free(environment, is_idle, lambda _refusal: False, mine).close()
        except LockedError as refusal:
            text = _("%(remedy)s; or --force REASON, after which two runs may change the same hosts")
            forced = text % {"remedy": refusal.remedy}
            remedy = refusal.remedy if "--force" in refusal.remedy else forced
            raise LockedError(refusal.what, where=refusal.where, remedy=remedy) from None

    def _when_free(
        self, environment: str, is_idle: Callable[[Actor], bool], patience: Patience, heir: Heir
    ) -> ExitStack:
        """The system lock, held until the returned stack is closed."""
        while True:
            try:
                with ExitStack() as stack:
                    try:
                        stack.enter_context(self.system_lock(environment))
                    except TakenError:
                        raise self._refusal(environment) from None
                    self._take_over(environment, is_idle, heir)
                    return stack.pop_all()
            except LockedError as refusal:
                if not patience(refusal):
                    raise

    def _take_over(self, environment: str, is_idle: Callable[[Actor], bool], heir: Heir) -> None:
        """The system lock is ours, so whoever wrote the row is gone. What it started may not be."""
        left = self.holder(environment)
        if left is None:
            return
        inherited = heir(left)
        if left.kept and left.run_id is not None and not inherited:
            self.mark_lost([left.run_id])
            raise KeptError(
                _("run %(run)s was lost in the middle of what may not simply be done again: %(what)s, on %(host)s")
                % {"run": left.run_id, "what": left.what, "host": left.actor.host},
                where=environment,
                remedy=_("look at the hosts, then: lifecycle lock release -i %(environment)s")
                % {"environment": environment},
            )
        if left.actor.host != this_host() and not inherited:
            raise LockedError(
                _("%(who)s; its process is gone, but what it started cannot be seen from %(host)s")
                % {"who": told_of(left), "host": this_host()},
                where=environment,
                remedy=_("look on %(host)s, then: lifecycle lock release -i %(environment)s --force REASON")
                % {"host": left.actor.host, "environment": environment},
            )
        if not is_idle(left.actor):
            raise LockedError(
                _("%(what)s of %(operator)s was killed, but what it started is still at work")
                % {"what": left.what, "operator": left.actor.operator},
                where=environment,
                remedy=_("wait until its ansible processes have ended, or end them"),
            )
        self._forget(left, lost=True)

    def _forget(self, left: Lock, lost: bool) -> None:
        if lost and left.run_id is not None:
            self.mark_lost([left.run_id])
        self._delete(left)

    def _delete(self, lock: Lock) -> None:
        """Only this holder's row: after a forced release somebody else may have the environment."""
        table, actor = schema.lock, lock.actor
        mine = (table.c.environment == lock.environment, table.c.pid == actor.pid, table.c.host == actor.host)
        with self.transaction() as connection:
            connection.execute(table.delete().where(*mine, table.c.pid_started == actor.pid_started))

    def _note_release(self, held: Lock, operator: str, reason: str | None) -> None:
        row = LockRelease(
            environment=held.environment,
            operator=operator,
            at=now(),
            reason=reason,
            held_by=held.actor.operator,
            held_since=held.since,
            held_for=held.what,
            run_id=held.run_id,
        )
        with self.transaction() as connection:
            connection.execute(schema.lock_release.insert().values(dataclasses.asdict(row)))

    def _refusal(self, environment: str) -> LockedError:
        holder = self.holder(environment)
        if holder is None:
            return LockedError(_("another run is just starting or ending"), where=environment, remedy=_("try again"))
        return LockedError(told_of(holder), where=environment, remedy=_("wait for it to end"))


def told_of(lock: Lock) -> Phrase:
    """`who is at work here since when: what (run), process`."""
    since = lock.since.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    run = _(" (run %(run)s)") % {"run": lock.run_id} if lock.run_id else ""
    text = _("%(operator)s is at work here since %(since)s: %(what)s%(run)s, process %(pid)s")
    about = {"operator": lock.actor.operator, "since": since, "what": lock.what}
    return text % {**about, "run": run, "pid": lock.actor.pid}


def _lock(row: sa.RowMapping) -> Lock:
    actor = Actor(row["operator"], row["host"], row["pid"], row["pid_started"])
    return Lock(row["environment"], actor, row["since"], row["what"], row["run_id"], bool(row["kept"]))
