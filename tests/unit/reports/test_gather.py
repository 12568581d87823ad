"""From a store to pages: a release with its curve and evidence, failures that last, what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from run_records import ACTOR, told

from orchestrator.records import Store, open_store
from orchestrator.records.entities import (
    Evidence,
    HostTotals,
    NewRun,
    Release,
    ReleaseState,
    ReleaseStep,
    ResultRecord,
    ResultStatus,
    Status,
    now,
)
from orchestrator.reports import gather
from orchestrator.reports.page import environment_page, run_page
from orchestrator.reports.run_report import run_report

GOOD, BAD = HostTotals(ok=1), HostTotals(failed=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/lifecycle.db")
    yield opened
    opened.close()


def done(store: Store, totals: HostTotals, data: object = None, *results: tuple[str, ResultStatus, str]) -> int:
    """A run on host web1; `results`: task uuid, status, and the message or the diff."""
    run_id = store.begin_run(NewRun("client-lab", "/srv/client-lab", ("release",), ACTOR))
    step_id = store.begin_step(run_id, "release", "impl.lifecycle.release")
    rows = [
        ResultRecord(
            run_id, number, step_id, uuid, "web1", status, now(),
            message=text if status is ResultStatus.FAILED else "",
            diff=text if status is ResultStatus.CHANGED else None,
        )
        for number, (uuid, status, text) in enumerate(results)
    ]  # fmt: skip
    store.add_results([], rows)
    status = Status.FAILED if totals.failed else Status.SUCCESSFUL
    store.end_step(step_id, status, {"web1": totals}, data or {})  # type: ignore[arg-type]
    store.end_run(run_id, status)
    return run_id


def test_a_run_of_a_release_has_its_curve_from_other_runs_and_its_evidence(store: Store) -> None:
    made = store.create_release(Release(0, "client-lab", "clinic", "1.1.0", ReleaseState.WIDENING, 10, "ann", now()))
    widened = done(store, GOOD)
    step = store.add_release_step(ReleaseStep(0, made.id, "widen", 10, Status.SUCCESSFUL, now(), "ann", widened))
    looked = done(store, GOOD, told(1, (1, 100), (5, 10)).data)
    store.add_evidence(Evidence(0, step.id, "feedback", "bad", "maria: cannot print", now()))
    report = run_report(gather.run_material(store, widened))
    (story,) = report.releases
    assert [one.weight for one in story.weights] == [0, 10]
    assert [(look.run_id, look.candidate_rate) for look in story.looks] == [(looked, 0.5)]
    assert [one.summary for one in report.evidence] == ["maria: cannot print"]
    for page in (run_page(report), environment_page(gather.environment_material(store, "client-lab"))):
        assert "maria: cannot print" in page
        assert "candidate 5/10" in page
    assert gather.run_material(store, looked).releases == ()


def test_an_environment_tells_only_of_failures_that_nobody_has_mended_since(store: Store) -> None:
    done(store, BAD, None, ("t1", ResultStatus.FAILED, "the old reason"))
    assert gather.environment_material(store, "client-lab").trouble[0].messages == ("the old reason",)
    done(store, GOOD)
    assert gather.environment_material(store, "client-lab").trouble == ()


def test_what_does_not_fit_in_is_left_out_and_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = [(f"t{number}", ResultStatus.CHANGED, f"+{number}" * 10) for number in range(5)]
    run_id = done(store, GOOD, None, *changed)
    monkeypatch.setattr(gather, "MOST_DIFFERENCES", 3)
    by_number = run_report(gather.run_material(store, run_id))
    monkeypatch.setattr(gather, "KEEP_DIFFERENCES", 45)
    by_size = run_report(gather.run_material(store, run_id))
    assert (len(by_number.differences), by_number.omitted) == (3, 2)
    assert (len(by_size.differences), by_size.omitted) == (2, 3)
    assert "3 more differences did not fit in: lifecycle show 1 --diff has them." in run_page(by_size)
