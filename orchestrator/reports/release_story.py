"""A release as a curve: who had it when, and how often both versions failed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.errors import ReleaseError
from orchestrator.records.entities import Evidence, Release, ReleaseStep, Status
from orchestrator.records.reading import Told
from orchestrator.release import guard

# The guard's own numbers are shown, not what this threshold would make of them.
ANY_ALPHA = 0.01


@dataclass(frozen=True, slots=True)
class Look:
    """What the guards had counted in the step under way: requests and those that failed, of both versions."""

    run_id: int
    at: datetime
    stable_requests: int
    stable_failed: int
    candidate_requests: int
    candidate_failed: int
    candidate_p95: float

    @property
    def stable_rate(self) -> float | None:
        return self.stable_failed / self.stable_requests if self.stable_requests else None

    @property
    def candidate_rate(self) -> float | None:
        return self.candidate_failed / self.candidate_requests if self.candidate_requests else None


@dataclass(frozen=True, slots=True)
class Weight:
    """From `at` on, so many percent of the users had the candidate."""

    at: datetime
    weight: int


@dataclass(frozen=True, slots=True)
class ReleaseStory:
    """One release from its start to where it is."""

    release: Release
    steps: tuple[ReleaseStep, ...]
    weights: tuple[Weight, ...]
    looks: tuple[Look, ...]
    evidence: tuple[Evidence, ...]

    @property
    def until(self) -> datetime:
        """The end, or the last that is known of it."""
        moments = [*(one.at for one in self.weights), *(one.at for one in self.looks)]
        return max([self.release.started_at, self.release.ended_at or self.release.started_at, *moments])


def release_story(
    release: Release, steps: Sequence[ReleaseStep], told: Sequence[Told], evidence: Sequence[Evidence]
) -> ReleaseStory:
    """The story out of the records. `told`: what playbooks told of the guards in that environment in that time."""
    return ReleaseStory(
        release=release,
        steps=tuple(steps),
        weights=tuple(_weights(release, steps)),
        looks=tuple(_looks(release.version, told)),
        evidence=tuple(evidence),
    )


def _weights(release: Release, steps: Sequence[ReleaseStep]) -> Iterator[Weight]:
    """Only what was confirmed moved users: an intent, or what people said, has no run or no success."""
    yield Weight(release.started_at, 0)
    last = 0
    for step in steps:
        if step.run_id is not None and step.status is Status.SUCCESSFUL and step.weight != last:
            last = step.weight
            yield Weight(step.at, last)


def _looks(version: str, told: Sequence[Told]) -> Iterator[Look]:
    for one in told:
        edges = (one.data.get(guard.KEY) or {}).values()
        if not any(isinstance(edge, dict) and edge.get("candidate") == version for edge in edges):
            continue
        try:
            word = guard.read(one.data, ANY_ALPHA, version)
        except ReleaseError:
            # What one run told and nobody understands is a gap in the curve, not the end of the report.
            continue
        if word is not None and (word.stable.requests or word.candidate.requests):
            yield Look(
                run_id=one.run_id,
                at=one.at,
                stable_requests=word.stable.requests,
                stable_failed=word.stable.failed,
                candidate_requests=word.candidate.requests,
                candidate_failed=word.candidate.failed,
                candidate_p95=word.candidate.p95,
            )
