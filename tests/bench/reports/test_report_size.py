"""How large is the page of a run on 500 hosts with 300 tasks, how long does it take to make, and to open?

Opening is measured by headless Chromium, from the start of the navigation to the second picture drawn after `load`.
Usage: pytest tests/bench/reports -s. Without chromium on the PATH only size and making are measured.
"""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path

import browser
import pytest

from orchestrator.records import open_store
from orchestrator.records.entities import (
    HostTotals,
    NewRun,
    ResultRecord,
    ResultStatus,
    Status,
    TaskRecord,
    now,
)
from orchestrator.records.liveness import this_actor
from orchestrator.reports.gather import run_material
from orchestrator.reports.page import run_page
from orchestrator.reports.run_report import run_report

HOSTS, TASKS = 500, 300
OPEN_SECONDS = 2.0
LUCK = random.Random(1)
DRAWN = {(host, task) for host in range(HOSTS) for task in range(TASKS) if LUCK.random() < 0.12}
ROUNDS = 5
PROBE = """addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(
() => say(String(performance.now())))));"""


def status_of(host: int, task: int, alike: bool) -> ResultStatus:
    """A run as runs are: most is as it was. `alike` False: no two hosts fared the same, which nothing can sum up."""
    if not alike and (host, task) in DRAWN:
        return ResultStatus.CHANGED
    if host % 50 == 0 and task == TASKS - 1:
        return ResultStatus.FAILED
    return ResultStatus.CHANGED if task in (7, 99) else ResultStatus.SKIPPED if task % 11 == 0 else ResultStatus.OK


def recorded(url: str, alike: bool) -> int:
    store = open_store(url)
    run_id = store.begin_run(NewRun("big-production", "/inventories/big", ("provision",), this_actor()))
    step_id = store.begin_step(run_id, "provision", "impl.lifecycle.provision")
    tasks = [
        TaskRecord(
            run_id, step_id, f"t{task}", f"Task {task} of many", "copy", f"/srv/roles/r/tasks/main.yml:{task}", "p"
        )
        for task in range(TASKS)
    ]
    for task in range(TASKS):
        rows = []
        for host in range(HOSTS):
            status = status_of(host, task, alike)
            diff = (
                f"--- before\n+++ after\n@@ -1 +1 @@\n-{host % 40} old\n+{host % 40} new {task}"
                if status == "changed"
                else None
            )
            message = f"the service on host {host} did not start" if status == "failed" else ""
            rows.append(
                ResultRecord(
                    run_id,
                    task * HOSTS + host,
                    step_id,
                    f"t{task}",
                    f"web{host:03d}.example.net",
                    status,
                    now(),
                    0.1,
                    message,
                    diff,
                )
            )
        store.add_results(tasks if task == 0 else [], rows)
    totals = {f"web{host:03d}.example.net": HostTotals(ok=298, failed=int(host % 50 == 0)) for host in range(HOSTS)}
    store.end_step(step_id, Status.FAILED, totals, {})
    store.end_run(run_id, Status.FAILED)
    store.close()
    return run_id


@pytest.mark.parametrize("alike", [True, False], ids=["hosts alike", "no two hosts alike"])
def test_500_hosts_by_300_tasks_open_within_two_seconds(tmp_path: Path, alike: bool) -> None:
    url = f"sqlite:///{tmp_path}/lifecycle.db"
    run_id = recorded(url, alike)
    began = time.monotonic()
    report = run_report(run_material(open_store(url), run_id))
    text = run_page(report)
    made = time.monotonic() - began
    rows = len(report.matrices[0].rows)
    shown = f"{len(report.differences)} differences shown, {report.omitted} left out"
    print(f"\n{HOSTS} x {TASKS}: {len(text) / 1e6:.2f} MB, {rows} rows, {shown}; made in {made:.1f} s")
    assert rows == (2 if alike else HOSTS)
    assert len(text) < 3_000_000
    if not browser.available():
        pytest.skip("no chromium on the PATH: opening was not measured")
    found = [float(browser.said(text, PROBE, tmp_path)) / 1000 for _ in range(ROUNDS)]
    print(f"opened in {statistics.median(found):.2f} s (median of {ROUNDS}; {min(found):.2f} to {max(found):.2f})")
    assert statistics.median(found) < OPEN_SECONDS
