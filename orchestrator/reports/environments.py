"""Two environments side by side: a test site is worth what it has in common with production. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.records.entities import Release, ReleaseState, Run

INSPECT = "inspect"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an environment is like. Each fact has a value for every way its hosts have it; `inspected`: by which run."""

    environment: str
    facts: Mapping[str, tuple[str, ...]]
    inspected: int | None


@dataclass(frozen=True, slots=True)
class Unlike:
    """A fact in which two environments differ; none of its values: it is not there."""

    fact: str
    left: tuple[str, ...]
    right: tuple[str, ...]


def standing(environment: str, applied: Mapping[str, Run], releases: Sequence[Release]) -> Standing:
    """Read from the newest run that applied each phase, and the releases, the newest first."""
    found: dict[str, set[str]] = {}
    for name, value in (*_applied(applied), *_released(releases), *_inspected(applied.get(INSPECT))):
        found.setdefault(name, set()).add(value)
    inspection = applied.get(INSPECT)
    facts = {name: tuple(sorted(values)) for name, values in found.items()}
    return Standing(environment, facts, inspection.id if inspection else None)


def unlike(left: Standing, right: Standing) -> list[Unlike]:
    """The facts in which they differ, by name."""
    names = sorted({*left.facts, *right.facts})
    pairs = [Unlike(name, left.facts.get(name, ()), right.facts.get(name, ())) for name in names]
    return [pair for pair in pairs if pair.left != pair.right]


def _applied(applied: Mapping[str, Run]) -> Iterator[tuple[str, str]]:
    for phase, run in applied.items():
        if phase != INSPECT:
            yield f"commit of {phase}", run.about.git_commit or "not in a git repository"
            yield f"collection of {phase}", run.about.versions.get("collection", "unknown")


def _released(releases: Sequence[Release]) -> Iterator[tuple[str, str]]:
    seen = set()
    for release in releases:
        if release.state is ReleaseState.PROMOTED and release.application not in seen:
            seen.add(release.application)
            yield f"version of {release.application}", release.version


def _inspected(run: Run | None) -> Iterator[tuple[str, str]]:
    """What the hosts told. They are named differently in each environment, so it is not by host."""
    steps = [step for step in run.steps if step.phase == INSPECT] if run else []
    reports: Any = steps[0].data.get("lifecycle_inspect", {}).get("hosts", {}) if steps else {}
    for report in reports.values():
        yield "operating system", str(report.get("os", "unknown"))
        yield "kernel", str(report.get("kernel", "unknown"))
        for role in report.get("roles", ()):
            yield f"role {role}", "in use"
        for package in report.get("packages", ()):
            yield f"package {package['name']}", str(package.get("installed") or "not installed")
        for database in report.get("databases", ()):
            yield f"database {database['name']}", "there"
