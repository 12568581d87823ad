"""All records in another database, each way, or nothing of them."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orchestrator.cli.records import run_data, shown_data
from orchestrator.errors import StoreError
from orchestrator.records import Store, copying, open_store, schema
from orchestrator.records.comparison import compare
from orchestrator.records.entities import (
    Approval,
    Evidence,
    NewRun,
    Release,
    ReleaseState,
    ReleaseStep,
    ResultRecord,
    ResultStatus,
    Status,
    StoredPlan,
    TaskRecord,
    now,
)
from orchestrator.records.liveness import this_actor

BOTH = {"app1": ResultStatus.CHANGED, "app2": ResultStatus.FAILED}


@pytest.fixture
def filled(tmp_path: Path) -> Store:
    """Records in SQLite."""
    return open_store(f"sqlite:///{tmp_path}/source/lifecycle.db")


@pytest.fixture
def store(filled: Store) -> Store:
    """What `ran` writes to: here the source of the copy, whichever the target is."""
    return filled


def fill(store: Store, ran: Callable[..., int]) -> None:
    """Something in every table; of a text with the character 0 as well."""
    first = ran(BOTH, diff="--- a\n+++ b\n+1", output='{"a": "x"}', reason="näht\nnot", options={"limit": "app"})
    ran(BOTH, diff="--- a\n+++ b\n+2", check=True, status=Status.UNREACHABLE)
    store.add_plan(StoredPlan(first, "d" * 64, 2))
    store.add_approval(Approval(first, "d" * 64, "bob@desk", now(), now(), "fine"))
    release = store.create_release(
        Release(0, "client-lab", "clinic", "1.0", ReleaseState.WIDENING, 10, "ann@desk", now(), colour="green")
    )
    step = store.add_release_step(
        ReleaseStep(0, release.id, "widen", 10, Status.SUCCESSFUL, now(), "ann@desk", first, data={"w": [1, None]})
    )
    store.add_evidence(Evidence(0, step.id, "guard", "ok", "fine", now(), first, "counts"))
    with store.lock("client-lab", this_actor(), "run provision"):
        pass
    with store.transaction() as connection:
        connection.execute(
            schema.lock_release.insert().values(
                environment="client-lab", operator="ann@desk", at=now(), held_by="bob", held_since=now(), held_for="run"
            )
        )
        connection.execute(
            schema.requirement.insert().values(environment="client-lab", name="fast", wording="w", expected={"ms": 2})
        )


def everything(store: Store) -> str:
    """All that `history`, `show` and `diff` tell, as JSON."""
    runs = store.list_runs(limit=1000)
    shown = [shown_data(store, run.id, with_diff=True) for run in runs]
    pairs = [(store.get_run(run.id), store.list_results(run.id)) for run in (runs[-1], runs[0])]
    return json.dumps([[run_data(run) for run in runs], shown, asdict(compare(*pairs[0], *pairs[1]))], default=str)


def rows(store: Store) -> dict[str, list[dict[str, Any]]]:
    with store.transaction() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(copying._all(table)).mappings()]
            for table in copying.COPIED
        }


def test_every_table_arrives_and_is_told_the_same(filled: Store, ran: Callable[..., int], url: str) -> None:
    fill(filled, ran)
    heard: list[str] = []
    done = copying.copy_records(filled, url, lambda table, _rows: heard.append(table))
    copy = open_store(url)
    assert rows(copy) == rows(filled)
    assert all(rows(copy).values()), "something of every table was there to be copied"
    assert everything(copy) == everything(filled)
    assert heard == [table.name for table in copying.COPIED]
    assert {table.name for table in schema.metadata.sorted_tables} - set(heard) == {"lock"}
    assert done.rows == done.new == {name: len(found) for name, found in rows(copy).items()}


def test_what_begins_after_the_copy_gets_the_next_number(filled: Store, ran: Callable[..., int], url: str) -> None:
    fill(filled, ran)
    copying.copy_records(filled, url)
    copy = open_store(url)
    highest = max(row["id"] for row in rows(copy)["step"])
    run = copy.begin_run(NewRun("client-lab", "/x", ("inspect",), this_actor()))
    assert run == 3
    assert copy.begin_step(run, "inspect", "i") == highest + 1
    assert copy.create_release(Release(0, "e", "a", "2", ReleaseState.STAGED, 0, "o", now())).id == 2


def test_a_copy_is_brought_up_to_date_by_another(filled: Store, ran: Callable[..., int], url: str) -> None:
    fill(filled, ran)
    copying.copy_records(filled, url)
    ran(BOTH, output="more")
    release = filled.open_release("client-lab")
    assert release is not None
    filled.update_release(replace(release, weight=50))
    done = copying.copy_records(filled, url)
    assert rows(open_store(url)) == rows(filled)
    assert (done.new["run"], done.new["release"], done.new["result"]) == (1, 0, 2)
    assert sum(copying.copy_records(filled, url).new.values()) == 0


def test_runs_of_others_are_never_mixed_in(filled: Store, ran: Callable[..., int], url: str, tmp_path: Path) -> None:
    ran(BOTH)
    copying.copy_records(filled, url)
    other = open_store(f"sqlite:///{tmp_path}/other/lifecycle.db")
    before = rows(open_store(url))
    with pytest.raises(StoreError, match=r"there is run 1 of client-lab, which is not in the records here"):
        copying.copy_records(other, url)
    run = other.begin_run(NewRun("client-lab", "/x", ("inspect",), this_actor()))
    other.end_run(run, Status.SUCCESSFUL)
    with pytest.raises(StoreError, match="there is run 1 of client-lab"):
        copying.copy_records(other, url)
    assert rows(open_store(url)) == before


def test_a_run_at_work_is_waited_for(filled: Store, ran: Callable[..., int], url: str) -> None:
    ran(BOTH, status=Status.RUNNING)
    with pytest.raises(StoreError, match="run 1 is at work"):
        copying.copy_records(filled, url)


def test_a_row_that_does_not_arrive_takes_all_of_it_back(
    filled: Store, ran: Callable[..., int], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(filled, ran)
    target = open_store(url)
    spoil = sa.text("UPDATE result SET message = 'other' WHERE run_id = 2 AND counter = 1")
    compare = copying._compare

    def spoiled(read: Any, write: Any, table: Any, address: str) -> None:
        if table is schema.result:
            write.execute(spoil)
        compare(read, write, table, address)

    monkeypatch.setattr(copying, "_compare", spoiled)
    with pytest.raises(StoreError, match="result 2, 1 did not arrive as it is here"):
        copying.copy_records(filled, url)
    assert not any(rows(target).values())


def test_the_character_0_which_postgresql_cannot_hold_is_shown_and_told(
    filled: Store, ran: Callable[..., int], url: str
) -> None:
    run = ran(BOTH, output="a\0b")
    step = filled.get_run(run).steps[0].id
    filled.add_results(
        [TaskRecord(run, step, "n", "With", "c", "p:1", "play")],
        [ResultRecord(run, 9, step, "n", "app1", ResultStatus.OK, now(), message="a")],
    )
    # As earlier versions stored it.
    with filled.transaction() as connection:
        connection.execute(schema.result.update().where(schema.result.c.counter == 9).values(message="a\0b"))
        connection.execute(schema.task.update().where(schema.task.c.uuid == "n").values(name="With \0"))
    done = copying.copy_records(filled, url)
    copied = open_store(url).list_results(run)
    if url.startswith("sqlite"):
        assert (copied[-1].message, done.notices) == ("a\0b", [])
    else:
        assert (copied[-1].message, copied[-1].task) == ("a␀b", "With ␀")
        assert done.notices == [
            "1 rows of result have the character 0, which is shown as ␀ there",
            "1 rows of task have the character 0, which is shown as ␀ there",
        ]
    assert copied[0].output == "a\0b"
    assert sum(copying.copy_records(filled, url).new.values()) == 0


def test_what_began_during_the_copy_is_told(filled: Store, ran: Callable[..., int], url: str) -> None:
    ran(BOTH)

    def begin(table: str, _rows: int) -> None:
        if table == "run":
            ran(BOTH)

    done = copying.copy_records(filled, url, begin)
    assert done.notices == ["1 runs began here during the copy and are not in it: copy once more"]
    assert len(open_store(url).list_runs()) == 1


def test_memory_stays_flat(filled: Store, ran: Callable[..., int], url: str) -> None:
    """Fifteen thousand results, which take 18 MB in memory, are copied with a third of that."""
    run = ran(BOTH)
    step = filled.get_run(run).steps[0].id
    for start in range(100, 15_100, 5_000):
        filled.add_results(
            [],
            [
                ResultRecord(run, number, step, "t", f"app{number}", ResultStatus.OK, now(), message="m" * 300)
                for number in range(start, start + 5_000)
            ],
        )
    copying.copy_records(filled, url)  # what is imported and compiled is in memory from here on
    gc.collect()
    tracemalloc.start()
    copying.copy_records(filled, url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6_000_000, f"{peak / 1e6:.1f} MB"
