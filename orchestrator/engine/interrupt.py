"""The ladder from a polite end to a hard one.

First the running task is let finish on all its hosts: the callback looks for a file before the next one and ends the
playbook there. The second step does not wait: since ansible-core 2.19 every worker has a session of its own, so killing
ansible's process group leaves hosts being changed, while SIGINT to the controlling process makes it end its workers.
Nobody knows then what the hosts were doing: `canceled_unclean`. What does not answer is killed.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from orchestrator.engine.processes import at_work, send, wait_until_idle, with_descendants
from orchestrator.languages import _

# SIGTERM and SIGHUP are not repeated by a person, so the second step follows by itself.
PATIENCE = 30.0
# How long workers may take to end after their controller.
AFTERMATH = 5.0

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ladder:
    """Interrupts for the run that carries `mark`. `controller` is the pid ansible tells when it starts."""

    def __init__(self, mark: str, tell: Callable[[str], None] = lambda _text: None) -> None:
        self._mark = mark
        self._tell = tell
        self._asked_at: float | None = None
        self._cut_at: float | None = None
        self._by_person = True
        self._stop_file: Path | None = None
        self.controller: int | None = None

    @property
    def asked(self) -> bool:
        return self._asked_at is not None

    @property
    def cut(self) -> bool:
        """Whether a running task was not let finish."""
        return self._cut_at is not None

    def phase_begins(self, stop_file: Path) -> None:
        """From here on `stop_file` is what ansible looks for."""
        self.controller, self._stop_file = None, stop_file
        if self.asked:
            self._ask()

    def step(self, by_person: bool = True) -> None:
        """First call: end after the running task. Second call: end now. Third: kill everything it started."""
        self._by_person = by_person
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            self._ask()
            self._tell(
                _("the running task is let finish; interrupt again to stop at once, whatever the hosts are doing")
            )
        elif self._cut_at is None:
            self._cut()
        else:
            self._kill()

    def tick(self) -> bool:
        """Called every second by the runner: climbs when asking did not help. Never asks the runner itself to kill."""
        now = time.monotonic()
        if self._cut_at is not None:
            if now - self._cut_at > AFTERMATH:
                self._kill()
        elif self._asked_at is not None and not self._by_person and now - self._asked_at > PATIENCE:
            self._cut()
        return False

    def clear_up(self, *, died: bool) -> None:
        """After the controller has ended: nothing of a run that was interrupted or whose controller died stays at work.

        Workers outlive a controller that was killed (by the kernel, when memory is short), and go on changing hosts.
        """
        if (self.asked or died) and not wait_until_idle(self._mark, AFTERMATH):
            self._kill()

    def _ask(self) -> None:
        if self._stop_file is not None:
            with suppress(OSError):
                self._stop_file.touch()

    def _cut(self) -> None:
        self._cut_at = time.monotonic()
        own = os.getpid()
        # Before ansible has told its pid it is still starting: then our own child is the controller.
        pids = [self.controller] if self.controller else [pid for pid in at_work(self._mark) if _parent(pid) == own]
        send(pids, signal.SIGINT)

    def _kill(self) -> None:
        send(with_descendants(at_work(self._mark)), signal.SIGKILL)


@contextmanager
def interruptible(ladder: Ladder) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP climb the ladder while the block runs; the old handlers come back afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def climb(number: int, _frame: FrameType | None) -> None:
        ladder.step(by_person=number == signal.SIGINT)

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
