"""The page of an environment: hosts in trouble first, how each host stands, its runs and releases."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from run_records import later, release, release_step, run, step

from orchestrator.errors import ReportError
from orchestrator.records.entities import HostTotals, ResultRecord, ResultStatus, Run, Status
from orchestrator.reports.environment_report import environment_report
from orchestrator.reports.page import environment_page
from orchestrator.reports.release_story import release_story

OK, BAD, CHANGED = HostTotals(ok=3), HostTotals(ok=1, failed=1), HostTotals(ok=1, changed=1)


def numbered(number: int, hosts: dict[str, HostTotals], status: Status = Status.SUCCESSFUL, **more: Any) -> Run:
    about = run(replace(step(hosts=hosts), id=number, run_id=number), status=status, **more)
    return replace(about, id=number)


def failed(run_id: int, host: str, message: str = "no way") -> ResultRecord:
    return ResultRecord(run_id, 1, run_id, "t1", host, ResultStatus.FAILED, later(1), message=message, task="Start it")


def test_a_host_stands_as_its_last_run_left_it_with_the_reason() -> None:
    runs = [
        numbered(3, {"b": BAD}, Status.FAILED),
        numbered(2, {"a": CHANGED, "b": OK}),
        numbered(1, {"a": BAD}, Status.FAILED),
    ]
    found = environment_report("client-lab", runs, [failed(3, "b"), failed(1, "a", "long mended")], [])
    assert [(one.host, one.letter, one.run_id, one.cells, one.messages) for one in found.hosts] == [
        ("b", "F", 3, " .F", ("Start it: no way",)), ("a", "C", 2, "FC ", ()),
    ]  # fmt: skip
    assert [one.host for one in found.trouble] == ["b"]
    page = environment_page(found)
    assert page.index("Start it: no way") < page.index('id="hosts"')
    assert "long mended" not in page


def test_the_worst_phase_of_a_run_is_the_runs_letter() -> None:
    steps = (
        replace(step(1, hosts={"a": HostTotals(unreachable=1)}), id=1),
        replace(step(2, "tune", hosts={"a": OK}), id=2),
    )
    (host,) = environment_report("client-lab", [run(*steps)], [], []).hosts
    assert (host.letter, host.cells, host.phase) == (".", "U", "tune")


def test_the_page_has_its_parts_and_every_run() -> None:
    story = release_story(release(), [release_step(1, "stage", 0)], [], [])
    page = environment_page(
        environment_report("client-lab", [numbered(2, {"a": OK}, reason="again"), numbered(1, {"a": OK})], [], [story])
    )
    assert re.findall(r'<h2 id="([a-z]+)"', page) == ["trouble", "hosts", "releases", "runs"]
    assert "Every host got through the last run that reached for it." in page
    assert '<th scope="row" class="number">2</th>' in page
    assert "<td>again</td>" in page
    assert "No guard told of failures while it was on its way." in page


def test_nothing_on_record_is_a_word() -> None:
    with pytest.raises(ReportError, match="client-lab: nothing is on record of it; `lifecycle history` lists the runs"):
        environment_report("client-lab", [], [], [])
