# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is normal for one stable version: how long it takes, how often it fails, and for whom. Touches no file."""

from __future__ import annotations

import math
from typing import Any, Collection, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.guard_histogram import Histogram

Taus = Mapping[str, Tuple[float, float, float]]
ALL = "*"  # all routes together: no route has this name, they begin with /
SHARES = (0.5, 0.95, 0.99)
# What is quicker feels instantaneous (Miller 1968; Nielsen, Usability Engineering, 1993): nobody is harmed by 6 ms in
# place of 3, and every new process needs them until its code is compiled.
NOTICEABLE_SECONDS = 0.1
# A p99 from fewer answers is one answer's luck.
ENOUGH_FOR_TAUS = 100
# What is normal changes over the day: the last half hour to hour counts.
GENERATION_SECONDS = 1800
# A rate from fewer requests excludes nothing that matters (3/300 = 1 %).
ENOUGH_FOR_RATE = 300
ENOUGH_EVENTS = 10
LARGEST_PRE_RATE = 3.0
MOST_ROUTES = 100  # of all counters that a version sees
NOTHING = (0, 0, 0, 0, 0)


class Baseline:
    """The figures of one version while it is the stable one. Two generations are kept, so that it forgets slowly."""

    def __init__(self, version: str, since: float) -> None:
        self.version = version
        self.since = since
        self.measured: List[Dict[str, Histogram]] = [{}, {}]  # newest generation first
        self.counted: List[Dict[str, List[int]]] = [{}, {}]  # route -> requests, failed
        self.buckets: List[Dict[int, List[int]]] = [{}, {}]  # bucket -> requests, failed, slower than p95
        self.frozen: Dict[str, Tuple[float, float, float]] = {}
        self.during: Dict[str, List[int]] = {}  # route -> requests, failed, three times slow; with the frozen taus

    def measure(self, route: str, seconds: float) -> None:
        for name in (route, ALL):
            histogram = self.measured[0].get(name)
            if histogram is None:
                if len(self.measured[0]) >= MOST_ROUTES and name != ALL:
                    continue
                histogram = self.measured[0][name] = Histogram()
            histogram.add(seconds)

    def absorb(self, arms: Mapping[str, Sequence[int]], buckets: Mapping[int, Sequence[int]], released: bool) -> None:
        """Take in a tick of the stable slot: `arms` are requests, failed and three times slow per route."""
        for route, arm in arms.items():
            if route not in self.counted[0] and len(self.counted[0]) >= MOST_ROUTES:
                continue
            _add(self.counted[0].setdefault(route, [0, 0]), arm[:2])
            if released and self.frozen:
                _add(self.during.setdefault(route, list(NOTHING)), arm)
        if not released:
            for bucket, counts in buckets.items():
                _add(self.buckets[0].setdefault(bucket, [0, 0, 0]), counts)

    def age(self, now: float) -> None:
        """Begin a new generation when the present one is old enough."""
        if now - self.since < GENERATION_SECONDS:
            return
        self.since = now
        for kept in (self.measured, self.counted, self.buckets):
            kept.pop()
            kept.insert(0, {})

    def taus(self) -> Taus:
        """Beyond which an answer is slow, per route as far as measured: p50, p95 and p99, where these can be noticed.

        Under ALL: what holds for a route with too few answers.
        """
        if self.frozen:
            return self.frozen
        found = {}
        for name in {*self.measured[0], *self.measured[1]}:
            both = self.measured[0].get(name, Histogram()).merged(self.measured[1].get(name, Histogram()))
            if both.count >= ENOUGH_FOR_TAUS:
                p50, p95, p99 = (max(limit, NOTICEABLE_SECONDS) for limit in both.quantiles(*SHARES))
                found[name] = (p50, p95, p99)
        return found

    def freeze(self) -> bool:
        """From here on the taus stay as they are, if enough was measured; returns whether they are fixed."""
        self.frozen = self.frozen or dict(self.taus())
        return bool(self.frozen)

    def thaw(self) -> None:
        """No candidate any more: measure on, and forget what belonged to that release."""
        self.frozen, self.during = {}, {}

    def busiest(self, number: int) -> List[str]:
        requests = {route: self._counted(route)[0] for route in {*self.counted[0], *self.counted[1]}}
        return sorted(requests, key=lambda route: (-requests[route], route))[:number]

    def pre_rates(self, cohort: Collection[int]) -> Dict[str, float]:
        """How much more often these buckets' users met failures and slow answers than the others, before the release.

        A few sticky users may simply be unlucky ones; the judge scales its margin by this. Never below 1: a lucky
        cohort is no reason to be stricter than the margin says.
        """
        return {"failed": self._pre_rate(cohort, 1), "slow": self._pre_rate(cohort, 2)}

    def _pre_rate(self, cohort: Collection[int], which: int) -> float:
        inside, outside = [0, 0], [0, 0]
        for generation in self.buckets:
            for bucket, counts in generation.items():
                _add(inside if bucket in cohort else outside, (counts[0], counts[which]))
        if inside[1] < ENOUGH_EVENTS or outside[1] < ENOUGH_EVENTS:
            return 1.0
        return min(max(inside[1] / inside[0] / (outside[1] / outside[0]), 1.0), LARGEST_PRE_RATE)

    def _counted(self, route: str) -> List[int]:
        total = [0, 0]
        for generation in self.counted:
            _add(total, generation.get(route, (0, 0)))
        return total

    def envelope(self) -> Dict[str, Tuple[float, Tuple[float, float, float]]]:
        """Per route the highest failure rate and the three highest slow rates that these figures leave room for.

        Routes with too few requests are not in it; slow rates that were not counted are 0 (not to be compared).
        """
        found = {}
        for route in {*self.counted[0], *self.counted[1]}:
            requests, failed = self._counted(route)
            if requests < ENOUGH_FOR_RATE:
                continue
            during = self.during.get(route, NOTHING)
            enough = during[0] >= ENOUGH_FOR_RATE
            p50, p95, p99 = (highest_rate(count, during[0]) if enough else 0.0 for count in during[2:])
            found[route] = (highest_rate(failed, requests), (p50, p95, p99))
        return found

    def as_data(self) -> Dict[str, Any]:
        return {
            "version": self.version,
            "since": self.since,
            "measured": [{name: one.as_data() for name, one in part.items()} for part in self.measured],
            "counted": self.counted,
            "buckets": [{str(bucket): counts for bucket, counts in part.items()} for part in self.buckets],
            "frozen": self.frozen,
            "during": self.during,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Baseline":
        """Raises ValueError for anything that `as_data` did not give."""
        try:
            made = cls(str(data["version"]), float(data["since"]))
            made.measured = [{k: Histogram.from_data(v) for k, v in part.items()} for part in data["measured"]]
            made.counted = [{k: [int(n) for n in v] for k, v in part.items()} for part in data["counted"]]
            made.buckets = [{int(k): [int(n) for n in v] for k, v in part.items()} for part in data["buckets"]]
            made.frozen = {k: (float(v[0]), float(v[1]), float(v[2])) for k, v in data["frozen"].items()}
            made.during = {k: [int(n) for n in v] for k, v in data["during"].items()}
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"not a baseline: {error!r}") from error
        if not len(made.measured) == len(made.counted) == len(made.buckets) == 2:
            raise ValueError("a baseline has two generations")
        return made


def highest_rate(events: int, requests: int) -> float:
    """Upper 95 % bound of a rate.

    The square root of a Poisson count has the standard deviation 1/2 (Bartlett 1936; Anscombe 1948), 1.645 of which is
    0.82. Without any event it gives 3.3/n, beside the exact "rule of three" 3/n; with 100 events 118/n, exact 118.1/n.
    """
    return min((math.sqrt(events + 1) + 0.82) ** 2 / requests, 1.0)


def _add(total: List[int], more: Sequence[int]) -> None:
    for index, value in enumerate(more):
        total[index] += value
