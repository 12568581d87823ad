# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What would the judge have said of releases that changed nothing? A site's own log, its users split at random (A/A).

Each split calls some users candidates although all got the same version. Every HARM is then a false rollback, with this
site's real bursts, incidents and few busy users in it. Entries come in already parsed; no file is read here.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Sequence, Set, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.counts import METRICS, Arm, Tick, pre_rate
from ansible_collections.impl.lifecycle.plugins.module_utils.crowd import Crowd
from ansible_collections.impl.lifecycle.plugins.module_utils.harm import Policy
from ansible_collections.impl.lifecycle.plugins.module_utils.judge import Judge

TICK_SECONDS = 10
# A quantile of fewer answers than this is noise; such a route group has no limits and no slow events.
LEAST_ANSWERS = 100
Limits = Tuple[float, float, float]


class Entry(NamedTuple):
    """One request of the access log. `at` is in epoch seconds."""

    at: float
    user: str
    route: str
    failed: bool
    seconds: float


@dataclass(frozen=True)
class Replay:
    """How the splits ended. `worst_odds`: by metric, the largest evidence for harm of each split, in order."""

    splits: int
    rolled_back: int
    worst_odds: Mapping[str, Tuple[float, ...]]

    @property
    def rate(self) -> float:
        """The share of splits that would have been rolled back for nothing."""
        return self.rolled_back / self.splits if self.splits else 0.0


def limits(entries: Iterable[Entry]) -> Dict[str, Limits]:
    """tau p50, p95 and p99 of the answers that did not fail, by route group (nearest rank, from above)."""
    seconds: Dict[str, List[float]] = defaultdict(list)
    for entry in entries:
        if not entry.failed:
            seconds[entry.route].append(entry.seconds)
    return {route: _quantiles(sorted(taken)) for route, taken in seconds.items() if len(taken) >= LEAST_ANSWERS}


def _quantiles(ordered: Sequence[float]) -> Limits:
    p50, p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.50, 0.95, 0.99))
    return (p50, p95, p99)


class _Counted:
    """The log as counts by tick, route group and user. An event counts once a minute, so it belongs to its first tick.

    A user is on one side of a split as a whole: what is counted once here is counted once in every split.
    """

    def __init__(self, entries: Iterable[Entry], taus: Mapping[str, Limits]) -> None:
        self._ticks: Dict[int, Dict[Tuple[str, str], List[int]]] = defaultdict(dict)
        minute, seen = -1, set()  # type: int, Set[Tuple[str, str, int]]
        for entry in sorted(entries, key=lambda one: one.at):
            if entry.at // 60 != minute:
                minute, seen = int(entry.at // 60), set()
            at = int(entry.at // TICK_SECONDS) * TICK_SECONDS
            counts = self._ticks[at].setdefault((entry.user, entry.route), [0, 0, 0, 0, 0])
            counts[0] += 1
            for number, happened in enumerate(_events(entry, taus.get(entry.route)), start=1):
                event = (entry.user, entry.route, number)
                if happened and event not in seen:
                    seen.add(event)
                    counts[number] += 1
        self.users = sorted({user for tick in self._ticks.values() for user, _route in tick})

    def split(self, candidates: Set[str], of: slice = slice(None)) -> Iterator[Tick]:
        """The ticks as the guard would have counted them, had these users been on the candidate."""
        crowd, numbers = Crowd(), {user: number for number, user in enumerate(self.users)}
        for at in sorted(self._ticks)[of]:
            sums: Dict[str, List[List[int]]] = defaultdict(lambda: [[0] * 5, [0] * 5])
            for (user, route), counts in self._ticks[at].items():
                side = sums[route][user in candidates]
                for number, count in enumerate(counts):
                    side[number] += count
                for _request in range(counts[0] if user in candidates else 0):
                    crowd.add(numbers[user])
            yield Tick(at, {route: (_arm(sides[0]), _arm(sides[1])) for route, sides in sums.items()}, crowd.size)

    def __len__(self) -> int:
        return len(self._ticks)


def _events(entry: Entry, taus: object) -> Tuple[bool, ...]:
    slow = tuple(entry.seconds > tau for tau in taus) if isinstance(taus, tuple) else (False, False, False)
    return (entry.failed, *slow)


def _arm(counts: Sequence[int]) -> Arm:
    return Arm(counts[0], counts[1], (counts[2], counts[3], counts[4]))


def chosen(users: Sequence[str], share: float, seed: str) -> Set[str]:
    """The users of one split: each with the chance `share`, by hash, so that a seed means the same users everywhere."""

    def draw(user: str) -> float:
        return int.from_bytes(hashlib.sha256(f"{seed}/{user}".encode()).digest()[:8], "big") / 2**64

    return {user for user in users if draw(user) < share}


def replay(
    entries: Iterable[Entry],
    policy: Policy,
    splits: int = 100,
    share: float = 0.10,
    seed: str = "replay",
    before: float = 0.5,
) -> Replay:
    """Judge `splits` random splits of the log, each with `share` of the users on the "candidate".

    The first part of the log (`before`, by ticks) plays the time before the release: the limits of latency and each
    cohort's own rate come from there, as they would have for a real release, and only the rest is judged.
    """
    if not (0 < share < 1 and 0 <= before < 1 and splits >= 1):
        raise ValueError(f"share {share} and before {before} are parts of a whole, splits {splits} is 1 or more")
    kept = sorted(entries, key=lambda entry: entry.at)
    if not kept:
        raise ValueError("the log has no request to replay")
    counted = _Counted(kept, limits(kept[: max(1, int(len(kept) * before))]))
    first = int(len(counted) * before)
    worst: Dict[str, List[float]] = {metric: [] for metric in METRICS}
    rolled_back = 0
    for number in range(splits):
        cohort = chosen(counted.users, share, f"{seed}/{number}")
        known = _before(counted.split(cohort, slice(first)))
        odds, harmful = _judge(counted.split(cohort, slice(first, None)), replace(policy, pre_rate=known))
        rolled_back += harmful
        for metric in METRICS:
            worst[metric].append(odds[metric])
    return Replay(splits, rolled_back, {metric: tuple(values) for metric, values in worst.items()})


def _before(ticks: Iterable[Tick]) -> Dict[str, float]:
    others, cohort = Arm(), Arm()
    for tick in ticks:
        for stable, candidate in tick.routes.values():
            others, cohort = others.plus(stable), cohort.plus(candidate)
    return pre_rate(cohort, others)


def _judge(ticks: Iterable[Tick], policy: Policy) -> Tuple[Dict[str, float], bool]:
    """The largest evidence for harm by metric, and whether the split was rolled back; nothing is judged after that."""
    judge, worst = Judge(policy), dict.fromkeys(METRICS, 1.0)
    for tick in ticks:
        judge.add(tick)
        odds = judge.opinion().harm_odds
        worst = {metric: max(worst[metric], odds[metric]) for metric in METRICS}
        if judge.harmful:
            break
    return worst, judge.harmful
