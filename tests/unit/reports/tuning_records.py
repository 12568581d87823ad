"""Runs on record as `tune` and `tune_plan` leave them, small enough to check by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from orchestrator.records.entities import Actor, NewRun, Recorded, Run, Status, Step

ACTOR = Actor("ann@office", "office", 1, "boot:1")
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def setting(name: str, value: Any, why: str = "because", given: bool = False) -> dict[str, Any]:
    return {"name": name, "value": value, "why": why, "source": "a book", "given": given}


def plan(ram_mb: int = 1000, **settings: list[dict[str, Any]]) -> dict[str, Any]:
    """A host of `ram_mb` whose database takes half and whose cache a quarter."""
    shares = {
        "postgresql": {"mb": ram_mb // 2, "why": "at least", "source": "the manual", "arithmetic": "half of it"},
        "redis": {"mb": ram_mb // 4, "why": "given", "source": "redis.conf", "arithmetic": "a quarter"},
    }
    budget = {
        "ram_mb": ram_mb, "reserve_mb": ram_mb // 10, "reserve_why": "kernel", "unassigned_mb": ram_mb * 15 // 100,
        "arithmetic": f"{ram_mb} MB RAM - the rest", "shares": shares, "something_new": 1,
    }  # fmt: skip
    machine = {"ram_mb": ram_mb, "cores": 1, "disk": "ssd", "disk_mb": None, "profile": "oltp"}
    return {"host": "?", "machine": machine, "budget": budget, "settings": settings, "variables": {}}


def evidence(verdict: str = "better", before: tuple[float, ...] = (100, 101, 99), **others: Any) -> dict[str, Any]:
    after = {"better": (130, 131, 129), "worse": (50, 51, 49), "no difference": (101, 99, 100)}[verdict]
    middles = {"before": sorted(before)[1], "after": sorted(after)[1]}
    series = {"before": list(before), "after": list(after)}
    numbers = {"ratio": middles["after"] / middles["before"], "p": 0.05, "rounds": [3, 3], "series": series}
    return {"verdict": verdict, "tool": "pgbench", "unit": "transactions/s", **middles, **numbers, **others}


def run(number: int, phase: str = "tune", status: Status = Status.SUCCESSFUL, check: bool = False, **data: Any) -> Run:
    options = data.pop("options", {})
    about = NewRun("client-lab", "/x", (phase,), ACTOR, check, reason="first tuning", options=options)
    step = Step(number, number, 1, phase, f"impl.lifecycle.{phase}", status, AT, AT, data=data)
    return Run(number, about, status, Recorded.FULL, AT, AT, (step,))
