"""A run for a CI job and for a ticket: nothing that ended badly looks well, and no text breaks the form."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from orchestrator.languages import translations
from orchestrator.records.entities import (
    HostTotals,
    NewRun,
    Recorded,
    ResultRecord,
    ResultStatus,
    Run,
    Status,
    Step,
    now,
)
from orchestrator.records.liveness import this_actor
from orchestrator.reports.exports import junit, markdown


def run(status: Status, *steps: Status, phases: tuple[str, ...] = ("provision", "tune")) -> Run:
    new = NewRun("client-lab", "/x", phases, this_actor(), reason="a | b", git_commit="c" * 40)
    made = tuple(
        Step(number, 7, number, phase, "p", came_to, now(), hosts={"app1": HostTotals(ok=1)})
        for number, (phase, came_to) in enumerate(zip(phases, steps, strict=False), start=1)
    )
    return Run(7, new, status, Recorded.FULL, now(), now(), made)


def result(counter: int, task: str, status: ResultStatus, host: str = "app1", **more: object) -> ResultRecord:
    return ResultRecord(7, counter, 1, f"{counter}", host, status, now(), 1.5, task=task, **more)  # type: ignore[arg-type]


def test_each_host_of_a_phase_is_a_suite_and_each_task_a_case() -> None:
    results = [
        result(1, "Well", ResultStatus.OK),
        result(2, "Broken", ResultStatus.FAILED, message="first line\nsecond"),
        result(3, "Away", ResultStatus.UNREACHABLE, host="db1", message="no route"),
        result(4, "Not here", ResultStatus.SKIPPED),
        result(5, "Well", ResultStatus.IGNORED, message="never mind"),
    ]
    root = Xml.fromstring(junit(run(Status.FAILED, Status.FAILED, phases=("provision",)), results))
    app, db = root.findall("testsuite")
    assert (app.get("name"), app.get("tests"), app.get("failures"), app.get("errors"), app.get("skipped")) == (
        "provision on app1", "4", "1", "0", "1",
    )  # fmt: skip
    assert (db.get("failures"), db.get("errors")) == ("0", "1")
    names = [case.get("name") for case in app.findall("testcase")]
    assert names == ["Well", "Broken", "Not here", "Well (2)"]
    failure = app.find("testcase/failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("first line", "first line\nsecond")
    assert app.find("testcase/system-out").text == "ignored: never mind"  # type: ignore[union-attr]
    assert {each.get("name") for each in app.iter("property")} == {"run", "operator", "commit", "status"}


def test_a_run_that_ended_badly_without_a_failed_task_is_not_all_green() -> None:
    lost = Xml.fromstring(
        junit(run(Status.LOST, Status.LOST, phases=("provision",)), [result(1, "W", ResultStatus.OK)])
    )
    assert [error.get("message") for error in lost.iter("error")] == ["it ended lost"]
    never = Xml.fromstring(junit(run(Status.CANCELED, Status.SUCCESSFUL), [result(1, "W", ResultStatus.OK)]))
    assert [suite.get("name") for suite in never.findall("testsuite") if suite.get("errors") == "1"] == ["tune"]
    well = Xml.fromstring(junit(run(Status.SUCCESSFUL, Status.SUCCESSFUL, Status.SUCCESSFUL), []))
    assert list(well) == []


def test_what_xml_cannot_hold_is_replaced() -> None:
    wild = "\x1b[31mred\x00 ]]> & <b> ü \ud800"
    text = junit(run(Status.FAILED, Status.FAILED, phases=("p",)), [result(1, wild, ResultStatus.FAILED, message=wild)])
    (failure,) = Xml.fromstring(text.encode()).iter("failure")
    assert failure.text == "\ufffd[31mred\ufffd ]]> & <b> ü \ufffd"


def test_a_ticket_tells_failures_first_then_changes() -> None:
    results = [
        result(1, "Write | it", ResultStatus.CHANGED, diff="-a\n+```\n+b"),
        result(2, "Broken", ResultStatus.FAILED, message="why"),
    ]
    text = markdown(run(Status.FAILED, Status.FAILED), results)
    assert "| reason | a \\| b |" in text
    assert "| provision | app1 | failed | 1 | 0 | 0 | 0 | 0 |" in text
    assert text.index("### app1: Broken (provision)\n\n```text\nwhy\n```") < text.index("## What changed")
    # A fence inside of the diff does not end it.
    assert "### app1: Write \\| it (provision)\n\n````diff\n-a\n+```\n+b\n````\n" in text


def test_a_ticket_is_told_in_chinese_and_what_is_on_record_as_it_is() -> None:
    results = [result(1, "Broken", ResultStatus.FAILED, message="why"), result(2, "Write", ResultStatus.CHANGED)]
    ended = run(Status.CANCELED_UNCLEAN, Status.FAILED)
    words = translations("zh_CN").gettext
    text = markdown(ended, results, words)
    assert text.startswith("# 运行 7：client-lab，provision tune\n")
    assert "## 失败的任务\n\n### app1: Broken (provision)\n\n```text\nwhy\n```" in text
    assert f"| provision | app1 | {words('failed')} | 1 | 0 | 0 | 0 | 0 |" in text
    # Of the words that are ours none is left in English, and no record's is translated.
    left = set(re.findall(r"[A-Za-z]{2,}", text))
    operator = set(re.findall(r"[A-Za-z]{2,}", this_actor().operator))
    assert left - operator <= {"client", "lab", "provision", "tune", "Broken", "text", "why", "Write", "c" * 40, "app"}
