"""A simulated site: users, routes, failures and slow answers, request by request where it matters, in ticks of 10 s.

What the judge gets has gone through the same rule as a real log: one event per user, route group and minute. What the
other policies get are the raw counts, as a metrics server would give them.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

if not any(type(finder).__name__ == "_AnsibleCollectionFinder" for finder in sys.meta_path):
    _AnsibleCollectionFinder(paths=[str(Path(__file__).resolve().parents[3] / "collections")])._install()

from ansible_collections.impl.lifecycle.plugins.module_utils.counts import Arm, Tick, pre_rate
from ansible_collections.impl.lifecycle.plugins.module_utils.crowd import Crowd

TICK = 10
ROUTES = (("read", 0.6), ("book", 0.3), ("report", 0.1))
BURST_SECONDS, BURST_EVERY = 60, 1.5  # one user reloads a broken page every second and a half, for a minute
INCIDENT_SECONDS, INCIDENT_RATE = 120, 0.3
USUALLY_SLOW = (0.5, 0.05, 0.01)  # what p50, p95 and p99 mean


@dataclass(frozen=True)
class Scenario:
    """One site and one release. Rates are per request, times in minutes; `fault` is the candidate's failure rate."""

    name: str
    rate: float = 20.0
    share: float = 0.10
    base: float = 0.005
    minutes: int = 60
    fault: float | None = None
    fault_route: str = ""
    onset: int = 0
    slow: tuple[float, float, float] = USUALLY_SLOW
    users: int = 2000
    spread: float = 0.0
    bursts: float = 0.0
    incidents: float = 0.0
    known_cohort: bool = False

    @property
    def healthy(self) -> bool:
        return self.fault is None and self.slow == USUALLY_SLOW


@dataclass(frozen=True)
class Raw:
    """What a metrics server counts: every request, every failure."""

    stable: int
    stable_failed: int
    candidate: int
    candidate_failed: int


def poisson(rng: random.Random, mean: float) -> int:
    if mean > 60:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count


def binomial(rng: random.Random, trials: int, chance: float) -> int:
    """Exact: coin flips for a half, jumps from hit to hit otherwise (few hits are few steps)."""
    if chance <= 0 or trials <= 0:
        return 0
    if chance >= 1:
        return trials
    if chance == 0.5:
        return rng.getrandbits(trials).bit_count()
    if chance > 0.5:
        return trials - binomial(rng, trials, 1 - chance)
    miss, at, hits = math.log1p(-chance), 0, 0
    while True:
        at += int(math.log(1 - rng.random()) / miss) + 1
        if at > trials:
            return hits
        hits += 1


class Group:
    """The users of one slot. Some are busier than others; with `spread`, some also meet more failures."""

    def __init__(self, users: list[tuple[int, float, float]]) -> None:
        self.users = [user for user, _, _ in users]
        self.activity = sum(busy for _, busy, _ in users)
        trouble = [busy * fail for _, busy, fail in users]
        self.trouble = sum(trouble) / self.activity if users else 1.0
        self._busy = list(accumulate(busy for _, busy, _ in users))
        self._troubled = list(accumulate(trouble))

    def pick(self, rng: random.Random, count: int, troubled: bool) -> list[int]:
        if not count:
            return []
        return rng.choices(self.users, cum_weights=self._troubled if troubled else self._busy, k=count)


class Distinct:
    """One event per user, route group and minute."""

    def __init__(self) -> None:
        self._minute, self._seen = -1, set()

    def count(self, at: int, kind: str, route: str, users: list[int]) -> int:
        if at // 60 != self._minute:
            self._minute, self._seen = at // 60, set()
        new = {(kind, route, user) for user in users} - self._seen
        self._seen |= new
        return len(new)


class Site:
    """One run of a scenario."""

    def __init__(self, scenario: Scenario, seed: str, distinct: bool = True) -> None:
        self.scenario, self.rng, self._distinct = scenario, random.Random(seed), distinct
        rng, spread = self.rng, scenario.spread
        busy = [rng.gammavariate(2, 0.5) for _ in range(scenario.users)]
        fail = [rng.gammavariate(1 / spread**2, spread**2) if spread else 1.0 for _ in busy]
        everybody = list(zip(range(scenario.users), busy, fail, strict=True))
        rng.shuffle(everybody)
        cut = max(1, round(scenario.share * scenario.users))
        self.candidate, self.stable = Group(everybody[:cut]), Group(everybody[cut:])
        self._total = self.candidate.activity + self.stable.activity
        self._once = (Distinct(), Distinct())
        self._bursts = self._moments(scenario.bursts)
        # Drawn by themselves: who came does not change what happened.
        self._crowd, self._came = Crowd(), random.Random(f"{seed}/crowd")
        self._hammering: dict[int, tuple[Group, int, str]] = {}
        self._incidents = self._moments(scenario.incidents)

    def _moments(self, per_hour: float) -> list[int]:
        minutes = self.scenario.minutes
        return sorted(self.rng.randrange(minutes * 60) for _ in range(poisson(self.rng, per_hour * minutes / 60)))

    def before(self, hours: float = 24) -> dict[str, float]:
        """`pre_rate` as a day of log gives it: the cohort's true ratio with the noise of its counts."""
        arms = []
        for group in (self.candidate, self.stable):
            requests = self.scenario.rate * 3600 * hours * group.activity / self._total
            events = [poisson(self.rng, requests * p * group.trouble) for p in (self.scenario.base, 0.05, 0.01)]
            half = binomial(self.rng, round(requests), 0.5)
            arms.append(Arm(round(requests), events[0], (half, events[1], events[2])))
        return pre_rate(*arms)

    def ticks(self) -> Iterator[tuple[Tick, Raw]]:
        for at in range(0, self.scenario.minutes * 60, TICK):
            arms = {}
            raw = []
            for number, group in enumerate((self.stable, self.candidate)):
                counted = {route: self._arm(at, number, group, route, part) for route, part in ROUTES}
                arms[number] = {route: arm for route, (arm, _) in counted.items()}
                raw += [sum(arm.requests for arm, _ in counted.values()), sum(failed for _, failed in counted.values())]
            for user in self.candidate.pick(self._came, raw[2], False):
                self._crowd.add(user)
            yield (
                Tick(at, {route: (arms[0][route], arms[1][route]) for route, _ in ROUTES}, self._crowd.size),
                Raw(*raw),
            )

    def _arm(self, at: int, number: int, group: Group, route: str, part: float) -> tuple[Arm, int]:
        rng, faulty = self.rng, number == 1 and at >= self.scenario.onset * 60
        requests = poisson(rng, self.scenario.rate * TICK * part * group.activity / self._total)
        troubled = group.pick(rng, binomial(rng, requests, self._chance(at, faulty, group, route)), True)
        again = self._reloads(at, group, route)
        requests += len(again)
        failing = troubled + again
        slow = self._slow(at, number, group, route, requests, self.scenario.slow if faulty else USUALLY_SLOW)
        failed = self._once[number].count(at, "failed", route, failing) if self._distinct else len(failing)
        return Arm(requests, failed, slow), len(failing)

    def _chance(self, at: int, faulty: bool, group: Group, route: str) -> float:
        if any(begin <= at < begin + INCIDENT_SECONDS for begin in self._incidents):
            return INCIDENT_RATE
        fault = self.scenario.fault
        hit = faulty and fault is not None and self.scenario.fault_route in ("", route)
        return min(1.0, (fault if hit and fault is not None else self.scenario.base) * group.trouble)

    def _reloads(self, at: int, group: Group, route: str) -> list[int]:
        """The requests of users who hammer a page that fails for them, whichever version they are on."""
        found = []
        for begin in self._bursts:
            if not begin <= at < begin + BURST_SECONDS:
                continue
            if begin not in self._hammering:
                side = self.candidate if self.rng.random() < self.candidate.activity / self._total else self.stable
                where = self.rng.choices([name for name, _ in ROUTES], [part for _, part in ROUTES])[0]
                self._hammering[begin] = (side, side.pick(self.rng, 1, True)[0], where)
            whose, user, where = self._hammering[begin]
            if whose is group and where == route:
                found += [user] * round(TICK / BURST_EVERY)
        return found

    def _slow(
        self, at: int, number: int, group: Group, route: str, requests: int, chances: tuple[float, float, float]
    ) -> tuple[int, int, int]:
        """Nested: what is slower than p99 is slower than p95 and p50. The slowest come to those who meet trouble."""
        rng, half = self.rng, binomial(self.rng, requests, chances[0])
        tail = binomial(rng, half, min(1.0, chances[1] / chances[0] * group.trouble))
        worst = binomial(rng, tail, chances[2] / chances[1])
        late = group.pick(rng, tail, True)
        users = (late + group.pick(rng, half - tail, False), late, late[:worst])
        if not self._distinct:
            return (half, tail, worst)
        count = self._once[number].count
        return tuple(count(at, kind, route, who) for kind, who in zip(("p50", "p95", "p99"), users, strict=True))
