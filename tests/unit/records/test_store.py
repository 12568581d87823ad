"""What goes into the store comes out again, on both databases."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from orchestrator.errors import StoreError, UsageError
from orchestrator.records import Store, open_store
from orchestrator.records.entities import (
    HostTotals,
    NewRun,
    Recorded,
    Release,
    ReleaseState,
    ReleaseStep,
    ResultRecord,
    ResultStatus,
    Status,
    TaskRecord,
    now,
)
from orchestrator.records.liveness import this_actor
from orchestrator.records.repair import repair
from orchestrator.records.schema import metadata


def new_run(environment: str = "client-lab", **more: object) -> NewRun:
    return NewRun(environment, "/inventories/client-lab", ("provision",), this_actor(), **more)  # type: ignore[arg-type]


def test_a_run_comes_back_as_it_was_stored(store: Store) -> None:
    about = new_run(check=True, reason="why", git_commit="a" * 40, git_dirty=True, versions={"python": "3"})
    run_id = store.begin_run(about)
    step_id = store.begin_step(run_id, "provision", "impl.lifecycle.provision")
    totals = {"app1": HostTotals(ok=3, changed=1)}
    store.end_step(step_id, Status.SUCCESSFUL, totals, {"lifecycle_x": {"a": 1}})
    store.end_run(run_id, Status.SUCCESSFUL, Recorded.PARTIAL)
    run = store.get_run(run_id)
    assert run.about == about
    assert (run.status, run.recorded, run.changed) == (Status.SUCCESSFUL, Recorded.PARTIAL, True)
    (step,) = run.steps
    assert (step.number, dict(step.hosts), dict(step.data)) == (1, totals, {"lifecycle_x": {"a": 1}})
    assert run.ended_at is not None
    assert run.started_at <= run.ended_at <= now()
    assert store.list_runs() == [run]
    assert store.list_runs("another") == []


def test_results_come_back_in_order_and_the_same_text_is_stored_once(store: Store) -> None:
    run_id = store.begin_run(new_run())
    step_id = store.begin_step(run_id, "p", "p.yml")
    task = TaskRecord(run_id, step_id, "t", "Write it", "copy", "p.yml:3", "play")
    results = [
        ResultRecord(run_id, counter, step_id, "t", host, status, now(), diff="+same ü", output='{"rc": 0}')
        for counter, host, status in ((5, "b", ResultStatus.FAILED), (4, "a", ResultStatus.CHANGED))
    ]
    store.add_results([task], results)
    store.add_results([task], results)  # A batch offered twice changes nothing.
    found = store.list_results(run_id)
    assert [(row.counter, row.host, row.task, row.diff) for row in found] == [
        (4, "a", "Write it", "+same ü"),
        (5, "b", "Write it", "+same ü"),
    ]
    assert [row.host for row in store.list_results(run_id, failed=True)] == ["b"]
    assert [row.counter for row in store.list_results(run_id, host="a")] == [4]
    with store.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM content")).scalar() == 2


def test_the_character_0_which_postgresql_cannot_hold_costs_no_result(store: Store) -> None:
    run_id = store.begin_run(new_run())
    step_id = store.begin_step(run_id, "provision", "p")
    result = ResultRecord(run_id, 1, step_id, "t", "app1", ResultStatus.FAILED, now(), message="a\0b", output="a\0b")
    store.add_results([TaskRecord(run_id, step_id, "t", "With \0", "c", "p:1", "play")], [result])
    store.end_step(step_id, Status.FAILED, {}, {"lifecycle_x": "a\0b"})
    (found,) = store.list_results(run_id)
    assert (found.message, found.task, found.output) == ("a␀b", "With ␀", "a\0b")
    assert store.get_run(run_id).steps[0].data == {"lifecycle_x": "a\0b"}


def test_a_batch_is_stored_whole_or_not_at_all(store: Store) -> None:
    run_id = store.begin_run(new_run())
    step_id = store.begin_step(run_id, "p", "p.yml")
    good = ResultRecord(run_id, 1, step_id, "t", "a", ResultStatus.OK, now())
    with pytest.raises(StoreError):
        store.add_results([], [good, dataclasses.replace(good, counter=2, run_id=9999)])
    assert store.list_results(run_id) == []


def test_a_run_that_is_not_there_is_said_so(store: Store) -> None:
    with pytest.raises(UsageError, match="no run 77"):
        store.get_run(77)


def test_a_release_goes_its_way(store: Store) -> None:
    draft = Release(0, "client-lab", "clinic", "1.1.0", ReleaseState.STAGED, 0, "ann@host", now(), previous="1.0.0")
    release = store.create_release(draft)
    assert store.open_release("client-lab") == release
    assert store.open_release("client-lab", "other") is None
    done = dataclasses.replace(release, state=ReleaseState.PROMOTED, weight=100, ended_at=now())
    store.update_release(done)
    assert store.open_release("client-lab") is None
    assert store.list_releases("client-lab") == [done]
    draft_step = ReleaseStep(0, release.id, "widen", 10, Status.SUCCESSFUL, now(), "ann@host", data={"lost": 0})
    step = store.add_release_step(draft_step)
    assert store.list_release_steps(release.id) == [step]


def test_the_migrations_lead_to_the_tables_of_the_schema(store: Store) -> None:
    with store.transaction() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_records_of_a_newer_version_are_refused(url: str) -> None:
    store = open_store(url)
    with store.transaction() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(StoreError, match=r"newer lifecycle: upgrade this one"):
        open_store(url)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://x/y", "no usable address"),
        ("nonsense", "no usable address"),
        ("postgresql://nobody@127.0.0.1:1/x", "cannot be used"),
        ("sqlite:////proc/nowhere/x.db", "cannot be used"),
    ],
)
def test_an_unusable_address_is_one_line(address: str, words: str) -> None:
    with pytest.raises(StoreError, match=words) as raised:
        open_store(address)
    assert "\n" not in raised.value.line()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://nobody@127.0.0.1:1/x?password=hunter2-s3cret",
        "postgresql://nobody:hunter2-s3cret@127.0.0.1:1/x",
        "postgresql://nobody:hunter2-s3cret@host:port/x",
        "nonsense://nobody:hunter2-s3cret@host/x",
    ],
)
def test_a_password_in_an_address_is_in_no_message(address: str) -> None:
    with pytest.raises(StoreError) as raised:
        open_store(address)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(StoreError) as raised:
        repair(address, check=True)
    assert "hunter2" not in str(raised.value)


def test_a_number_larger_than_a_record_can_have_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="a number is larger than any on record; lifecycle history lists the runs"):
        open_store(f"sqlite:///{tmp_path}/lifecycle.db").get_run(2**63)


@pytest.mark.parametrize("change", ["status = 'exploded'", "options = '{'"])
def test_what_was_never_written_there_is_one_line(url: str, change: str) -> None:
    store = open_store(url)
    if store._engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL lets none of this in")
    store.begin_run(new_run())
    with store.transaction() as connection:
        connection.execute(sa.text(f"UPDATE run SET {change}"))
    for ask in (store.list_runs, lambda: store.get_run(1)):
        with pytest.raises(StoreError, match=r"the records cannot be used: .*records repair"):
            ask()


def test_records_are_not_made_elsewhere_when_their_directory_has_a_question_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIFECYCLE_DATABASE_URL", raising=False)
    monkeypatch.setenv("LIFECYCLE_VAR", str(tmp_path / "what?is=this"))
    with pytest.raises(StoreError, match="name another directory in LIFECYCLE_VAR"):
        open_store()
    assert not list(tmp_path.iterdir())
