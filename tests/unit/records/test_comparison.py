"""Two runs side by side: what differs, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from orchestrator.records import Store
from orchestrator.records.comparison import Spot, compare, spots
from orchestrator.records.entities import NewRun, Recorded, ResultRecord, ResultStatus, Run, Status, Step, now
from orchestrator.records.liveness import this_actor

OK, CHANGED, FAILED = ResultStatus.OK, ResultStatus.CHANGED, ResultStatus.FAILED


def run(number: int, *phases: str, **about: object) -> Run:
    """A run of these phases; step 1 is the first."""
    new = NewRun("client-lab", "/x", phases, this_actor(), **about)  # type: ignore[arg-type]
    steps = tuple(Step(at, number, at, phase, "p", Status.SUCCESSFUL, now()) for at, phase in enumerate(phases, 1))
    return Run(number, new, Status.SUCCESSFUL, Recorded.FULL, now(), steps=steps)


def result(counter: int, host: str, task: str, status: ResultStatus = OK, **more: object) -> ResultRecord:
    values: dict[str, object] = {"step_id": 1, "task_uuid": task, "task": task, **more}
    return ResultRecord(1, counter, host=host, status=status, at=now(), **values)  # type: ignore[arg-type]


BEFORE, AFTER = run(1, "provision"), run(2, "provision")


def test_the_same_results_do_not_differ_whatever_ids_and_temporary_names_are() -> None:
    diff = "--- before: /etc/x\n+++ after: /tmp/{}\n@@ -1 +1 @@\n-a\n+b"
    left = [result(1, "a", "T", CHANGED, diff=diff.format("one")), result(2, "b", "T")]
    right = [
        result(7, "b", "T", task_uuid="other"),
        result(9, "a", "T", CHANGED, task_uuid="other", diff=diff.format("two")),
    ]
    compared = compare(BEFORE, left, AFTER, right)
    assert (compared.differences, compared.same, dict(compared.about)) == ((), 2, {})


def test_status_message_and_diff_are_told_apart() -> None:
    left = [
        result(1, "a", "Status"),
        result(2, "a", "Message", FAILED, message="x"),
        result(3, "a", "Diff", CHANGED, diff="-a\n+b"),
        result(4, "a", "Same"),
    ]
    right = [
        result(1, "a", "Status", CHANGED),
        result(2, "a", "Message", FAILED, message="y"),
        result(3, "a", "Diff", CHANGED, diff="-a\n+c"),
        result(4, "a", "Same"),
    ]
    compared = compare(BEFORE, left, AFTER, right)
    assert [(each.spot.task, each.what) for each in compared.differences] == [
        ("Status", ("status",)),
        ("Message", ("message",)),
        ("Diff", ("diff",)),
    ]
    assert compared.same == 1


def test_a_task_that_one_run_did_not_get_to_is_a_difference() -> None:
    left, right = [result(1, "a", "First")], [result(1, "a", "First"), result(2, "a", "New")]
    (new,) = compare(BEFORE, left, AFTER, right).differences
    assert (new.spot.task, new.before, new.what) == ("New", None, ())
    (gone,) = compare(BEFORE, right, AFTER, left).differences
    assert (gone.spot.task, gone.after) == ("New", None)


def test_a_host_and_a_phase_of_one_run_only_are_named_once() -> None:
    left = [result(1, "a", "T"), result(2, "old", "T")]
    right = [result(1, "a", "T"), result(2, "new", "T"), result(3, "a", "U", step_id=2)]
    compared = compare(BEFORE, left, run(2, "provision", "tune"), right)
    assert compared.hosts == (("old",), ("new",))
    assert compared.phases == ((), ("tune",))
    assert compared.differences == ()


def test_what_comes_again_is_counted_and_only_the_last_try_counts() -> None:
    retried = ResultStatus.RETRIED
    found = spots(
        BEFORE,
        [
            result(1, "a", "T", retried, task_uuid="1"),
            result(2, "a", "T", FAILED, task_uuid="1"),
            result(3, "a", "T", OK, task_uuid="1"),
            result(4, "a", "T", CHANGED, task_uuid="2"),
            # Cut off before its last try.
            result(5, "a", "T", retried, task_uuid="3"),
        ],
    )
    assert {spot: each.counter for spot, each in found.items()} == {
        Spot("provision", "a", "T", 1): 3,
        Spot("provision", "a", "T", 2): 4,
    }


def test_what_the_runs_were_made_from_is_told_where_it_differs() -> None:
    before = run(1, "p", git_commit="a", versions={"collection": "1", "python": "3"}, options={"limit": "app"})
    after = run(2, "p", git_commit="b", versions={"collection": "2", "python": "3"}, check=True)
    assert dict(compare(before, [], after, []).about) == {
        "check": (False, True),
        "git_commit": ("a", "b"),
        "version collection": ("1", "2"),
        "option limit": ("app", None),
    }


def test_runs_on_record_are_compared(store: Store, ran: Callable[..., int]) -> None:
    first, second = ran({"a": CHANGED, "b": OK}, diff="-x\n+y"), ran({"a": OK, "b": OK})
    runs = store.get_run(first), store.get_run(second)
    compared = compare(runs[0], store.list_results(first), runs[1], store.list_results(second))
    assert [(each.spot.host, each.what) for each in compared.differences] == [
        ("a", ("status", "diff")),
        ("b", ("diff",)),
    ]
    assert compare(runs[0], store.list_results(first), runs[0], store.list_results(first)).same == 2
    assert dataclasses.asdict(compared.differences[0].spot)["task"] == "Write it"
