"""The ladder from a polite end to a hard one.

Since ansible-core 2.19 every worker has a session of its own, so killing ansible's process group leaves hosts being
changed. SIGINT to the controlling process makes it end its workers; only the second step kills, and then nobody knows
what the hosts were doing: `canceled_unclean`.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from orchestrator.engine.processes import at_work, send, wait_until_idle, with_descendants

# SIGTERM and SIGHUP are not repeated by a person, so the second step follows by itself.
PATIENCE = 30.0
# How long workers may take to end after their controller.
AFTERMATH = 5.0

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ladder:
    """Interrupts for the run that carries `mark`. `controller` is the pid ansible tells when it starts."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._asked_at: float | None = None
        self.controller: int | None = None
        self.killed = False

    @property
    def asked(self) -> bool:
        return self._asked_at is not None

    def step(self) -> None:
        """First call: ask ansible to end. Second call: kill everything it started."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            self._interrupt()
        else:
            self._kill()

    def tick(self) -> bool:
        """Called every second by the runner: climbs when asking did not help. Never asks the runner itself to kill."""
        if self._asked_at is not None and not self.killed and time.monotonic() - self._asked_at > PATIENCE:
            self._kill()
        return False

    def clear_up(self, *, died: bool) -> None:
        """After the controller has ended: nothing of a run that was interrupted or whose controller died stays at work.

        Workers outlive a controller that was killed (by the kernel, when memory is short), and go on changing hosts.
        """
        if not (self.asked or died) or wait_until_idle(self._mark, AFTERMATH):
            return
        if self.asked:
            self._kill()
        else:
            send(with_descendants(at_work(self._mark)), signal.SIGKILL)

    def _interrupt(self) -> None:
        own = os.getpid()
        # Before ansible has told its pid it is still starting: then our own child is the controller.
        pids = [self.controller] if self.controller else [pid for pid in at_work(self._mark) if _parent(pid) == own]
        send(pids, signal.SIGINT)

    def _kill(self) -> None:
        pids = with_descendants(at_work(self._mark))
        if pids:
            self.killed = True
            send(pids, signal.SIGKILL)


@contextmanager
def interruptible(ladder: Ladder) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP climb the ladder while the block runs; the old handlers come back afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def climb(_number: int, _frame: FrameType | None) -> None:
        ladder.step()

    before = {number: signal.signal(number, climb) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0
