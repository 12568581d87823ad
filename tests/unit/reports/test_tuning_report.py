"""From runs on record to what a page shows."""

from __future__ import annotations

from typing import Any

import pytest
from tuning_records import evidence, plan, run, setting

from orchestrator.errors import ReportError
from orchestrator.records.entities import Status
from orchestrator.reports.sameness import same
from orchestrator.reports.tuning import TuningReport, Value, tuning_report

SETTINGS = [setting("shared_buffers", "1024MB"), setting("jit", "off"), setting("work_mem", "4MB", given=True)]


def report(*runs: Any) -> TuningReport:
    return tuning_report("client-lab", runs)


def values(made: TuningReport, service: str = "postgresql", host: int = 0) -> dict[str, Value]:
    return {one.name: one for found in made.hosts[host].services if found.name == service for one in found.values}


def states(made: TuningReport, service: str = "postgresql") -> dict[str, str]:
    return {name: one.state for name, one in values(made, service).items()}


def test_the_slices_add_up_to_the_memory_of_the_host() -> None:
    (host,) = report(run(1, lifecycle_tuning={"db1": plan()})).hosts
    assert [(one.name, one.mb) for one in host.slices] == [
        ("reserve", 100), ("postgresql", 500), ("redis", 250), ("unassigned", 150)
    ]  # fmt: skip
    assert sum(one.mb for one in host.slices) == host.ram_mb
    assert host.slices[1].part == 0.5
    assert host.slices[1].why == "half of it; at least"


def test_each_value_has_old_new_why_source_and_what_became_of_it() -> None:
    before = {"postgresql": {"shared_buffers": "128MB", "jit": "off", "work_mem": "4MB"}}
    told = run(1, lifecycle_tuning={"db1": plan(postgresql=SETTINGS)}, lifecycle_before={"db1": before})
    assert values(report(told))["shared_buffers"] == Value(
        "shared_buffers", "128MB", "1024MB", "because", "a book", "changed"
    )
    assert states(report(told)) == {"shared_buffers": "changed", "jit": "as it was", "work_mem": "kept as given"}


@pytest.mark.parametrize(
    ("before", "state"),
    [(None, "set"), ({"db1": {}}, "service is new"), ({"db1": {"postgresql": {}}}, "was default")],
)
def test_a_value_without_an_old_one_says_why_there_is_none(before: Any, state: str) -> None:
    more = {} if before is None else {"lifecycle_before": before}
    made = report(run(1, lifecycle_tuning={"db1": plan(postgresql=SETTINGS)}, **more))
    assert values(made)["shared_buffers"].old is None
    assert states(made)["shared_buffers"] == state


def test_a_collector_is_its_own_value() -> None:
    before = {"db1": {"tomcat": {"-XX:+UseG1GC": "-XX:+UseSerialGC"}}}
    told = run(1, lifecycle_tuning={"db1": plan(tomcat=[setting("-XX:+UseG1GC", "")])}, lifecycle_before=before)
    found = values(report(told), "tomcat")["-XX:+UseG1GC"]
    assert (found.old, found.new, found.state) == ("-XX:+UseSerialGC", "-XX:+UseG1GC", "changed")


def test_what_was_worse_is_taken_back_with_what_was_tried() -> None:
    told = run(
        1,
        lifecycle_tuning={"db1": plan(postgresql=SETTINGS, redis=[setting("maxmemory", "9mb")])},
        lifecycle_evidence={"db1": {"postgresql": evidence("worse")}},
        lifecycle_before={"db1": {"postgresql": {"commit_delay": "0", "jit": "on"}, "redis": {"maxmemory": "5mb"}}},
        lifecycle_tried={"postgresql_settings": {"commit_delay": 100000}, "redis_maxmemory_mb": 7},
    )
    made = report(told)
    assert states(made)["jit"] == "taken back"
    assert values(made)["commit_delay"] == Value(
        "commit_delay", "0", "100000", "tried over the plan", "tune_try", "taken back"
    )
    assert [service.taken_back for service in made.hosts[0].services] == [True, False]
    # What was tried is given up whole: the cache has what the plan says.
    assert values(made, "redis")["maxmemory"].new == "9mb"


def test_what_was_tried_and_kept_goes_over_the_plan_and_not_over_the_inventory() -> None:
    tried = {"postgresql_settings": {"jit": "on", "work_mem": "9MB"}}
    made = report(run(1, lifecycle_tuning={"db1": plan(postgresql=SETTINGS)}, lifecycle_tried=tried))
    assert (values(made)["jit"].new, values(made)["jit"].source) == ("on", "tune_try")
    assert values(made)["work_mem"].new == "4MB"


def test_no_difference_between_equal_sides_keeps_the_new_values() -> None:
    told = run(
        1,
        lifecycle_tuning={"db1": plan(postgresql=SETTINGS)},
        lifecycle_evidence={"db1": {"postgresql": evidence("no difference")}},
    )
    (host,) = report(told).hosts
    assert host.measurements[0].verdict == "no difference"
    assert host.measurements[0].ratio == 1.0
    assert not host.services[0].taken_back


@pytest.mark.parametrize(
    ("more", "rises"),
    [({}, True), ({"unit": "ms a transaction"}, False), ({"unit": "ms", "higher_is_better": True}, True)],
)
def test_which_way_is_better_is_known_in_old_records_as_well(more: dict[str, Any], rises: bool) -> None:
    told = run(1, lifecycle_tuning={"db1": plan()}, lifecycle_evidence={"db1": {"postgresql": evidence(**more)}})
    assert report(told).hosts[0].measurements[0].higher_is_better is rises


def test_each_host_is_told_by_the_newest_run_that_knows_it() -> None:
    both = run(2, lifecycle_tuning={"db1": plan(1000), "db2": plan(1000)})
    one = run(5, lifecycle_tuning={"db1": plan(2000)})
    rehearsal = run(6, check=True, lifecycle_tuning={"db1": plan(4000)})
    silent = run(7, status=Status.FAILED)
    made = report(silent, rehearsal, one, both)
    assert [(host.host, host.run_id, host.ram_mb) for host in made.hosts] == [("db1", 5, 2000), ("db2", 2, 1000)]


def test_what_was_done_goes_before_what_was_planned_later() -> None:
    planned = run(9, "tune_plan", lifecycle_tuning={"db1": plan(9000), "db2": plan(3000, postgresql=SETTINGS)})
    made = report(planned, run(2, lifecycle_tuning={"db1": plan(1000)}))
    assert [(host.host, host.is_plan) for host in made.hosts] == [("db1", False), ("db2", True)]
    assert {one.state for one in values(made, host=1).values()} == {"planned"}
    assert not made.measured


def test_a_newer_run_that_told_nothing_is_named() -> None:
    shown = run(5, lifecycle_tuning={"db1": plan()})
    made = report(run(8, status=Status.FAILED), run(7, "provision"), shown, run(2, status=Status.LOST))
    assert [(one.run_id, one.status) for one in made.silent] == [(8, "failed")]
    assert report(shown).silent == ()


def test_a_plan_for_a_host_that_was_described_says_so() -> None:
    described = run(
        1, "tune_plan", lifecycle_tuning={"db1": plan()}, options={"extra_vars": ["tune_cores", "tune_ram_mb"]}
    )
    assert report(described).hosts[0].supposed
    assert not report(run(1, "tune_plan", lifecycle_tuning={"db1": plan()})).hosts[0].supposed


@pytest.mark.parametrize("runs", [(), (run(1),), (run(1, lifecycle_tuning={}),), (run(2, "provision"),)])
def test_nothing_on_record_is_one_line_with_what_to_do(runs: Any) -> None:
    with pytest.raises(ReportError, match=r"nothing is on record of its tuning; `lifecycle tune plan -i client-lab`"):
        report(*runs)


@pytest.mark.parametrize(
    ("key", "found", "words"),
    [
        ("lifecycle_tuning", {"db1": {"machine": 1}}, "lifecycle_tuning cannot be read: machine"),
        ("lifecycle_tuning", {"db1": {**plan(), "budget": {**plan()["budget"], "ram_mb": 0}}}, "budget.ram_mb"),
        ("lifecycle_evidence", {"db1": {"postgresql": evidence(series={"before": [float("nan")]})}}, "series.before.0"),
        ("lifecycle_before", {"db1": [1]}, "lifecycle_before cannot be read"),
    ],
)
def test_a_record_that_cannot_be_read_is_one_line(key: str, found: Any, words: str) -> None:
    with pytest.raises(ReportError, match=words) as raised:
        report(run(3, **{"lifecycle_tuning": {"db1": plan()}, key: found}))
    assert raised.value.where == "run 3"
    assert "\n" not in raised.value.line()


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("1GB", "1024MB", True), ("250", "250ms", True), ("1s", "1000", True), ("99mb", "103809024", True),
        ("0.05", "0.050", True), ("On", "on", True), ("900s", "15min", True), ("32768 60999", "32768 65535", False),
        ("1GB", "1MB", False), ("4", "4.5", False), ("lz4", "off", False), ("1MB", "1min", False),
    ],
)  # fmt: skip
def test_a_quantity_is_the_same_however_it_is_written(one: str, other: str, equal: bool) -> None:
    assert same(one, other) is equal
    assert same(other, one) is equal
