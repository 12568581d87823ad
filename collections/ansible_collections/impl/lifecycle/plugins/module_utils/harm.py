# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What counts as harm, and how sure one must be before it is said. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.counts import METRICS

# A cohort that failed 40 times as often as the others before the release is a broken client or a handful of counts; a
# margin scaled by that would let everything pass.
MOST_SCALING = 5.0
# The stated margin is for a candidate with so many users; with more of them the room it leaves shrinks as their number
# grows. What a cohort meets beside all others varies with 1/sqrt(users), which is more, but the bets leave room of
# their own: one on r times the margin grows only above (r - 1)/ln r of it, for the smallest, 2, above 1.44.
MARGIN_USERS = 10
# How the chance of a false alarm is shared by the metrics (Bonferroni, weighted). A version that is slow enough to
# matter is so in thousands of requests and proves it soon; one that fails now and then needs every bit.
SHARES = {"failed": 0.95, "slow": 0.05}
# Ratios bet on against harm, as multiples of the margin, and how much is put on each: most of it on what small faults
# have, a little on what fails outright, which proves itself in a few requests whatever is bet.
BETS: Tuple[Tuple[float, float], ...] = ((2, 0.1), (4, 0.75), (10, 0.1), (30, 0.05))


@dataclass(frozen=True)
class Policy:
    """What counts as harm, and how sure one must be. Fixed for a release: evidence is against these very hypotheses."""

    alpha: float = 0.01
    margin: float = 1.5
    bets: Tuple[Tuple[float, float], ...] = BETS
    ratios: Tuple[float, ...] = (1.5, 2, 3, 5, 10, 30)
    restart_seconds: int = 600
    worse_ratio: float = 2.0
    pre_rate: Mapping[str, float] = field(default_factory=dict)
    hard_failing: int = 5
    hard_first: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha {self.alpha} is refused: it is the chance of a false alarm, between 0 and 1")
        if not (math.isfinite(self.margin) and self.margin >= 1 and math.isfinite(self.worse_ratio)):
            raise ValueError(f"margin {self.margin} is refused: it is 1 or more, and finite")
        if self.worse_ratio <= 1:
            raise ValueError(f"worse_ratio {self.worse_ratio} is refused: it must be above 1")
        if not self.ratios or not all(math.isfinite(ratio) and ratio > 1 for ratio in self.ratios):
            raise ValueError(f"ratios {self.ratios} are refused: each is above 1")
        if not self.bets or not all(step > 1 and weight > 0 for step, weight in self.bets):
            raise ValueError(f"bets {self.bets} are refused: each is a multiple of the margin above 1, with a weight")
        if abs(sum(weight for _step, weight in self.bets) - 1) > 1e-9:
            raise ValueError(f"bets {self.bets} are refused: their weights add up to 1")
        if self.restart_seconds < 1 or not 1 <= self.hard_failing <= self.hard_first:
            raise ValueError("restart_seconds is 1 or more, hard_failing from 1 to hard_first")
        for metric, rate in self.pre_rate.items():
            if metric not in METRICS or not (math.isfinite(rate) and rate >= 0):
                raise ValueError(f"pre_rate {metric}={rate} is refused: {' or '.join(METRICS)}, and 0 or more")

    def harm_ratio(self, metric: str, crowd: float = 0.0) -> float:
        """The ratio of rates above which the candidate does harm, when it has had `crowd` users' worth of requests.

        The margin is for ten users, and what it leaves above 1 shrinks as their number grows: the fewer there are, the
        more their own bad luck may look like the version's fault. Scaled UP by what the same users met before.

        Never down. A cohort that failed less than the others is, with few users, mostly a cohort that was lucky so
        far; a margin below the stated one would call the end of its luck harm.
        """
        room = (self.margin - 1) * min(1.0, MARGIN_USERS / crowd) if crowd else self.margin - 1
        return (1 + room) * min(max(1.0, self.pre_rate.get(metric, 1.0)), MOST_SCALING)

    def proof(self, metric: str) -> float:
        """E at which harm is proven: the metric's share of the chance of a false alarm."""
        return 1 / (self.alpha * SHARES[metric])

    @property
    def ok_odds(self) -> float:
        """E at which a metric is cleared. OK needs every metric cleared, so nothing is shared here."""
        return 1 / self.alpha

    def as_data(self) -> Dict[str, Any]:
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        bets = [list(bet) for bet in self.bets]
        return {**data, "bets": bets, "ratios": list(self.ratios), "pre_rate": dict(self.pre_rate)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Policy:
        """The policy that `as_data` described. Raises TypeError or ValueError for anything else."""
        bets = tuple((float(step), float(weight)) for step, weight in data.get("bets", ()))
        return cls(**{**data, "bets": bets, "ratios": tuple(data.get("ratios", ()))})
