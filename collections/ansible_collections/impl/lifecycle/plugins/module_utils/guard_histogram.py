# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long answers take, in a bounded number of bins: exact below 16 ms (nginx counts in ms), to 10 % above."""

from __future__ import annotations

import math
from typing import Any, Dict, Mapping, Optional, Tuple

EXACT_MS = 16
GROWTH = 1.1
_LOG_GROWTH = math.log(GROWTH)
# 16 ms * 1.1^120 is 24 minutes: no proxy waits longer.
LAST_BIN = EXACT_MS + 120


def bin_of(seconds: float) -> int:
    """The bin `seconds` belongs to."""
    ms = int(seconds * 1000 + 0.5)
    if ms < EXACT_MS:
        return max(ms, 0)
    return min(EXACT_MS + int(math.log(ms / EXACT_MS) / _LOG_GROWTH), LAST_BIN)


def upper_edge(number: int) -> float:
    """The longest time, in seconds, that belongs to a bin."""
    return number / 1000 if number < EXACT_MS else EXACT_MS * GROWTH ** (number - EXACT_MS + 1) / 1000


class Histogram:
    """Counts per bin."""

    def __init__(self) -> None:
        self.bins: Dict[int, int] = {}
        self.count = 0

    def add(self, seconds: float) -> None:
        number = bin_of(seconds)
        self.bins[number] = self.bins.get(number, 0) + 1
        self.count += 1

    def merged(self, other: "Histogram") -> "Histogram":
        both = Histogram()
        for one in (self, other):
            both.count += one.count
            for number, count in one.bins.items():
                both.bins[number] = both.bins.get(number, 0) + count
        return both

    def quantiles(self, *shares: float) -> Tuple[float, ...]:
        """The upper edge of the bin each share falls into. Nothing measured gives nothing."""
        found, seen, wanted = [], 0, list(shares)
        for number in sorted(self.bins):
            seen += self.bins[number]
            while wanted and seen >= wanted[0] * self.count:
                found.append(upper_edge(number))
                wanted.pop(0)
        return tuple(found)

    def as_data(self) -> Dict[str, int]:
        return {str(number): count for number, count in self.bins.items()}

    @classmethod
    def from_data(cls, data: Optional[Mapping[str, Any]]) -> "Histogram":
        made = cls()
        for number, count in (data or {}).items():
            made.bins[min(max(int(number), 0), LAST_BIN)] = int(count)
        made.count = sum(made.bins.values())
        return made
