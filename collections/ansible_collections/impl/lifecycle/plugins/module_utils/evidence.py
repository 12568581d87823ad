# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How strongly counts from two slots speak against a ratio of their rates: one number E, valid at every look.

Conditional-count e-process (Lindon et al., arXiv 2205.14762; Ville 1939). In one tick and route group the candidate
answers n_c requests and the stable slot n_s, with e_c and e_s events. Let the candidate's rate be r times the stable
one's. Given that an event happened, it is the candidate's with probability p(r) = q*r / (q*r + 1 - q), q = n_c / (n_c
+ n_s). Betting on ratio rho against the null ratio m multiplies E by

    L = (p(rho)/p(m))^e_c * ((1-p(rho))/(1-p(m)))^e_s = (rho/m)^e_c * ((n_c*m + n_s) / (n_c*rho + n_s))^(e_c + e_s)

Why the mean of L is at most 1 when r does not exceed m (rho > m; mirrored: when r is not below m, rho < m): write a
and b for the two brackets of the first form, and x for the stable rate in this tick, whatever it is. The counts are
binomial given the past, so mean(L) = (1 + r*x*(a-1))^n_c * (1 + x*(b-1))^n_s <= exp(x * (n_c*r*(a-1) + n_s*(b-1))),
which grows with r for a > 1 (falls for a < 1) and is exp(0) at r = m. No rate was assumed to be rare, constant or the
same from tick to tick: shared incidents, changing weights and looking at every tick leave "E ever reaches 1/alpha" at
a chance of alpha at most. Requests that are not independent of each other break it: hence one event per user, route
group and minute.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Mapping, Optional, Sequence

# E is shown to people; beyond this the digits say nothing, and exp() of a long release's sum would overflow.
MOST_ODDS = 1e9


def log_sum(terms: Sequence[float]) -> float:
    """log(sum(exp(term))) without leaving the range of a float."""
    top = max(terms)
    return top + math.log(sum(math.exp(term - top) for term in terms))


def shown(log_odds: float) -> float:
    """E as a number for people: "340 : 1" is 340.0."""
    return MOST_ODDS if log_odds >= math.log(MOST_ODDS) else math.exp(log_odds)


def number(value: Any, what: str, least: float = -math.inf, whole: bool = False) -> Any:
    """`value` if it is a finite number of at least `least`; persisted evidence is not believed blindly."""
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise ValueError(f"{what} is {value!r}, not a {'whole ' if whole else ''}number")
    if not math.isfinite(value) or value < least:
        raise ValueError(f"{what} is {value!r}, out of range")
    return value


class Evidence:
    """E against "the candidate's rate is at most `null` times the stable one's", as the mean over several ratios.

    `steps` are the ratios bet on, as multiples of `null`; all below 1 turns the hypothesis round: "at least `null`
    times". `weights` add up to 1 and say how much is put on each; evenly without them. A mean of processes that each
    start at 1 and whose mean cannot grow is one again, so the bound holds for the whole.
    """

    def __init__(self, null: float, steps: Sequence[float], weights: Optional[Sequence[float]] = None) -> None:
        self._null = null
        self._steps = tuple((math.log(step), step) for step in steps)
        self._weights = tuple(math.log(weight) for weight in weights or [1 / len(steps)] * len(steps))
        self._logs: List[float] = [self._first_log()] * len(self._steps)

    def _first_log(self) -> float:
        return 0.0

    def _idle(self) -> List[float]:
        """Logs of the weight that bets on nothing yet."""
        return []

    def add(
        self,
        stable: int,
        candidate: int,
        stable_events: int,
        candidate_events: int,
        null: Optional[float] = None,
    ) -> None:
        """Counts of one tick and route group. An arm without requests has nothing to be compared with: L is 1.

        `null` is the ratio for this tick, if it is not the one for all. It must have been known before the tick: each
        factor has a mean of 1 at most given the past, which is all the bound needs.
        """
        events = stable_events + candidate_events
        if not (stable and candidate and events):
            return
        now = self._null if null is None else null
        under_null = candidate * now + stable
        self._logs = [
            log + candidate_events * log_step + events * math.log(under_null / (candidate * now * step + stable))
            for log, (log_step, step) in zip(self._logs, self._steps)  # noqa: B905 - strict= needs Python 3.10
        ]

    @property
    def log_odds(self) -> float:
        """log E."""
        started = [log + weight for log, weight in zip(self._logs, self._weights)]  # noqa: B905 - as above
        return log_sum([*started, *self._idle()])

    def as_data(self) -> Dict[str, Any]:
        return {"logs": list(self._logs)}

    def load(self, data: Mapping[str, Any]) -> None:
        """Go on from what `as_data` gave; ValueError for anything else."""
        logs = data["logs"]
        if not isinstance(logs, list) or len(logs) != len(self._steps):
            raise ValueError(f"evidence holds {logs!r} where {len(self._steps)} numbers belong")
        self._logs = [float(number(log, "evidence")) for log in logs]


class RestartedEvidence(Evidence):
    """The mixture of such processes begun at restart j = 0, 1, 2 ...: the first one has the weight `first`, the others
    (1 - first) / (j(j+1)), which all add up to 1.

    A fault that begins after hours of health would first have to win back what E lost to them; a process begun lately
    has lost nothing. The one begun at restart j is 1 until then: it starts at 1 like the others, at a time the data
    have no say in, so the weighted mean is as valid as each. While only restarts below J have begun, the other
    weights add up to (1 - first) / J, and each of these processes counts as the 1 that it is.

    Memory does not grow with the restarts. Once begun, all processes that bet on the same ratio are multiplied by the
    same L, so their weighted SUM is multiplied by L and is all there is to keep: one number a ratio, exact, nothing
    capped or dropped.
    """

    def __init__(
        self, null: float, steps: Sequence[float], weights: Optional[Sequence[float]] = None, first: float = 0.5
    ) -> None:
        self._begun, self._first = 1, first
        super().__init__(null, steps, weights)

    def _first_log(self) -> float:
        return math.log(self._first)

    def _idle(self) -> List[float]:
        return [math.log(1 - self._first) - math.log(self._begun)]

    def begin(self, restarts: int) -> None:
        """Let all processes up to restart number `restarts` have begun; those that were late begin together, at 1."""
        if restarts < self._begun:
            return
        # 1/(j(j+1)) = 1/j - 1/(j+1), so the sum over a stretch of j is the difference of its ends:
        # 1/begun - 1/(restarts+1). As logs of whole numbers, nothing cancels.
        weight = math.log(restarts + 1 - self._begun) - math.log(self._begun) - math.log(restarts + 1)
        weight += math.log(1 - self._first)
        self._logs = [log_sum([log, weight]) for log in self._logs]
        self._begun = restarts + 1

    def as_data(self) -> Dict[str, Any]:
        return {**super().as_data(), "begun": self._begun}

    def load(self, data: Mapping[str, Any]) -> None:
        super().load(data)
        self._begun = number(data["begun"], "the number of restarts", least=1, whole=True)
