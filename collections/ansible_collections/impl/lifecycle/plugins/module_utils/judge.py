# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is the candidate worse than the stable version? Counts in, an opinion out. No file is read and no clock asked here.

The test itself, and why looking after every tick is allowed, is in evidence.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.counts import METRICS, Arm, Tick
from ansible_collections.impl.lifecycle.plugins.module_utils.evidence import (
    Evidence,
    RestartedEvidence,
    log_sum,
    number,
    shown,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.harm import Policy

SCHEMA = 3
HARM, OK, INCONCLUSIVE = "HARM", "OK", "INCONCLUSIVE"

# OK is not said beside this much evidence of harm, even where harm is not proven: 10 : 1 is "strong" on Jeffreys'
# scale.
HINT_OF_HARM = 10.0
# The metric of each number in Arm.events: failed, then slow by p50, p95 and p99.
EVENTS = ("failed", "slow", "slow", "slow")
LONGEST_REASON = 500
# Most faults are there from the first user on.
FROM_THE_START = 0.9


@dataclass(frozen=True)
class Opinion:
    """What the counts so far allow one to say."""

    verdict: str
    metric: str
    reason: str
    harm_odds: Mapping[str, float]
    ok_odds: Mapping[str, float]
    stable: Arm
    candidate: Arm
    excluded: float


class Judge:
    """Takes ticks in order and has an opinion at any time. Once HARM, always HARM: the bound is on E ever crossing."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._first: Optional[int] = None
        self._last: Optional[int] = None
        self._stable, self._candidate = Arm(), Arm()
        self._harm: Optional[Dict[str, str]] = None
        self._crowd = 0.0
        steps, weights = zip(*policy.bets)  # noqa: B905 - strict= needs Python 3.10
        self._against_fine = [
            RestartedEvidence(policy.harm_ratio(metric), steps, weights, FROM_THE_START) for metric in EVENTS
        ]
        # worse_ratio is not scaled by pre_rate: upwards, users known to fail more would hide a worse candidate;
        # downwards, few users' luck would put OK out of reach. No restarts either: ten good minutes do not excuse the
        # hour before.
        against = [1 / ratio for ratio in policy.ratios]
        self._against_worse = [Evidence(policy.worse_ratio, against) for _metric in EVENTS]

    def add(self, tick: Tick) -> None:
        """Take one tick. One not after the last is ignored: it was counted before a restart, or the clock stepped."""
        if self._last is not None and tick.at <= self._last:
            return
        if self._first is None:
            self._first = tick.at
        self._last = tick.at
        for evidence in self._against_fine:
            evidence.begin((tick.at - self._first) // self._policy.restart_seconds)
        opening = self._candidate.requests < self._policy.hard_first
        # By the users of the ticks before: what this one brings must not choose its own yardstick.
        nulls = [self._policy.harm_ratio(metric, self._crowd) for metric in EVENTS]
        for pair in tick.routes.values():
            self._count(pair[0].cleaned(), pair[1].cleaned(), nulls)
        self._look(opening)
        self._crowd = max(self._crowd, tick.crowd)

    def _count(self, stable: Arm, candidate: Arm, nulls: Sequence[float]) -> None:
        self._stable, self._candidate = self._stable.plus(stable), self._candidate.plus(candidate)
        for place, events in enumerate(zip(stable.events, candidate.events)):  # noqa: B905 - Python 3.10
            self._against_fine[place].add(stable.requests, candidate.requests, *events, nulls[place])
            self._against_worse[place].add(stable.requests, candidate.requests, *events)

    def _look(self, opening: bool) -> None:
        """Keep the first proof of harm."""
        if self.harmful:
            return
        if opening and self._fails_from_the_start():
            reason = f"{self._candidate.failed} of the candidate's first {self._candidate.requests} requests failed"
            self._harm = {"metric": "failed", "reason": reason}
            return
        odds = self._harm_odds()
        worst = max(odds, key=lambda metric: odds[metric] / self._policy.proof(metric))
        if odds[worst] >= self._policy.proof(worst):
            self._harm = {"metric": worst, "reason": self._harm_reason(worst, odds[worst])}

    def _fails_from_the_start(self) -> bool:
        """Hard guard, whatever the stable slot does: taking back at the very start costs next to nothing.

        A tick does not say in which order its requests came. When it reaches beyond the first ones, the share has to
        be as high.
        """
        seen, failed = self._candidate.requests, self._candidate.failed
        beyond = max(1.0, seen / self._policy.hard_first)
        return failed >= self._policy.hard_failing * beyond

    def _harm_odds(self) -> Dict[str, float]:
        """Latency is the mean of its three E: a slowdown of everything and one of the worst requests look different."""
        failed, *slow = (evidence.log_odds for evidence in self._against_fine)
        return {"failed": shown(failed), "slow": shown(log_sum(slow) - math.log(len(slow)))}

    def _ok_odds(self) -> Dict[str, float]:
        """Latency is the smallest of its three E: all three have to be cleared, a mean would let p50 vouch for p99."""
        failed, *slow = (evidence.log_odds for evidence in self._against_worse)
        return {"failed": shown(failed), "slow": shown(min(slow))}

    @property
    def harmful(self) -> bool:
        """Whether harm is proven; the opinion says how."""
        return self._harm is not None

    def opinion(self) -> Opinion:
        harm, cleared = self._harm_odds(), self._ok_odds()
        verdict, metric, reason = self._verdict(harm, cleared)
        return Opinion(verdict, metric, reason, harm, cleared, self._stable, self._candidate, self._excluded())

    def _verdict(self, harm: Mapping[str, float], cleared: Mapping[str, float]) -> Tuple[str, str, str]:
        if self._harm is not None:
            return HARM, self._harm["metric"], self._harm["reason"]
        # Half of all requests are slower than the median: without one slow event nobody measured latency.
        measured = [metric for metric in METRICS if metric == "failed" or any(self._stable.slow + self._candidate.slow)]
        weakest = min(measured, key=lambda metric: cleared[metric])
        if cleared[weakest] >= self._policy.ok_odds and max(harm.values()) < HINT_OF_HARM:
            return OK, weakest, self._ok_reason(weakest, cleared[weakest])
        return INCONCLUSIVE, "", self._open_reason(harm)

    def _excluded(self) -> float:
        """Rule of three (Hanley and Lippman-Hand, JAMA 1983): no event in n excludes, at 95 %, a rate above 3/n."""
        seen = self._candidate.requests
        return 3 / seen if seen > 3 and not self._candidate.failed else 0.0

    def _figures(self, metric: str) -> str:
        pick = (lambda arm: arm.failed) if metric == "failed" else (lambda arm: arm.slow[1])
        what = "failed" if metric == "failed" else "slower than 95 % were before"
        one, two = self._candidate, self._stable
        return f"{pick(one)} of {one.requests} {what}, stable: {pick(two)} of {two.requests}"

    def _harm_reason(self, metric: str, odds: float) -> str:
        does = {"failed": "fails", "slow": "is slow"}[metric]
        limit = self._policy.harm_ratio(metric, self._crowd)
        return (
            f"evidence {_odds(odds)} : 1 that the candidate {does} more than {limit:.3g} times as often"
            f" as the stable version ({self._figures(metric)})"
        )

    def _ok_reason(self, metric: str, odds: float) -> str:
        limit = self._policy.worse_ratio
        claim = f"evidence {_odds(odds)} : 1 that the candidate is less than {limit:g} times worse"
        return f"{claim} ({self._figures(metric)})"

    def _open_reason(self, harm: Mapping[str, float]) -> str:
        if not self._candidate.requests:
            return "the candidate has answered no request yet"
        worst = max(harm, key=lambda metric: harm[metric] / self._policy.proof(metric))
        start = "no sign of harm"
        if harm[worst] >= HINT_OF_HARM:
            start = f"a sign of harm ({worst}) that is no proof"
        excluded = self._excluded()
        end = f"; a failure rate above {excluded:.2g} is excluded" if excluded else ""
        needed = f"evidence {_odds(harm[worst])} : 1, {_odds(self._policy.proof(worst))} : 1 is proof"
        return f"{start}: {needed} ({self._figures(worst)}){end}"

    def as_data(self) -> Dict[str, Any]:
        """Everything `from_data` needs to go on, JSON-able. Its size does not depend on how long the release lasts."""
        return {
            "schema": SCHEMA,
            "policy": self._policy.as_data(),
            "first": self._first,
            "last": self._last,
            "crowd": self._crowd,
            "stable": [self._stable.requests, *self._stable.events],
            "candidate": [self._candidate.requests, *self._candidate.events],
            "harm": None if self._harm is None else dict(self._harm),
            "against_fine": [evidence.as_data() for evidence in self._against_fine],
            "against_worse": [evidence.as_data() for evidence in self._against_worse],
        }

    @classmethod
    def from_data(cls, policy: Policy, data: Mapping[str, Any]) -> Judge:
        """The judge that `as_data` described. Raises ValueError for anything else, another policy included."""
        judge = cls(policy)
        try:
            judge._load(data)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"not the evidence of a release: {error!r}") from error
        return judge

    def _load(self, data: Mapping[str, Any]) -> None:
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']} is not the one this version reads ({SCHEMA})")
        if data["policy"] != self._policy.as_data():
            raise ValueError("this evidence was gathered under another policy and says nothing about this one")
        self._first, self._last = (
            None if data[name] is None else number(data[name], name, whole=True) for name in ("first", "last")
        )
        if (self._first is None) != (self._last is None) or (self._first or 0) > (self._last or 0):
            raise ValueError(f"ticks from {self._first} to {self._last} are no span of time")
        self._crowd = float(number(data["crowd"], "the number of users", least=0))
        self._stable, self._candidate = _arm(data["stable"]), _arm(data["candidate"])
        self._harm = _proof(data["harm"])
        pairs = ((self._against_fine, data["against_fine"]), (self._against_worse, data["against_worse"]))
        for processes, stored in pairs:
            if not isinstance(stored, list) or len(stored) != len(processes):
                raise ValueError(f"evidence holds {len(stored)} tests where {len(processes)} belong")
            for process, one in zip(processes, stored):  # noqa: B905 - strict= needs Python 3.10
                process.load(one)


def _odds(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _arm(counts: Any) -> Arm:
    if not isinstance(counts, list) or len(counts) != 5:
        raise ValueError(f"{counts!r} are not the five counts of a slot")
    requests, failed, *slow = (number(count, "a count", least=0, whole=True) for count in counts)
    return Arm(requests, failed, (slow[0], slow[1], slow[2]))


def _proof(harm: Any) -> Optional[Dict[str, str]]:
    if harm is None:
        return None
    if harm["metric"] not in METRICS or not isinstance(harm["reason"], str) or len(harm["reason"]) > LONGEST_REASON:
        raise ValueError("the stored proof of harm is none")
    return {"metric": harm["metric"], "reason": harm["reason"]}
