# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a judge is given: counts of two slots, ten seconds at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Mapping, Tuple

METRICS = ("failed", "slow")


@dataclass(frozen=True)
class Arm:
    """One slot in one tick and route group. Events: ONE per user, route group and minute."""

    requests: int = 0
    failed: int = 0
    slow: Tuple[int, int, int] = (0, 0, 0)

    def cleaned(self) -> Arm:
        """The same with no more events than requests: an event counted twice must not become evidence."""
        requests = max(0, self.requests)
        failed, *slow = (min(max(0, events), requests) for events in (self.failed, *self.slow))
        return Arm(requests, failed, (slow[0], slow[1], slow[2]))

    def plus(self, other: Arm) -> Arm:
        slow = tuple(one + two for one, two in zip(self.slow, other.slow))  # noqa: B905 - strict= needs Python 3.10
        return Arm(self.requests + other.requests, self.failed + other.failed, (slow[0], slow[1], slow[2]))

    @property
    def events(self) -> Tuple[int, int, int, int]:
        return (self.failed, *self.slow)


@dataclass(frozen=True)
class Tick:
    """Ten seconds: route group -> (stable, candidate).

    `crowd`: how many users' worth the candidate's requests were, from its first user to the end of this tick.
    """

    at: int
    routes: Mapping[str, Tuple[Arm, Arm]]
    crowd: float = 0.0


def pre_rate(cohort: Arm, others: Arm) -> Dict[str, float]:
    """`Policy.pre_rate` from counts of the same users and of the others before the release.

    Half an event is added on both sides (Haldane-Anscombe), so that no count of zero makes a ratio of zero or
    infinity.
    """
    if not (cohort.requests and others.requests):
        return {}

    def ratio(mine: int, theirs: int) -> float:
        return (mine + 0.5) / (theirs + 0.5) * others.requests / cohort.requests

    slow = max(ratio(mine, theirs) for mine, theirs in zip(cohort.slow, others.slow))  # noqa: B905 - strict= needs Python 3.10
    return {"failed": ratio(cohort.failed, others.failed), "slow": slow}
