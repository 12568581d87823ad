"""One run at a time per environment, and nothing of a dead process is held for ever."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection

import pytest

from orchestrator.errors import LockedError
from orchestrator.records import Store, open_store, schema
from orchestrator.records.entities import NewRun, Status, now
from orchestrator.records.liveness import is_dead_here, this_actor


def hold(url: str, ready: Connection) -> None:
    """Runs in a process of its own: takes the lock, begins a run, and waits to be killed."""
    store = open_store(url)
    actor = this_actor()
    with store.lock("client-lab", actor, "run provision"):
        ready.send(store.begin_run(NewRun("client-lab", "/x", ("provision",), actor)))
        signal.pause()


@pytest.fixture
def holder(url: str):
    """A process that holds the environment, and the run it began."""
    open_store(url).close()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=hold, args=(url, there))
    process.start()
    yield process, here.recv()
    process.kill()
    process.join()


def test_a_held_environment_is_refused_with_who_and_what_and_another_is_free(url: str, holder) -> None:
    process, run_id = holder
    store = open_store(url)
    with pytest.raises(LockedError) as raised, store.lock("client-lab", this_actor(), "run x"):
        pass
    assert f"run provision (run {run_id}), process {process.pid}" in raised.value.line()
    with store.lock("other-lab", this_actor(), "run x"):
        pass


def test_the_lock_of_a_killed_process_is_taken_over_and_its_run_is_lost(url: str, holder) -> None:
    process, run_id = holder
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    store = open_store(url)
    assert store.get_run(run_id).status is Status.LOST
    with store.lock("client-lab", this_actor(), "run x") as lock:
        assert store.holder("client-lab") == lock
    assert store.holder("client-lab") is None


def test_what_a_killed_process_started_keeps_the_environment_locked(url: str, holder) -> None:
    process, _ = holder
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    store = open_store(url)
    with (
        pytest.raises(LockedError, match="still at work"),
        store.lock("client-lab", this_actor(), "x", lambda _: False),
    ):
        pass


def test_a_lock_is_waited_for_while_patience_lasts(url: str, holder) -> None:
    process, _ = holder
    store, asked = open_store(url), []

    def patience(refusal: LockedError) -> bool:
        asked.append(refusal.line())
        process.kill()
        process.join()
        return True

    with store.lock("client-lab", this_actor(), "run x", patience=patience):
        assert "run provision" in asked[0]


def test_a_living_holder_keeps_its_lock_unless_somebody_gives_a_reason(url: str, holder) -> None:
    process, run_id = holder
    store = open_store(url)
    with pytest.raises(LockedError, match=r"process \d+; wait for it to end; or --force REASON"):
        store.release_lock("client-lab", "ann@here", lambda _: True)
    assert store.lock_releases() == []
    released = store.release_lock("client-lab", "ann@here", lambda _: True, reason="it hangs")
    assert released is not None
    assert released.actor.pid == process.pid
    with store.lock("client-lab", this_actor(), "run x"):
        (kept,) = store.lock_releases("client-lab")
    assert (kept.operator, kept.reason, kept.run_id) == ("ann@here", "it hangs", run_id)
    assert kept.held_by == released.actor.operator


def test_a_holder_whose_lock_was_forced_does_not_free_that_of_the_next(url: str) -> None:
    store, other = open_store(url), open_store(url)
    first = this_actor()
    next_one = dataclasses.replace(first, pid=first.pid + 1)
    with contextlib.ExitStack() as held:
        with store.lock("client-lab", first, "run first"):
            other.release_lock("client-lab", "ann@here", lambda _: True, reason="it hangs")
            held.enter_context(other.lock("client-lab", next_one, "run next"))
        assert [lock.what for lock in other.locks()] == ["run next"]


def test_what_was_left_is_released_and_its_run_is_lost(url: str, holder) -> None:
    process, run_id = holder
    process.kill()
    process.join()
    store = open_store(url)
    with pytest.raises(LockedError, match="still at work"):
        store.release_lock("client-lab", "ann@here", lambda _: False)
    assert store.release_lock("client-lab", "ann@here", lambda _: True) is not None
    assert store.release_lock("client-lab", "ann@here", lambda _: True) is None
    assert store.get_run(run_id).status is Status.LOST
    assert [kept.reason for kept in store.lock_releases()] == [None]


def test_the_lock_of_another_host_is_not_taken_over_unseen(store: Store) -> None:
    elsewhere = dataclasses.replace(this_actor(), host="elsewhere")
    with store.transaction() as connection:
        row = {"environment": "client-lab", "since": now(), "what": "run x", **dataclasses.asdict(elsewhere)}
        connection.execute(schema.lock.insert().values(row))
    with pytest.raises(LockedError, match="look on elsewhere"), store.lock("client-lab", this_actor(), "run y"):
        pass
    store.release_lock("client-lab", "ann@here", lambda _: True, reason="that machine is gone")
    with store.lock("client-lab", this_actor(), "run y"):
        pass


def test_a_running_run_of_a_living_process_is_left_alone(store: Store) -> None:
    run_id = store.begin_run(NewRun("e", "/e", ("p",), this_actor()))
    assert store.settle() == []
    assert store.get_run(run_id).status is Status.RUNNING


def test_a_reused_process_id_and_another_host_are_told_apart() -> None:
    me = this_actor()
    assert not is_dead_here(me)
    assert is_dead_here(dataclasses.replace(me, pid_started="another boot"))
    assert not is_dead_here(dataclasses.replace(me, host="elsewhere", pid_started="another boot"))
