"""Ways to decide, side by side: each sees a site tick by tick and says when it would roll back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from judge_traffic import Raw, Site, Tick

from ansible_collections.impl.lifecycle.plugins.module_utils.evidence import Evidence  # isort: skip
from ansible_collections.impl.lifecycle.plugins.module_utils.harm import Policy  # isort: skip
from ansible_collections.impl.lifecycle.plugins.module_utils.judge import Judge  # isort: skip


class Decider(Protocol):
    def back(self, tick: Tick, raw: Raw) -> bool:
        """Whether this policy rolls back after this tick."""


class Ours:
    def __init__(self, site: Site, policy: Policy = Policy()) -> None:  # noqa: B008 - frozen
        known = site.before() if site.scenario.known_cohort else {}
        self._judge = Judge(replace(policy, pre_rate=known))

    def back(self, tick: Tick, raw: Raw) -> bool:
        self._judge.add(tick)
        return self._judge.harmful


class Plain:
    """The textbook e-process that the judge grew from: failures only, no margin, all of alpha, no restarts."""

    def __init__(self, margin: float = 1.0, alpha: float = 0.01) -> None:
        self._evidence, self._bound = Evidence(margin, Policy().ratios), -math.log(alpha)

    def back(self, tick: Tick, raw: Raw) -> bool:
        for stable, candidate in tick.routes.values():
            self._evidence.add(stable.requests, candidate.requests, stable.failed, candidate.failed)
        return self._evidence.log_odds >= self._bound


@dataclass
class Threshold:
    """The candidate's success rate over each interval; so many failed checks in all, and it goes back."""

    success: float
    minutes: int
    checks: int
    _seen: int = 0
    _failed: int = 0
    _bad: int = 0

    def back(self, tick: Tick, raw: Raw) -> bool:
        self._seen, self._failed = self._seen + raw.candidate, self._failed + raw.candidate_failed
        if (tick.at + 10) % (60 * self.minutes) == 0:
            self._bad += bool(self._seen) and 1 - self._failed / self._seen < self.success
            self._seen = self._failed = 0
        return self._bad >= self.checks


@dataclass
class Cumulative:
    """Totals since the start, and the difference of the two rates with its variance (pooled, as under equality)."""

    total: list[int] = field(default_factory=lambda: [0, 0, 0, 0])

    def difference(self, raw: Raw) -> tuple[float, float]:
        new = (raw.stable, raw.stable_failed, raw.candidate, raw.candidate_failed)
        self.total = [old + more for old, more in zip(self.total, new, strict=True)]
        stable, stable_failed, candidate, candidate_failed = self.total
        if not (stable and candidate):
            return 0.0, 0.0
        pooled = (stable_failed + candidate_failed) / (stable + candidate)
        variance = pooled * (1 - pooled) * (1 / stable + 1 / candidate)
        return candidate_failed / candidate - stable_failed / stable, variance


class Peeking(Cumulative):
    """Two-sided z-test at 5 %, looked at every minute as if each look were the only one."""

    def back(self, tick: Tick, raw: Raw) -> bool:
        gap, variance = self.difference(raw)
        return (tick.at + 10) % 60 == 0 and variance > 0 and gap / math.sqrt(variance) > 1.96


class Mixture(Cumulative):
    """mSPRT: normal mixture on the difference of the rates (Johari et al., arXiv 1512.04922), tau 1 %, alpha 1 %."""

    TAU, BOUND = 0.01**2, math.log(100)

    def back(self, tick: Tick, raw: Raw) -> bool:
        gap, v = self.difference(raw)
        if v <= 0 or gap <= 0:
            return False
        both = v + self.TAU
        return 0.5 * math.log(v / both) + gap * gap * self.TAU / (2 * v * both) >= self.BOUND


POLICIES: dict[str, Callable[[Site], Decider]] = {
    "judge": Ours,
    "plain e-process": lambda _: Plain(),
    "threshold 99 %/1 min": lambda _: Threshold(0.99, minutes=1, checks=5),
    "threshold 95 %/5 min": lambda _: Threshold(0.95, minutes=5, checks=4),
    "peeking z-test": lambda _: Peeking(),
    "mSPRT": lambda _: Mixture(),
}
