"""What a page about a run is made of: failures once for all hosts, causes, differences, the time line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from run_records import (
    DIFF,
    answer,
    later,
    made,
    material,
    outcome,
    outcomes,
    release,
    release_step,
    run,
    step,
    task,
    texts,
    told,
)

from orchestrator.records.contents import digest
from orchestrator.records.entities import Evidence, HostTotals, Status
from orchestrator.reports.release_story import release_story
from orchestrator.reports.run_report import KEEP_LINES, run_report


def test_the_same_failure_of_many_hosts_is_told_once_with_the_place_of_the_task() -> None:
    found = made(outcomes=outcomes({"a": "F", "b": "F", "c": "U"}, message="no"), hosts={"a": "F", "b": "F", "c": "U"})
    assert [(one.hosts, one.status.value, one.message, one.where) for one in found.failures] == [
        (("a", "b"), "failed", "no", "/srv/site.yml:10"),
        (("c",), "unreachable", "no", "/srv/site.yml:10"),
    ]


def test_a_failing_loop_is_told_by_its_items() -> None:
    items = [
        outcome("a", 1, "F", 1, message="item 2"),
        outcome("a", 1, "F", 2, message="item 3"),
        outcome("a", 1, "F", 3, message="One or more items failed"),
    ]
    (failure,) = made({"a": "F"}, outcomes=items).failures
    assert failure.message == "item 2\nitem 3"


def test_what_the_program_said_is_the_cause_unless_the_message_says_it() -> None:
    output = answer(rc=3, cmd=["psql", "-c"], stderr="no such\ndatabase", stdout="the message", changed=True)
    failing = [outcome("a", 1, "F", message="it ended: the message", output=digest(output))]
    (failure,) = made({"a": "F"}, outcomes=failing, texts=texts(output)).failures
    assert failure.cause == 'rc: 3\ncmd: ["psql", "-c"]\nstderr:\nno such\ndatabase'


def test_an_answer_that_was_cut_is_shown_as_far_as_it_goes() -> None:
    failing = [outcome("a", 1, "F", output=digest('{"stderr": "no'), cut=True)]
    (failure,) = made({"a": "F"}, outcomes=failing, texts=texts('{"stderr": "no')).failures
    assert (failure.cause, failure.cut) == ('{"stderr": "no', True)


@pytest.mark.parametrize(
    ("letter", "totals", "excused"),
    [
        ("I", HostTotals(ok=1, ignored=1), True),
        ("F", HostTotals(ok=1, rescued=1), True),
        ("F", HostTotals(failed=1, rescued=1), False),
        ("F", HostTotals(failed=1), False),
        ("U", HostTotals(unreachable=1), False),
    ],
)
def test_what_was_rescued_or_ignored_did_not_stop_the_play(letter: str, totals: HostTotals, excused: bool) -> None:
    (failure,) = made({"a": letter}, run=run(step(hosts={"a": totals}))).failures
    assert failure.excused is excused


def test_failures_that_stopped_the_play_come_first() -> None:
    hosts = {"a": HostTotals(ok=1, ignored=1, failed=1)}
    found = made({"a": "IF"}, run=run(step(hosts=hosts))).failures
    assert [(one.task, one.excused) for one in found] == [("Task 2", False), ("Task 1", True)]


def test_equal_differences_are_shown_once_and_what_does_not_fit_is_counted() -> None:
    other = "--- x\n+++ y\n+z"
    changed = [*outcomes({"a": "C", "b": "C"}, diff=digest(DIFF)), outcome("c", 1, "C", 9, diff=digest(other))]
    found = made({"a": "C", "b": "C", "c": "C"}, outcomes=changed, texts=texts(DIFF))
    assert [(one.hosts, one.text, one.more) for one in found.differences] == [(("a", "b"), DIFF, 0)]
    assert found.omitted == 1


def test_a_long_difference_is_shown_in_part_and_says_how_much_is_missing() -> None:
    long = "\n".join(f"+{number}" for number in range(KEEP_LINES + 7))
    (shown,) = made({"a": "C"}, outcomes=outcomes({"a": "C"}, diff=digest(long)), texts=texts(long)).differences
    assert (len(shown.text.split("\n")), shown.more) == (KEEP_LINES, 7)


def test_the_time_line_places_each_phase_within_the_run() -> None:
    found = made(
        run=run(step(1), step(2, "tune", status=Status.FAILED), step(3, "verify", ended_at=None)), tasks=[], outcomes=[]
    )
    assert [(one.phase, round(one.begins, 2), round(one.ends, 2), one.seconds) for one in found.phases] == [
        ("provision", 0.0, 0.33, 60.0), ("tune", 0.33, 0.67, 60.0), ("verify", 0.67, 1.0, None),
    ]  # fmt: skip


def test_a_run_that_never_began_a_phase_is_a_report_all_the_same() -> None:
    about = replace(run(status=Status.LOST), steps=(), ended_at=None)
    found = run_report(replace(material(), run=about, tasks=(), outcomes=()))
    assert (found.phases, found.matrices, found.failures) == ((), (), ())


def test_two_steps_keep_their_results_apart() -> None:
    both = [*outcomes({"a": "."}), *outcomes({"a": "F"}, step_id=2)]
    found = made(run=run(step(1), step(2, "tune")), tasks=[task(1), task(1, "Other", 2)], outcomes=both)
    assert [(one.phase, one.tasks[0].name, one.rows[0].cells) for one in found.matrices] == [
        ("provision", "Task 1", "."), ("tune", "Other", "F"),
    ]  # fmt: skip
    assert [one.phase for one in found.failures] == ["tune"]


def test_evidence_of_run_and_release_is_there_once() -> None:
    one, other = (Evidence(number, 1, "guard", "HARM", "edge1: too many", later(9), run_id=1) for number in (1, 2))
    story = release_story(release(), [], [], [one])
    assert [found.id for found in made(releases=[story], evidence=[other, one]).evidence] == [1, 2]


def test_a_release_is_told_by_confirmed_weights_and_by_what_the_guards_counted_of_it() -> None:
    steps = [
        release_step(1, "stage", 0),
        release_step(2, "widen", 10, Status.RUNNING, run_id=None),
        release_step(2, "widen", 10),
        release_step(3, "widen", 50, Status.FAILED),
        release_step(4, "roll_back", 0),
    ]
    looks = [told(2, (1, 100), (5, 10)), told(3, (0, 9), (0, 9), version="1.0.0"), told(4, (0, 0), (0, 0))]
    broken = told(3, (1, 1), (1, 1))
    broken.data["lifecycle_guard"]["edge1"]["opinion"] = "?"
    story = release_story(release(), steps, [*looks, broken], [])
    assert [(one.weight, one.at) for one in story.weights] == [(0, later(0)), (10, later(120)), (0, later(240))]
    (look,) = story.looks
    assert (look.run_id, look.stable_rate, look.candidate_rate) == (2, 0.01, 0.5)
    assert story.until == later(300)
