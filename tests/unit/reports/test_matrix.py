"""The matrix: one letter a result, hosts that fared alike in one row, the worst first."""

from __future__ import annotations

import time

from run_records import outcome, outcomes, task

from orchestrator.reports.matrix import marked, matrix


def test_hosts_that_fared_alike_share_a_row_and_the_worst_come_first() -> None:
    hosts = {"a": ".C.", "b": "...", "c": ".F", "d": ".C.", "e": "U"}
    found = matrix("tune", [task(1), task(2), task(3)], outcomes(hosts), hosts)
    assert [(row.hosts, row.cells) for row in found.rows] == [
        (("e",), "U  "), (("c",), ".F "), (("a", "d"), ".C."), (("b",), "..."),
    ]  # fmt: skip
    assert found.hosts == 5


def test_the_last_result_counts_and_retries_and_failed_items_do_not() -> None:
    found = [
        outcome("a", 1, "R", 1),
        outcome("a", 1, "R", 2),
        outcome("a", 1, ".", 3),
        outcome("b", 1, "F", 4),
        outcome("b", 1, "I", 5),
    ]
    assert [row.cells for row in matrix("tune", [task(1)], found, ()).rows] == ["I", "."]


def test_tasks_stand_in_the_order_of_their_first_results_and_say_who_was_slowest() -> None:
    found = [outcome("a", 2, "."), outcome("a", 1, "C"), outcome("b", 1, "C")._replace(seconds=7.5)]
    lines = matrix("tune", [task(1), task(2), task(3)], found, ()).tasks
    assert [(line.number, line.name) for line in lines] == [(1, "Task 2"), (2, "Task 1"), (3, "Task 3")]
    assert (lines[1].counts, lines[1].longest, lines[1].longest_host) == ({"changed": 2}, 7.5, "b")
    assert lines[2].counts == {}


def test_a_result_whose_task_was_lost_and_a_host_without_results_are_there() -> None:
    found = matrix("tune", [], outcomes({"a": "."}), ["a", "b"])
    assert found.tasks[0].name == "?"
    assert {row.hosts: row.cells for row in found.rows} == {("a",): ".", ("b",): " "}


def test_the_ruler_names_every_tenth_task_over_its_column() -> None:
    found = matrix("tune", [task(number) for number in range(1, 26)], [], ["a"])
    assert found.ruler == "1         11        21"


def test_only_what_stands_out_is_marked_up() -> None:
    assert str(marked("..CC.F- ")) == '..<b class="C">CC</b>.<b class="F">F</b>- '


def test_a_hundred_and_fifty_thousand_results_take_seconds_at_most() -> None:
    hosts = {f"web{number:03d}": ("." * 299 + "C" if number % 2 else "." * 300) for number in range(500)}
    found = outcomes(hosts)
    began = time.monotonic()
    made = matrix("provision", [task(number) for number in range(1, 301)], found, hosts)
    assert time.monotonic() - began < 5
    assert [len(row.hosts) for row in made.rows] == [250, 250]
