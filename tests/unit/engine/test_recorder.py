"""From the runner's events to the store: nothing is held up, and what is missing is noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.recorder import Heard, Place, Recorder
from orchestrator.engine.scrub import Scrubber
from orchestrator.engine.spill import Spill
from orchestrator.engine.verdict import status_of
from orchestrator.records import Store, open_store
from orchestrator.records.entities import NewRun, Status
from orchestrator.records.liveness import this_actor


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path}/lifecycle.db")


def heard(store: Store, tmp_path: Path, *events: dict[str, Any] | bytes) -> Heard:
    actor = this_actor()
    run_id = store.begin_run(NewRun("client-lab", "/x", ("p",), actor))
    place = Place(run_id, store.begin_step(run_id, "p", "p.yml"), "p", 0)
    spill = Spill(tmp_path / "spill.ndjson", run_id, actor)
    recorder = Recorder(store, spill, place, Scrubber([]), None, on_start=lambda _pid: None)
    for event in events:
        recorder.handle(event if isinstance(event, bytes) else json.dumps(event).encode() + b"\n")
    return recorder.close()


def result(counter: int) -> dict[str, Any]:
    data = {"host": "a", "task": "t", "task_uuid": "u", "res": {"changed": False}, "duration": 3.5}
    return {"counter": counter, "event": "runner_on_ok", "created": "2026-01-02T03:04:05+00:00", "event_data": data}


START = {"counter": 1, "event": "playbook_on_start", "pid": 1, "event_data": {}}


def stats(counter: int) -> dict[str, Any]:
    data = {"processed": {"a": 1}, "ok": {"a": 2}, "artifact_data": {"x": 1, "lifecycle_ran_through": True}}
    return {"counter": counter, "event": "playbook_on_stats", "event_data": data}


def status(found: Heard) -> Status:
    return status_of(0, found, interrupted=False, cut=False)


def test_all_events_in_a_row_are_a_success(store: Store, tmp_path: Path) -> None:
    found = heard(store, tmp_path, START, result(2), stats(3))
    assert (status(found), found.ran_through, found.data) == (Status.SUCCESSFUL, True, {"x": 1})
    assert [row.seconds for row in store.list_results(1)] == [3.5]


def test_an_event_that_never_came_makes_it_incomplete(store: Store, tmp_path: Path) -> None:
    assert status(heard(store, tmp_path, START, result(2), stats(4))) is Status.INCOMPLETE


def test_a_final_report_that_never_came_makes_it_incomplete(store: Store, tmp_path: Path) -> None:
    assert status(heard(store, tmp_path, START, result(2))) is Status.INCOMPLETE


def test_an_event_nobody_can_read_costs_that_event_and_is_told(store: Store, tmp_path: Path) -> None:
    broken = result(2) | {"event_data": None}
    found = heard(store, tmp_path, START, broken, result(3), stats(4))
    assert status(found) is Status.SUCCESSFUL
    assert [row.counter for row in store.list_results(1)] == [3]
    assert '"kind": "unreadable", "counter": 2' in (tmp_path / "spill.ndjson").read_text()


def test_a_line_that_a_killed_ansible_had_begun_makes_it_incomplete_and_is_no_result(
    store: Store, tmp_path: Path
) -> None:
    found = heard(store, tmp_path, START, b'{"counter": 2, "event": "runner_on', stats(2))
    assert status(found) is Status.INCOMPLETE
    assert list(store.list_results(1)) == []


def test_what_ansible_prints_is_kept_beside_the_events(store: Store, tmp_path: Path) -> None:
    actor = this_actor()
    run_id = store.begin_run(NewRun("client-lab", "/x", ("p",), actor))
    place = Place(run_id, store.begin_step(run_id, "p", "p.yml"), "p", 0)
    recorder = Recorder(store, Spill(tmp_path / "spill", run_id, actor), place, Scrubber(["s3cret"]), None, print)
    # The runner uses one dictionary for all lines of a text.
    line = {"event": "verbose", "counter": 7, "stdout": "ERROR! no s3cret"}
    assert recorder.hear(line) is False
    line["stdout"] = "here"
    recorder.hear(line)
    recorder.hear({"event": "warning", "stdout": "[WARNING]: beware"})
    recorder.hear({"event": "debug", "stdout": "nobody asked"})
    found = recorder.close()
    assert (found.spoken, found.warnings) == (["ERROR! no ********", "here"], ["[WARNING]: beware"])
    assert (found.events, found.gaps) == (0, 0)
