"""From events to rows: what is kept, what is told, what is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.engine.translate import (
    KEEP_CHARACTERS,
    diff_of,
    message_of,
    output_of,
    result_of,
    totals_of,
)
from orchestrator.records.entities import ResultStatus


def event(name: str, outcome: dict[str, Any], **data: Any) -> dict[str, Any]:
    about = {"host": "app1", "task": "Do it", "task_uuid": "u1", "res": outcome, "duration": 1.5}
    return {"event": name, "uuid": "e1", "created": "2026-01-02T03:04:05+00:00", "event_data": about | data}


@pytest.mark.parametrize(
    ("name", "outcome", "data", "status"),
    [
        ("runner_on_ok", {}, {}, ResultStatus.OK),
        ("runner_on_ok", {"changed": True}, {}, ResultStatus.CHANGED),
        ("runner_on_failed", {"msg": "x"}, {}, ResultStatus.FAILED),
        ("runner_on_failed", {"msg": "x"}, {"ignore_errors": True}, ResultStatus.IGNORED),
        ("runner_on_unreachable", {"msg": "x"}, {}, ResultStatus.UNREACHABLE),
        ("runner_on_skipped", {}, {}, ResultStatus.SKIPPED),
    ],
)
def test_the_status_of_a_result(name: str, outcome: dict[str, Any], data: dict[str, Any], status: ResultStatus) -> None:
    assert result_of(event(name, outcome, **data), 1, 2, 3).status is status


def test_a_result_carries_its_key_and_place() -> None:
    found = result_of(event("runner_on_ok", {"changed": True}), run_id=7, step_id=8, counter=9)
    assert (found.run_id, found.step_id, found.counter, found.host, found.task_uuid) == (7, 8, 9, "app1", "u1")
    assert found.seconds == 1.5
    assert found.at.isoformat() == "2026-01-02T03:04:05+00:00"


def test_module_arguments_facts_and_diffs_are_not_in_the_output() -> None:
    outcome = {
        "invocation": {"module_args": {"password": "x"}},
        "ansible_facts": {"a": 1},
        "diff": {"before": "", "after": "x"},
        "rc": 0,
        "results": [{"invocation": {}, "item": 1}],
    }
    assert json.loads(output_of(outcome) or "") == {"rc": 0, "results": [{"item": 1}]}


def test_a_result_that_says_nothing_has_no_output() -> None:
    assert output_of({"changed": True, "_ansible_no_log": False}) is None


def test_an_oversized_output_is_cut_and_says_so() -> None:
    found = result_of(event("runner_on_ok", {"stdout": "x" * (KEEP_CHARACTERS + 1)}), 1, 1, 1)
    assert found.cut
    assert len(found.output or "") == KEEP_CHARACTERS


def test_a_result_the_runner_emptied_says_that_it_was_cut() -> None:
    assert result_of(event("runner_on_ok", {}), 1, 1, 1).cut
    assert not result_of(event("runner_on_ok", {"changed": False}), 1, 1, 1).cut


def test_diffs_of_a_loop_are_joined_and_unified() -> None:
    one = {"before": "a\nb\n", "after": "a\nc\n", "before_header": "/etc/x", "after_header": "/etc/x"}
    assert diff_of({"results": [{"diff": [one]}, {"diff": {"prepared": "+made"}}]}) == (
        "--- /etc/x\n+++ /etc/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n+made"
    )


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ({"msg": "port 80 is taken"}, "port 80 is taken"),
        ({"msg": ["first shortfall", "second shortfall"]}, "first shortfall\nsecond shortfall"),
        ({"msg": "non-zero return code", "stderr": "nginx: bad\n"}, "non-zero return code: nginx: bad"),
        ({"msg": "MODULE FAILURE", "module_stderr": "Traceback (most recent call last):\n  x\nKeyError: 'a'"},
         "MODULE FAILURE: KeyError: 'a'"),
        ({"msg": "restored", "validator_output": "redis: unknown directive"}, "restored: redis: unknown directive"),
        ({"msg": "x", "module_stderr": "Sorry, try again.\nsudo: 1 incorrect password attempt"},
         "Incorrect sudo password"),
        ({"msg": "Premature end of stream\n>>> Standard Error\nSorry, try again."}, "Incorrect sudo password"),
        ({"censored": "hidden"}, "the details are hidden: the task has no_log"),
        ({}, "failed without saying why"),
    ],
)  # fmt: skip
def test_the_message_of_a_failure(outcome: dict[str, Any], message: str) -> None:
    assert message_of(outcome) == message


def test_the_recap_counts_hosts_that_only_failed() -> None:
    found = totals_of({"processed": {"a": 1, "b": 1}, "ok": {"a": 3}, "changed": {"a": 1}, "dark": {"b": 1}})
    assert (found["a"].ok, found["a"].changed, found["b"].unreachable, found["b"].ok) == (3, 1, 1, 0)
