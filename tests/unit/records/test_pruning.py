"""What is old goes, and nothing that is still needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestrator.records import Store, open_store, schema
from orchestrator.records.contents import digest, packed
from orchestrator.records.entities import (
    Approval,
    Evidence,
    Release,
    ReleaseState,
    ReleaseStep,
    ResultStatus,
    Status,
    StoredPlan,
    TaskRecord,
    now,
)

OK = {"app1": ResultStatus.OK}


def count(store: Store, table: str) -> int:
    with store.transaction() as connection:
        found: int = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
    return found


def test_the_newest_of_each_environment_are_kept(store: Store, ran: Callable[..., int]) -> None:
    for environment in ("a", "b", "a", "a", "b"):
        ran(OK, environment=environment)
    assert store.prunable(None, 2, None) == [1]
    assert store.prunable(None, 1, None) == [1, 2, 3]
    assert store.prunable("a", 1, None) == [1, 3]
    assert store.prunable("nowhere", 1, None) == []


def test_what_is_young_is_kept_however_many(store: Store, ran: Callable[..., int]) -> None:
    for days in (9, 8, 2):
        ran(OK, started=now() - timedelta(days=days))
    ran(OK, started=now() - timedelta(days=1), status=Status.FAILED)
    assert store.prunable(None, 0, now() - timedelta(days=3)) == [1, 2]
    assert store.prunable(None, 3, now() - timedelta(days=3)) == [1]
    # The newest stays although it is old: the number of a run is never given a second time.
    assert store.prunable(None, 0, now() + timedelta(days=1)) == [1, 2]


def test_a_run_goes_with_all_that_is_its_own_and_shared_texts_stay(store: Store, ran: Callable[..., int]) -> None:
    ran(OK, diff="shared", output="only mine")
    ran(OK, diff="shared", output="mine")
    before = store.size()
    store.prune([1])
    assert [run.id for run in store.list_runs()] == [2]
    assert [count(store, table) for table in ("step", "task", "result", "content")] == [1, 1, 1, 2]
    (kept,) = store.list_results(2)
    assert (kept.diff, kept.output) == ("shared", "mine")
    after = store.size()
    assert (before.runs, before.results, before.contents) == (2, 2, 3)
    assert (after.runs, after.results, after.contents) == (1, 1, 2)
    assert after.bytes > 0


def test_the_file_of_sqlite_gets_smaller(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/lifecycle.db")
    with store.transaction() as connection:
        connection.execute(sa.text("INSERT INTO content VALUES (x'dd', 3000000, zeroblob(3000000))"))
    before = store.size()
    store.prune([])
    assert before.bytes > 3_000_000 > 1_000_000 > store.size().bytes


def test_what_is_at_work_and_what_applied_a_phase_last_stay(store: Store, ran: Callable[..., int]) -> None:
    running = ran(OK, status=Status.RUNNING)
    tuned = ran(OK, phase="tune")
    ran(OK)
    ran(OK, status=Status.FAILED)
    ran(OK, check=True)
    provisioned = ran(OK)
    ran(OK, check=True)
    gone = store.prunable(None, 1, None)
    assert gone == [3, 4, 5]
    assert not {running, tuned, provisioned} & set(gone)


def test_a_plan_that_may_be_applied_stays(store: Store, ran: Callable[..., int]) -> None:
    plans = {name: ran(OK, check=True) for name in ("approved", "expired", "idle", "applied", "newest")}
    for name, run_id in plans.items():
        store.add_plan(StoredPlan(run_id, "d" * 64, 0 if name == "idle" else 1))
    for name, hours in (("approved", 1), ("expired", -1)):
        until = now() + timedelta(hours=hours)
        store.add_approval(Approval(plans[name], "d" * 64, "bob@desk", now(), until, None))
    ran(OK, applies=plans["applied"])
    assert store.prunable(None, 1, None) == [plans["expired"], plans["idle"], plans["applied"]]
    ran(OK, applies=plans["newest"])
    assert plans["newest"] in store.prunable(None, 1, None)


@pytest.mark.parametrize(
    ("states", "kept"),
    [
        (("promoted", "promoted", "widening"), [2, 3]),
        (("promoted", "rolled_back", "rolled_back"), [1, 3]),
        (("promoted", "promoted", "promoted"), [3]),
        (("held", "failed", "failed"), [1, 3]),
    ],
)
def test_what_a_release_rests_on_stays(
    store: Store, ran: Callable[..., int], states: tuple[str, ...], kept: list[int]
) -> None:
    for version, state in enumerate(states):
        release = store.create_release(
            Release(0, "client-lab", "clinic", f"1.{version}", ReleaseState(state), 0, "ann@desk", now())
        )
        run_id = ran(OK, status=Status.FAILED)
        step = ReleaseStep(0, release.id, "widen", 1, Status.FAILED, now(), "ann@desk", run_id=run_id)
        added = store.add_release_step(step)
        proof = ran(OK, status=Status.FAILED)
        store.add_evidence(Evidence(0, added.id, "guard", "harm", "it broke", now(), run_id=proof, content="proof"))
    ran(OK)
    stay = {number for place in kept for number in (2 * place - 1, 2 * place)}
    assert store.prunable(None, 1, None) == sorted({1, 2, 3, 4, 5, 6} - stay)


def test_evidence_stays_with_its_release_when_its_run_goes(store: Store, ran: Callable[..., int]) -> None:
    run_id = ran(OK, output="proof")
    ran(OK)
    release = store.create_release(
        Release(0, "client-lab", "clinic", "1.0", ReleaseState.PROMOTED, 100, "ann@desk", now())
    )
    step = store.add_release_step(ReleaseStep(0, release.id, "widen", 1, Status.SUCCESSFUL, now(), "a", run_id=run_id))
    store.add_evidence(Evidence(0, step.id, "guard", "ok", "fine", now(), run_id=run_id, content="proof"))
    store.prune([run_id])
    (kept,) = store.list_evidence(release.id)
    assert (kept.run_id, kept.content) == (None, "proof")
    assert [each.run_id for each in store.list_release_steps(release.id)] == [None]


def test_a_text_that_a_run_is_just_referring_to_stays(store: Store, ran: Callable[..., int]) -> None:
    old = ran(OK, output="shared")
    run_id = ran(OK)
    (kept,) = store.list_results(run_id)
    taking = threading.Thread(target=store.prune, args=([old],))
    with store.transaction() as connection:
        # As `add_results` does it: the text is there already, so nothing is inserted for it.
        store.insert_or_leave(connection, schema.content, packed(["shared"]))
        row = {"run_id": run_id, "counter": 9, "step_id": kept.step_id, "task_uuid": "t", "host": "app1", "message": ""}
        row |= {"status": ResultStatus.OK, "at": now(), "seconds": 0.0, "cut": False, "output": digest("shared")}
        connection.execute(schema.result.insert(), row)
        taking.start()
        taking.join(0.5)
        assert taking.is_alive()
    taking.join()
    assert [result.output for result in store.list_results(run_id)] == [None, "shared"]


def test_the_text_of_a_task_stays_as_long_as_a_run_has_it(store: Store, ran: Callable[..., int]) -> None:
    for run_id in (ran(OK, output=None), ran(OK, output=None)):
        (step,) = store.get_run(run_id).steps
        mine = TaskRecord(run_id, step.id, "u", "Mine", "", "", "", f"- only of {run_id}")
        shared = TaskRecord(run_id, step.id, "v", "Ours", "", "", "", "- of both")
        store.add_results([mine, shared], [])
    store.prune([1])
    assert sorted(task.source for task in store.list_tasks(2) if task.source) == ["- of both", "- only of 2"]
    assert count(store, "content") == 2
