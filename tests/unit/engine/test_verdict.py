"""What a step came to."""

from __future__ import annotations

import pytest

from orchestrator.engine.recorder import Heard
from orchestrator.engine.request import HostFailure
from orchestrator.engine.verdict import exit_code, failures_of, run_status, status_of
from orchestrator.errors import ExitCode
from orchestrator.records.entities import HostTotals, Status

CLOSED = "[ERROR]: Attempting to decrypt but no vault secrets found."
GOOD, BAD, GONE = HostTotals(ok=1), HostTotals(failed=1), HostTotals(unreachable=1)


def heard(*hosts: HostTotals, finished: bool = True, gaps: int = 0) -> Heard:
    named = {f"h{number}": totals for number, totals in enumerate(hosts)}
    return Heard(started=True, finished=finished, gaps=gaps, hosts=named)


@pytest.mark.parametrize(
    ("code", "found", "interrupted", "cut", "status"),
    [
        (0, heard(GOOD), False, False, Status.SUCCESSFUL),
        (2, heard(GOOD, BAD), False, False, Status.FAILED),
        (4, heard(GOOD, GONE), False, False, Status.UNREACHABLE),
        (6, heard(BAD, GONE), False, False, Status.FAILED),
        (0, heard(GOOD, gaps=1), False, False, Status.INCOMPLETE),
        (0, heard(finished=False), False, False, Status.INCOMPLETE),
        (128, heard(finished=False), False, False, Status.INCOMPLETE),
        (0, heard(), False, False, Status.FAILED),
        (1, Heard(), False, False, Status.FAILED),
        (1, Heard(started=True, spoken=[CLOSED]), False, False, Status.FAILED),
        (1, Heard(started=True, tasks=True, spoken=[CLOSED]), False, False, Status.INCOMPLETE),
        (1, Heard(started=True, spoken=["[ERROR]: something else"]), False, False, Status.INCOMPLETE),
        (137, Heard(started=True, spoken=[CLOSED]), False, False, Status.INCOMPLETE),
        (99, heard(finished=False), True, False, Status.CANCELED),
        (0, heard(GOOD), True, False, Status.SUCCESSFUL),
        (0, heard(GOOD), True, True, Status.SUCCESSFUL),
        (128, heard(finished=False), True, True, Status.CANCELED_UNCLEAN),
    ],
)
def test_the_status_of_a_step(code: int, found: Heard, interrupted: bool, cut: bool, status: Status) -> None:
    assert status_of(code, found, interrupted=interrupted, cut=cut) is status


def test_only_the_last_failure_of_a_host_that_failed_counts() -> None:
    found = heard(BAD, GOOD)
    found.failures = [HostFailure("h0", "a", "rescued", ""), HostFailure("h1", "a", "rescued", "")]
    found.failures.append(HostFailure("h0", "b", "real", ""))
    assert [failure.message for failure in failures_of(found, Status.FAILED, "p")] == ["real"]


def test_a_run_interrupted_between_two_steps_is_canceled() -> None:
    assert run_status([Status.SUCCESSFUL], interrupted=True) is Status.CANCELED
    assert run_status([Status.SUCCESSFUL], interrupted=False) is Status.SUCCESSFUL


def test_a_failure_before_any_host_is_a_refusal() -> None:
    assert exit_code(Status.FAILED, any_host=False) is ExitCode.REFUSED
    assert exit_code(Status.FAILED, any_host=True) is ExitCode.HOST_FAILED
    assert exit_code(Status.UNREACHABLE, any_host=True) is ExitCode.UNREACHABLE


def test_of_warnings_and_an_error_the_error_is_the_reason() -> None:
    spoken = [
        "[WARNING]: Could not match supplied host pattern, ignoring: x",
        "[ERROR]: no hosts to target.",
        "Origin: x",
    ]
    (failure,) = failures_of(Heard(spoken=spoken), Status.FAILED, "site")
    assert failure.message == "[ERROR]: no hosts to target.\nOrigin: x"
    (failure,) = failures_of(Heard(spoken=spoken[:1]), Status.FAILED, "site")
    assert failure.message == spoken[0]
