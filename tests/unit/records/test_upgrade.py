"""Records of an older version come along whole, and those of a newer one are refused."""

from __future__ import annotations

import hashlib
import signal
import sqlite3
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orchestrator.errors import StoreError
from orchestrator.records import migrate, open_store
from orchestrator.records.entities import NewRun, ResultRecord, ResultStatus, Status, TaskRecord, now
from orchestrator.records.gateway import connect
from orchestrator.records.liveness import this_actor
from orchestrator.records.questions import RunFilter

# An id as Ansible makes it, and one that it never made.
IDS = ("0242ac11-0002-5c3e-91f4-00000000002a", "a handler's: Ü")
ENDED = datetime(2026, 3, 29, 0, 59, 59, 999_999, UTC)
TEXT = "+what changed"
REVISIONS = sorted(path.name.split("_")[0] for path in (migrate.MIGRATIONS / "versions").glob("0*.py"))


def first_records(url: str) -> None:
    """What the first version of lifecycle left: a run with two results of one text, a lock, a release."""
    engine = connect(url)
    migrate._run_alembic(engine, "0001")
    tables = sa.MetaData()
    with engine.begin() as connection:
        tables.reflect(connection)
        actor = {"operator": "ann@host", "host": "elsewhere", "pid": 1, "pid_started": "b:1"}
        run = {
            "id": 7,
            "environment": "client-lab",
            "environment_path": "/x",
            "phases": ["provision"],
            "status": "failed",
        }
        run |= {
            "recorded": "full",
            "check_mode": False,
            "versions": {},
            "options": {"limit": "app"},
            "started_at": now(),
        }
        step = {"id": 3, "run_id": 7, "number": 1, "phase": "provision", "playbook": "p", "status": "failed"}
        step |= {
            "started_at": now(),
            "hosts": {"app1": {"ok": 1, "changed": 1, "failed": 1}},
            "data": {"lifecycle_x": 1},
        }
        task = {"step_id": 3, "run_id": 7, "uuid": "t", "name": "Write", "action": "copy", "location": "", "play": ""}
        content = {"digest": "d" * 64, "size": 1, "compressed": b"x\x9c\x03\x00\x00\x00\x00\x01"}
        result = {
            "run_id": 7,
            "step_id": 3,
            "task_uuid": "t",
            "host": "app1",
            "at": now(),
            "seconds": 1.0,
            "message": "",
        }
        result |= {"status": "ok", "cut": False, "diff": "d" * 64, "output": None}
        lock = {"environment": "client-lab", "since": now(), "what": "run provision", "run_id": 7, **actor}
        release = {"id": 1, "environment": "client-lab", "application": "clinic", "version": "1.0.0", "state": "staged"}
        release |= {"weight": 0, "operator": "ann@host", "started_at": now()}
        rows = {"run": [run | actor], "step": [step], "task": [task], "content": [content], "lock": [lock]}
        rows |= {"release": [release], "result": [result | {"counter": 1}, result | {"counter": 2}]}
        for name in ("run", "step", "task", "content", "result", "lock", "release"):
            connection.execute(tables.tables[name].insert(), rows[name])
    engine.dispose()


def test_records_of_the_first_version_come_along_whole(url: str) -> None:
    first_records(url)
    store = open_store(url)
    (run,) = store.list_runs()
    assert (run.id, run.status, run.about.options, run.about.resumes) == (7, Status.FAILED, {"limit": "app"}, None)
    (step,) = run.steps
    assert (step.hosts["app1"].failed, step.data, step.ran_through) == (1, {"lifecycle_x": 1}, None)
    assert [(row.counter, row.task, row.diff) for row in store.list_results(7)] == [(1, "Write", ""), (2, "Write", "")]
    assert [lock.run_id for lock in store.locks()] == [7]
    assert [release.version for release in store.list_releases("client-lab")] == ["1.0.0"]
    assert store.find_plan(7) is None
    assert [found.id for found in store.list_runs(wanted=RunFilter(changed=True))] == [7]
    new = store.begin_run(NewRun("client-lab", "/x", ("provision",), this_actor(), resumes=7))
    assert store.resumed_by(7) == new
    store.close()
    assert open_store(url).get_run(new).about.resumes == 7


def written_out(url: str) -> None:
    """Records as 0008 has them: an id, a time, a digest as text in each result, a task's text, and evidence."""
    engine = connect(url)
    migrate.begin(engine, "0008")
    tables = sa.MetaData()
    tables.reflect(engine)
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    actor = {"operator": "ann", "host": "desk", "pid": 1, "pid_started": "b:1"}
    run = {"id": 7, "environment": "client-lab", "environment_path": "/x", "phases": ["p"], "status": "successful"}
    run |= {"recorded": "full", "check_mode": False, "versions": {}, "options": {}, "started_at": ENDED, **actor}
    step = {"id": 3, "run_id": 7, "number": 1, "phase": "p", "playbook": "p", "status": "successful"}
    step |= {"started_at": ENDED, "hosts": {}, "data": {}}
    task = {"step_id": 3, "run_id": 7, "name": "Write", "action": "copy", "location": "p:1", "play": "Play"}
    result = {"run_id": 7, "step_id": 3, "host": "app1", "status": "changed", "message": "", "cut": False}
    release = {"id": 5, "environment": "client-lab", "application": "a", "version": "1", "state": "staged", "weight": 0}
    went = {"id": 2, "release_id": 5, "action": "stage", "weight": 0, "status": "successful", "data": {}}
    found = {"id": 4, "run_id": 7, "release_step_id": 2, "kind": "guard", "verdict": "ok", "summary": "fine"}
    rows: dict[str, list[dict[str, Any]]] = {
        "run": [run],
        "step": [step],
        "content": [{"digest": digest, "size": len(TEXT), "compressed": zlib.compress(TEXT.encode())}],
        "task": [task | {"uuid": IDS[0], "source": digest}, task | {"uuid": IDS[1], "source": None}],
        "result": [
            result
            | {"counter": 2, "task_uuid": IDS[0], "at": ENDED, "seconds": 0.012345, "diff": digest, "output": None},
            result | {"counter": 3, "task_uuid": IDS[1], "at": ENDED, "seconds": 0.0, "diff": None, "output": digest},
        ],
        "release": [release | {"operator": "ann", "started_at": ENDED}],
        "release_step": [went | {"at": ENDED, "operator": "ann"}],
        "evidence": [found | {"content": digest, "at": ENDED}],
    }
    with engine.begin() as connection:
        for name, some in rows.items():
            connection.execute(tables.tables[name].insert(), some)
    engine.dispose()


def test_what_was_written_out_in_results_is_the_same_in_few_bytes(url: str) -> None:
    written_out(url)
    store = open_store(url)
    first, second = store.list_results(7)
    assert (first.task_uuid, second.task_uuid) == IDS
    assert (first.task, second.task) == ("Write", "Write"), "they still find their task"
    assert (first.at, first.seconds, second.at, second.seconds) == (ENDED, 0.012345, ENDED, 0.0)
    assert (first.diff, first.output, second.diff, second.output) == (TEXT, None, None, TEXT)
    assert {task.uuid: task.source for task in store.list_tasks(7)} == {IDS[0]: TEXT, IDS[1]: None}
    (evidence,) = store.list_evidence(5)
    assert (evidence.id, evidence.run_id, evidence.content, evidence.at) == (4, 7, TEXT, ENDED)
    # What hangs on the run still goes with it, and a text stays as long as evidence has it.
    store.end_run(store.begin_run(NewRun("client-lab", "/x", ("p",), this_actor())), Status.SUCCESSFUL)
    store.prune([7])
    assert (store.list_results(7), store.list_tasks(7)) == ([], [])
    assert [each.content for each in store.list_evidence(5)] == [TEXT]
    with pytest.raises(StoreError), store.transaction() as connection:
        connection.execute(sa.text("DELETE FROM content"))


def test_an_upgrade_that_is_cut_short_leaves_the_records_as_they_were(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lifecycle.db"
    written_out(url)
    with sqlite3.connect(tmp_path / "lifecycle.db") as before:
        expected = list(before.iterdump())
        before.execute("CREATE TABLE new_result (in_the_way)")
    with pytest.raises(StoreError, match="new_result already exists"):
        open_store(url)
    with sqlite3.connect(tmp_path / "lifecycle.db") as after:
        after.execute("DROP TABLE new_result")
        assert list(after.iterdump()) == expected
    assert len(open_store(url).list_results(7)) == 2


@pytest.mark.parametrize(
    "row",
    [
        "result VALUES (7, 9, 3, 't', 'app1', 'ok', '2026-01-02 03:04:05.000000', 0.5, '', NULL, NULL, 0)",
        "task VALUES (3, 't', 7, 'Write', 'copy', 'p:1', 'Play', NULL)",
        "content VALUES ('ab', 1, x'00')",
    ],
)
def test_what_a_run_of_an_older_lifecycle_writes_meanwhile_is_refused_so_that_it_is_spilled(
    tmp_path: Path, row: str
) -> None:
    url = f"sqlite:///{tmp_path}/lifecycle.db"
    written_out(url)
    with sqlite3.connect(tmp_path / "lifecycle.db") as at_work:
        open_store(url).close()
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            at_work.execute(f"INSERT INTO {row}")
    assert len(open_store(url).list_results(7)) == 2


def test_a_value_that_was_never_written_does_not_stop_an_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lifecycle.db"
    written_out(url)
    with sqlite3.connect(tmp_path / "lifecycle.db") as connection:
        connection.execute("UPDATE result SET at = '2026-13', seconds = 9e999, diff = 'no digest' WHERE counter = 2")
    first, second = open_store(url).list_results(7)
    assert (first.at.year, first.seconds, first.diff, second.output) == (1970, 0.0, None, TEXT)


def test_the_newest_migration_is_the_one_that_is_expected() -> None:
    assert REVISIONS[-1] == migrate.HEAD


def test_an_older_lifecycle_refuses_newer_records_with_a_word(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(url)
    run_id = store.begin_run(NewRun("client-lab", "/x", ("p",), this_actor()))
    step_id = store.begin_step(run_id, "p", "p")
    result = ResultRecord(run_id, 1, step_id, "t", "a", ResultStatus.OK, now())
    store.add_results([TaskRecord(run_id, step_id, "t", "n", "", "", "")], [result])
    store.close()
    monkeypatch.setattr(migrate, "HEAD", "0001")
    monkeypatch.setattr(migrate, "MIGRATIONS", Path("/nonexistent"))
    with pytest.raises(StoreError, match=r"written by a newer lifecycle: upgrade this one"):
        open_store(url)
    monkeypatch.undo()
    assert len(open_store(url).list_results(run_id)) == 1


@pytest.mark.parametrize("table", ["run", "result", "new_result"])
def test_a_first_start_that_is_killed_between_two_tables_leaves_records_that_can_be_opened(
    tmp_path: Path, table: str
) -> None:
    url = f"sqlite:///{tmp_path}/lifecycle.db"
    killed = f"""
import os, signal
import sqlalchemy as sa
from orchestrator.records import migrate
from orchestrator.records.gateway import connect
engine = connect({url!r})
@sa.event.listens_for(engine, "before_cursor_execute")
def kill(connection, cursor, statement, *rest):
    if "CREATE TABLE {table} " in " ".join(statement.split()).replace("(", " ("):
        os.kill(os.getpid(), signal.SIGKILL)
migrate.upgrade(engine)
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -signal.SIGKILL
    assert open_store(url).list_runs() == []
