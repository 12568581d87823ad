"""How long do questions take when a million results are on record, and how long does it take to prune them?

1,000 runs of 20 hosts x 50 tasks on SQLite. Each answer of `history`, `hosts`, `show` of one host and the look-up of
`drift` may take 0.3 s; what pruning takes is printed.
Usage: make bench, or python tests/bench/records/test_records_questions.py [RUNS]
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from orchestrator.records import Store, open_store, schema
from orchestrator.records.entities import HostTotals, NewRun, ResultStatus, Status, now
from orchestrator.records.liveness import this_actor
from orchestrator.records.questions import RunFilter

RUNS, HOSTS, TASKS = 1_000, 20, 50
LIMIT_SECONDS = 0.3
ROUNDS = 5
X = zlib.compress(b"x")


def fill(store: Store, runs: int) -> None:
    """Runs in ten environments; one in ten changed something, one in fifty failed, only the first had host `rare`."""
    totals = {f"host{number}": HostTotals(ok=TASKS) for number in range(HOSTS)}
    for number in range(runs):
        about = NewRun(f"client{number % 10}-prod", "/x", ("provision",), this_actor())
        run_id = store.begin_run(about)
        step_id = store.begin_step(run_id, "provision", "impl.lifecycle.provision")
        text = f"{run_id:064d}"
        row = {"run_id": run_id, "step_id": step_id, "at": now(), "seconds": 0.1, "message": "", "cut": False}
        row |= {"status": ResultStatus.OK, "diff": None, "output": text}
        results = [
            {**row, "counter": host * TASKS + task, "host": f"host{host}", "task_uuid": f"t{task}"}
            for host in range(HOSTS)
            for task in range(TASKS)
        ]
        if number == 0:
            results.append({**row, "counter": HOSTS * TASKS, "host": "rare", "task_uuid": "t0"})
        with store.transaction() as connection:
            connection.execute(
                schema.content.insert(), [{"digest": text, "size": 1, "compressed": zlib.compress(b"x")}]
            )
            connection.execute(schema.result.insert(), results)
        changed = {**totals, "host0": dataclasses.replace(totals["host0"], changed=int(number % 10 == 0))}
        status = Status.FAILED if number % 50 == 0 else Status.SUCCESSFUL
        store.end_step(step_id, status, changed, {})
        store.end_run(run_id, status)


def seconds(ask: Callable[[], Any]) -> float:
    """The median of some rounds."""
    found = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        ask()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def measure(runs: int) -> dict[str, float]:
    """Print and return how long each question takes."""
    with tempfile.TemporaryDirectory() as name:
        store = open_store(f"sqlite:///{name}/lifecycle.db")
        fill(store, runs)
        size = store.size()
        print(f"\n{size.runs} runs, {size.results} results, {size.bytes / size.results:.0f} bytes a result")
        failed = RunFilter(status=Status.FAILED)
        questions: dict[str, Callable[[], Any]] = {
            "history": store.list_runs,
            "history -i ENV --status failed": lambda: store.list_runs("client0-prod", 20, failed),
            "history --host rare": lambda: store.list_runs(wanted=RunFilter(host="rare")),
            "history --phase tune (none)": lambda: store.list_runs(wanted=RunFilter(phase="tune")),
            "history --changed --since 1h": lambda: store.list_runs(
                wanted=RunFilter(changed=True, since=now() - timedelta(hours=1))
            ),
            "hosts": store.latest_hosts,
            "show RUN --host": lambda: store.list_results(runs // 2, "host1"),
            "phases applied": lambda: store.applied_phases("client0-prod"),
        }
        found = {question: seconds(ask) for question, ask in questions.items()}
        for question, took in found.items():
            print(f"{question:<34} {took * 1000:7.1f} ms")
        gone = store.prunable(None, runs // 20, None)
        started = time.perf_counter()
        store.prune(gone)
        took, left = time.perf_counter() - started, store.size().bytes / size.bytes
        print(f"prune of {len(gone)} runs: {took:.1f} s; {left:.0%} of the room is left")
        store.close()
    return found


def test_questions_are_answered_at_once() -> None:
    assert max(measure(RUNS).values()) <= LIMIT_SECONDS


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
