"""One run at a time per environment, and nothing of a dead process is held for ever."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection

import pytest

from orchestrator.errors import LockedError
from orchestrator.records import Store, open_store
from orchestrator.records.entities import NewRun, Status
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


def test_a_running_run_of_a_living_process_is_left_alone(store: Store) -> None:
    run_id = store.begin_run(NewRun("e", "/e", ("p",), this_actor()))
    assert store.settle() == []
    assert store.get_run(run_id).status is Status.RUNNING


def test_a_reused_process_id_and_another_host_are_told_apart() -> None:
    me = this_actor()
    assert not is_dead_here(me)
    assert is_dead_here(dataclasses.replace(me, pid_started="another boot"))
    assert not is_dead_here(dataclasses.replace(me, host="elsewhere", pid_started="another boot"))
