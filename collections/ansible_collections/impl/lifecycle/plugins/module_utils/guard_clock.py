# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A clock that only goes forward, whatever somebody does to the wall clock, and that knows when somebody did."""

from __future__ import annotations

import time
from typing import Callable

# NTP bends a clock by 0.5 ms a second at most; anything more than this between two looks was a step.
STEP_SECONDS = 2.0


class Clock:
    """Epoch seconds that never go back: wall time at the start (or what was reached before it), then monotonic time."""

    def __init__(
        self,
        reached: float = 0.0,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._started = monotonic()
        self._base = max(reached, wall())
        self._between = wall() - self._started

    def now(self) -> float:
        """Never less than before, also over a restart when `reached` was kept."""
        return self._base + self._monotonic() - self._started

    def monotonic(self) -> float:
        return self._monotonic()

    def wall(self) -> float:
        """What the log's lines and the files' times are written in."""
        return self._wall()

    def stepped(self) -> float:
        """By how many seconds the wall clock was set since the last look; 0.0 when it was not."""
        between = self._wall() - self._monotonic()
        by, self._between = between - self._between, between
        return by if abs(by) > STEP_SECONDS else 0.0
