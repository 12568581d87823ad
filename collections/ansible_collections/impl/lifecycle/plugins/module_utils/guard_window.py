# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is a promoted version worse than the one before it ever was? There is nobody beside it to be compared with.

Each route's null rate is the highest that the figures of the version before leave room for (its envelope), times the
margin. With n requests whose chance of an event is at most p0, betting on rho times p0 multiplies E by

    L = rho^e * exp(-n * p0 * (rho - 1))

The mean of L is (1 + p*(rho-1))^n * exp(-n*p0*(rho-1)) <= exp(n*(p-p0)*(rho-1)) <= 1 for p <= p0, whatever p does from
tick to tick: an e-process (the Poisson form in Waudby-Smith and Ramdas, JRSS-B 2024, section 3), valid at every look.
What it cannot tell apart is a bad version and a bad day of everything behind it; both had better be looked at.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.evidence import RestartedEvidence, log_sum, shown

RATIOS = (1.5, 2, 3, 5, 10, 30)
RESTART_SECONDS = 600
Envelope = Mapping[str, Tuple[float, Tuple[float, float, float]]]  # route -> failed, three times slow


class RateEvidence(RestartedEvidence):
    """E against "no more events than expected"."""

    def __init__(self) -> None:
        super().__init__(1.0, RATIOS)

    def bet(self, events: int, expected: float) -> None:
        """`events` came where at most `expected` were to be expected."""
        self._logs = [
            log + events * log_ratio - expected * (ratio - 1)
            for log, (log_ratio, ratio) in zip(self._logs, self._steps)  # noqa: B905 - strict= needs Python 3.10
        ]


class Window:
    """Watches a version after its promotion. Times are the guard's own, in seconds."""

    def __init__(self, version: str, previous: str, envelope: Envelope, began: float, until: float) -> None:
        self.version = version
        self.previous = previous
        self.until = until
        self._began = began
        self._envelope = dict(envelope)
        self._evidence = [RateEvidence() for _number in range(4)]
        self.requests = self.failed = 0

    def add(self, at: float, arms: Mapping[str, Sequence[int]], margin: float) -> None:
        """A tick: route -> requests, failed, three times slow. Routes the version before did not have say nothing."""
        for evidence in self._evidence:
            evidence.begin(int(max(0.0, at - self._began) // RESTART_SECONDS))
        for route, (requests, *events) in arms.items():
            if route not in self._envelope:
                continue
            failed, slow = self._envelope[route]
            self.requests, self.failed = self.requests + requests, self.failed + events[0]
            for evidence, count, rate in zip(self._evidence, events, (failed, *slow)):  # noqa: B905 - Python 3.10
                if rate > 0:
                    evidence.bet(min(count, requests), requests * min(rate * margin, 1.0))

    @property
    def odds(self) -> Dict[str, float]:
        failed, *slow = (evidence.log_odds for evidence in self._evidence)
        return {"failed": shown(failed), "slow": shown(log_sum(slow) - math.log(len(slow)))}

    def harm(self, alpha: float) -> str:
        """Why the version should be left, or nothing.

        Failures alone decide: how long answers take goes with the hour of the day as well, and nobody stands beside
        this version to show it. Slowness is told.
        """
        odds = self.odds["failed"]
        if odds < 1 / alpha:
            return ""
        return (
            f"evidence {odds:.0f} : 1 that it fails more often than {self.previous} left room for"
            f" ({self.failed} of {self.requests} failed since its promotion)"
        )

    def as_data(self) -> Dict[str, Any]:
        return {
            "version": self.version,
            "previous": self.previous,
            "began": self._began,
            "until": self.until,
            "envelope": {route: [failed, list(slow)] for route, (failed, slow) in self._envelope.items()},
            "evidence": [evidence.as_data() for evidence in self._evidence],
            "requests": self.requests,
            "failed": self.failed,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Window":
        """Raises ValueError for anything that `as_data` did not give."""
        try:
            envelope = {str(k): (float(v[0]), _three(v[1])) for k, v in data["envelope"].items()}
            made = cls(str(data["version"]), str(data["previous"]), envelope, data["began"], float(data["until"]))
            made.requests, made.failed = int(data["requests"]), int(data["failed"])
            for evidence, stored in zip(made._evidence, data["evidence"]):  # noqa: B905 - Python 3.10
                evidence.load(stored)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"not the watch over a promoted version: {error!r}") from error
        return made


def _three(values: List[Any]) -> Tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
