"""What becomes of a job whose process is gone."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.delivery.scaffold import scaffold
from orchestrator.engine import RunRequest
from orchestrator.engine.carry import may_be_repeated
from orchestrator.errors import UsageError
from orchestrator.phases import PHASES
from orchestrator.queue.errand import carry, request_of
from orchestrator.queue.fate import Fate, fate_of
from orchestrator.queue.lifeline import Lifeline
from orchestrator.queue.orders import Order
from orchestrator.records.entities import NewRun, Recorded, Run, Status
from orchestrator.records.liveness import this_actor

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def run(number: int, status: Status) -> Run:
    return Run(number, NewRun("e", "/x", ("inspect",), this_actor()), status, Recorded.FULL, AT)


LOST = run(1, Status.LOST)


def test_where_no_run_had_begun_everything_may_be_done_again() -> None:
    assert fate_of([], repeatable=False) is Fate.AGAIN
    assert fate_of([], repeatable=False, aborting=True) is Fate.CANCELED


def test_a_lost_run_is_done_again_only_where_that_comes_to_the_same_and_not_for_ever() -> None:
    assert fate_of([LOST], repeatable=True) is Fate.AGAIN
    assert fate_of([LOST], repeatable=False) is Fate.LOST
    assert fate_of([LOST], repeatable=True, aborting=True) is Fate.LOST
    assert fate_of([LOST, LOST, LOST], repeatable=True) is Fate.LOST


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (Status.SUCCESSFUL, Fate.SUCCESSFUL),
        (Status.FAILED, Fate.FAILED),
        (Status.INCOMPLETE, Fate.FAILED),
        (Status.CANCELED, Fate.CANCELED),
        (Status.CANCELED_UNCLEAN, Fate.CANCELED),
    ],
)
def test_a_run_that_had_ended_decides_whoever_heard_of_it(status: Status, fate: Fate) -> None:
    for repeatable in (True, False):
        assert fate_of([run(2, status), LOST], repeatable=repeatable) is fate


def test_what_changes_nothing_may_be_repeated_and_what_remembers_a_before_may_not() -> None:
    may = {phase.name for phase in PHASES if phase.idempotent}
    assert may == {"preflight", "provision", "inspect", "bundle", "release_status", "tune_plan"}
    assert {phase.name for phase in PHASES if not phase.changes_hosts} <= may


def test_a_request_may_be_repeated_when_each_phase_may_or_when_it_is_a_rehearsal() -> None:
    def asked(*phases: str, check: bool = False) -> bool:
        return may_be_repeated(RunRequest(environment=None, phases=phases, check=check))  # type: ignore[arg-type]

    assert asked("preflight", "provision")
    assert not asked("provision", "tune")
    assert asked("tune", check=True)
    assert not asked("own.yml")
    with pytest.raises(UsageError):
        asked("no-such-phase")


def test_an_order_comes_back_from_the_queue_as_it_went_in() -> None:
    order = Order("e", "/x/e", ("inspect", "own.yml"), "/x", "ann@desk", AT, 5.0, {"tags": ("a",), "check": True})
    assert Order.of(json.loads(json.dumps(order.data()))) == order
    assert dataclasses.replace(order, wait=6.0) != order


def test_a_controller_without_the_directory_takes_its_own_environment_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = tmp_path / "inventories" / "acme-test"
    scaffold(environment, "acme", "test", "clinic")
    monkeypatch.chdir(tmp_path)
    order = Order("acme-test", "/gone/inventories/acme-test", ("inspect",), "/gone", "ann@desk", AT)
    request = request_of(order)
    assert (request.environment.path, request.phases) == (environment, ("inspect",))


def test_a_step_of_another_command_that_the_clock_submitted_is_refused() -> None:
    order = Order("acme-test", "/gone/inventories/acme-test", ("rollback",), "/gone", "ann@desk", AT)
    said = carry(order, {"job": 1, "worker": "w", "earlier": []})
    assert said == {"refused": "rollback is a step of `lifecycle release`; use `lifecycle release`"}


def test_a_line_that_nobody_holds_is_let_go() -> None:
    gone = threading.Event()
    line = Lifeline(0.5, gone.set)
    line.start()
    for _ in range(8):
        time.sleep(0.1)
        line.hold()
    assert not gone.is_set()
    assert gone.wait(3)
