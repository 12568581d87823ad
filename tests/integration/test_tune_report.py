"""`lifecycle tune report` as a process: from records in SQLite to files, without a host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from orchestrator.paths import module_util
from orchestrator.records import open_store
from orchestrator.records.entities import Actor, HostTotals, NewRun, Status
from tests.integration.conftest import Site

ACTOR = Actor("ann@office", "office", 1, "boot:1")
SERIES = {"before": [500.0, 510.0, 505.0], "after": [600.0, 610.0, 605.0]}


def planned(host: str, ram_mb: int = 4096) -> dict[str, Any]:
    machine = module_util("tuning_machine").Machine(ram_mb, 4, profile="oltp")
    made: dict[str, Any] = module_util("tuning_plan").plan({"postgresql": {}, "redis": {}}, machine, host)
    return made


def record(site: Site, phase: str, data: dict[str, Any], status: Status = Status.SUCCESSFUL) -> int:
    """A run as the engine leaves it."""
    store = open_store(f"sqlite:///{site.var / 'lifecycle.db'}")
    run_id = store.begin_run(NewRun("site-lab", str(site.environment), (phase,), ACTOR))
    step_id = store.begin_step(run_id, phase, f"impl.lifecycle.{phase}")
    store.end_step(step_id, status, {"one": HostTotals(ok=1)}, data)
    store.end_run(run_id, status)
    store.close()
    return run_id


@pytest.fixture
def tuned(site: Site) -> Site:
    """Two hosts: one was tuned and measured, the other only planned."""
    verdict = {**module_util("rounds").compare(SERIES["before"], SERIES["after"]), "series": SERIES}
    measured = {**verdict, "tool": "pgbench, 8 clients", "unit": "transactions/s", "higher_is_better": True}
    record(site, "tune_plan", {"lifecycle_tuning": {"one": planned("one", 8192), "two": planned("two")}})
    record(
        site,
        "tune",
        {
            "lifecycle_tuning": {"one": planned("one")},
            "lifecycle_evidence": {"one": {"postgresql": measured}},
            "lifecycle_before": {"one": {"postgresql": {"jit": "on"}}},
        },
    )
    return site


def report(site: Site, *arguments: str) -> Any:
    return site.lifecycle("tune", "report", "-i", "site-lab", *arguments)


def test_a_report_is_written_and_says_where(tuned: Site) -> None:
    ended = report(tuned)
    assert ended.returncode == 0, ended.stdout
    files = [Path(line) for line in ended.stdout.splitlines()]
    place = tuned.var / "reports" / "site-lab" / "tune"
    assert [file.relative_to(place).name for file in files] == [
        "report.html", "report.md", "01-one-memory.svg", "01-one-1-postgresql.svg", "02-two-memory.svg",
    ]  # fmt: skip
    page = files[0].read_text(encoding="utf-8")
    assert "Better beyond noise: the new values stay." in page
    assert '<tr><th scope="row">jit</th><td>on</td><td>off</td><td>changed</td>' in page
    assert "Planned by run 1" in page
    for file in files[2:]:
        ElementTree.parse(file)
    before = {file: file.read_bytes() for file in files}
    assert report(tuned).returncode == 0
    assert {file: file.read_bytes() for file in files} == before


def test_a_program_gets_the_same_data(tuned: Site, tmp_path: Path) -> None:
    ended = report(tuned, "--json", "--output", str(tmp_path / "a" / "b"))
    assert ended.returncode == 0, ended.stdout
    told = json.loads(ended.stdout)
    one, two = told["hosts"]
    assert told["measured"] is True
    assert (one["host"], one["phase"], one["run_id"], one["ram_mb"]) == ("one", "tune", 2, 4096)
    assert (two["host"], two["phase"], two["measurements"]) == ("two", "tune_plan", [])
    assert one["measurements"][0]["after"] == SERIES["after"]
    assert sum(part["mb"] for part in one["slices"]) == 4096
    assert all(Path(file).is_file() for file in told["files"])


def test_nothing_on_record_and_no_place_are_one_line_each(site: Site, tmp_path: Path) -> None:
    nothing = report(site)
    record(site, "tune_plan", {"lifecycle_tuning": {"one": planned("one")}})
    (tmp_path / "file").write_text("", encoding="utf-8")
    occupied = report(site, "--output", str(tmp_path / "file"))
    below = report(site, "--output", str(tmp_path / "file" / "x"))
    for ended, words in (
        (nothing, "nothing is on record of its tuning"),
        (occupied, "is a file"),
        (below, "the report cannot be written: Not a directory"),
    ):
        assert ended.returncode == 1, ended.stdout
        assert words in ended.stdout
        assert len(ended.stdout.splitlines()) == 1
