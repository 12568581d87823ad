"""A run as the records hold it, in few words, for tests of its page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.records.contents import digest
from orchestrator.records.entities import (
    Actor,
    HostTotals,
    NewRun,
    Recorded,
    Release,
    ReleaseState,
    ReleaseStep,
    ResultStatus,
    Run,
    Status,
    Step,
    TaskRecord,
)
from orchestrator.records.reading import Outcome, Told
from orchestrator.reports.run_report import Material, RunReport, run_report

BEGAN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ACTOR = Actor("ann@office", "office", 1, "boot:1")
LETTERS = {".": "ok", "C": "changed", "-": "skipped", "F": "failed", "I": "ignored", "U": "unreachable", "R": "retried"}
DIFF = "--- before\n+++ after\n@@ -1 +1 @@\n-old line\n+new line\n same line"


def later(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def step(number: int = 1, phase: str = "provision", **more: Any) -> Step:
    about: dict[str, Any] = {
        "status": Status.SUCCESSFUL,
        "started_at": later(60 * number - 60),
        "ended_at": later(60 * number),
        **more,
    }
    return Step(number, 1, number, phase, f"impl.lifecycle.{phase}", **about)


def run(*steps: Step, status: Status = Status.SUCCESSFUL, **more: Any) -> Run:
    found = steps or (step(),)
    about = {
        "environment": "client-lab",
        "environment_path": "/srv/client-lab",
        "phases": tuple(one.phase for one in found),
        "actor": ACTOR,
        "git_commit": "c0ffee",
        "git_dirty": True,
        "inventory_digest": "d16e57",
        "versions": {"ansible-core": "2.19.1"},
        "reason": "first delivery",
        **more,
    }
    return Run(1, NewRun(**about), status, Recorded.FULL, BEGAN, later(60 * len(found)), found)


def task(number: int, name: str = "", step_id: int = 1) -> TaskRecord:
    return TaskRecord(
        1, step_id, f"t{number}", name or f"Task {number}", "copy", f"/srv/site.yml:{number * 10}", "Play"
    )


def outcomes(hosts: Mapping[str, str], step_id: int = 1, **more: Any) -> list[Outcome]:
    """`hosts`: name -> a letter for each task; blank for none. Task by task, as a linear run has them."""
    found: list[Outcome] = []
    for number in range(max(map(len, hosts.values()))):
        for host, letters in hosts.items():
            letter = letters[number : number + 1].strip()
            if letter:
                found.append(outcome(host, number + 1, letter, counter=len(found) + 1, step_id=step_id, **more))
    return found


def outcome(host: str, number: int, letter: str, counter: int = 1, step_id: int = 1, **more: Any) -> Outcome:
    status = ResultStatus(LETTERS[letter])
    message = f"{host} says no" if letter in "FUI" else ""
    told = {"message": message, "diff": None, "output": None, "cut": False, **more}
    return Outcome(counter, step_id, f"t{number}", host, status, number / 10, **told)


def material(hosts: Mapping[str, str] | None = None, **more: Any) -> Material:
    """A run of one step with as many tasks as the longest host has letters."""
    given = {"web1": ".C", "web2": ".C"} if hosts is None else hosts
    count = max(map(len, given.values()))
    totals = {
        host: HostTotals(ok=1, changed=letters.count("C"), failed=letters.count("F")) for host, letters in given.items()
    }
    about: dict[str, Any] = {
        "run": run(step(hosts=totals)),
        "plan": None,
        "tasks": [task(number + 1) for number in range(count)],
        "outcomes": outcomes(given),
        "texts": {},
        **more,
    }
    return Material(**about)


def made(hosts: Mapping[str, str] | None = None, **more: Any) -> RunReport:
    return run_report(material(hosts, **more))


def texts(*found: str) -> dict[str, str]:
    return {str(digest(text)): text for text in found}


def answer(**more: Any) -> str:
    return json.dumps(more)


def release(**more: Any) -> Release:
    about: dict[str, Any] = {"state": ReleaseState.ROLLED_BACK, "weight": 0, "ended_at": later(300), **more}
    return Release(1, "client-lab", "clinic", "1.1.0", operator="ann@office", started_at=BEGAN, **about)


def release_step(number: int, action: str, weight: int, status: Status = Status.SUCCESSFUL, **more: Any) -> ReleaseStep:
    about: dict[str, Any] = {"run_id": number, **more}
    return ReleaseStep(number, 1, action, weight, status, later(60 * number), "ann@office", **about)


def told(number: int, stable: tuple[int, int], candidate: tuple[int, int], version: str = "1.1.0") -> Told:
    """What a guard said; pairs of failed and all requests."""
    sides = {
        name: {"requests": pair[1], "failed": pair[0], "users": 3, "p50": 0.1, "p95": 0.2}
        for name, pair in (("stable", stable), ("candidate", candidate))
    }
    opinion = {"verdict": "INCONCLUSIVE", "reason": "few", "harm_odds": {}, "ok_odds": {}}
    status = {"candidate": version, "opinion": opinion, "held": {}, "mode": "act", "lease": None, "step": sides}
    return Told(number, later(60 * number + 20), {"lifecycle_guard": {"edge1": status}})
