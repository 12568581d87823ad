"""A worker that the others do not hear of must be gone before they take its jobs over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Lifeline:
    """Calls `let_go` when `hold` was not called for `seconds`.

    From a thread of its own, because whatever keeps the worker from being heard of may keep all else of it as well.
    The clock goes on while the machine sleeps: when it wakes up, others may have the jobs.
    """

    def __init__(self, seconds: float, let_go: Callable[[], None]) -> None:
        self._seconds, self._let_go = seconds, let_go
        self._held = _clock()
        self._thread = threading.Thread(target=self._watch, name="lifeline", daemon=True)

    def start(self) -> None:
        self._held = _clock()
        self._thread.start()

    def hold(self) -> None:
        self._held = _clock()

    def _watch(self) -> None:
        while _clock() - self._held <= self._seconds:
            time.sleep(min(self._seconds / 10, 1))
        self._let_go()


def _clock() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
