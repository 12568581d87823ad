"""Records of an older version come along whole, and those of a newer one are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestrator.errors import StoreError
from orchestrator.records import migrate, open_store
from orchestrator.records.entities import NewRun, ResultRecord, ResultStatus, Status, TaskRecord, now
from orchestrator.records.gateway import connect
from orchestrator.records.liveness import this_actor
from orchestrator.records.questions import RunFilter

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
