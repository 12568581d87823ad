"""Locks as they stand, and how a run waits for one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.engine.processes import at_work, mark_of, wait_until_idle
from orchestrator.engine.request import Event, Listener
from orchestrator.errors import LockedError, UsageError
from orchestrator.languages import _
from orchestrator.records import Store
from orchestrator.records.entities import Actor, Lock, LockRelease, Status
from orchestrator.records.liveness import is_dead_here, this_actor, this_host

# How long a new run waits for the ansible of a killed one to end by itself.
TAKE_OVER_SECONDS = 10.0
# How often a waiting run asks again.
ASK_AGAIN_SECONDS = 0.5


class Standing(StrEnum):
    """What is known of the holder from this host."""

    AT_WORK = "at_work"
    # The process is gone, ansible or what it started is not.
    ENDING = "ending"
    # Nothing of it is left: the next run takes the lock over.
    LEFT = "left"
    # Its run is lost, and only a person takes it away.
    KEPT = "kept"
    # It belongs to another host, whose processes cannot be seen from here.
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class LockState:
    """A lock and how it stands with its holder."""

    lock: Lock
    standing: Standing


def lock_states(store: Store, environment: str | None) -> list[LockState]:
    """Every lock, or that of one environment."""
    return [LockState(lock, _standing(store, lock)) for lock in store.locks(environment)]


def release_lock(store: Store, environment: str, reason: str | None) -> Lock | None:
    """Take a lock away that was left; with `reason` also one whose holder may be at work. None when there was none."""
    if reason is not None and not reason.strip():
        raise UsageError(
            _("the reason is empty"), where="--force", remedy=_("say why nobody can be at work there any more")
        )
    return store.release_lock(environment, this_actor().operator, is_idle, reason)


def releases(store: Store, environment: str | None) -> list[LockRelease]:
    """The locks that were taken away by people, the newest first."""
    return store.lock_releases(environment)


def is_idle(actor: Actor) -> bool:
    """Whether everything that `actor` started here has ended, perhaps after a moment."""
    return wait_until_idle(mark_of(actor), TAKE_OVER_SECONDS)


class Patience:
    """Waits for an environment, and says once for whom."""

    def __init__(self, seconds: float, listener: Listener | None) -> None:
        self._until = time.monotonic() + seconds
        self._listener = listener
        self._told = False

    def __call__(self, refusal: LockedError) -> bool:
        """Whether to ask again, after a moment."""
        left = self._until - time.monotonic()
        if left <= 0:
            return False
        if not self._told and self._listener is not None:
            self._listener.on_event(
                Event(
                    "notice",
                    message=_("waiting up to %(left)s s: %(what)s") % {"left": f"{left:.0f}", "what": refusal.what},
                )
            )
        self._told = True
        time.sleep(min(ASK_AGAIN_SECONDS, left))
        return True


def _standing(store: Store, lock: Lock) -> Standing:
    actor = lock.actor
    if lock.kept and lock.run_id is not None and store.get_run(lock.run_id).status is Status.LOST:
        return Standing.KEPT
    if actor.host != this_host():
        return Standing.ELSEWHERE
    if not is_dead_here(actor):
        return Standing.AT_WORK
    return Standing.ENDING if at_work(mark_of(actor)) else Standing.LEFT
