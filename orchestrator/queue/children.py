"""The processes in which a worker has its jobs carried out."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from orchestrator.errors import QueueError
from orchestrator.languages import _, unpacked


class Children:
    """Started, interrupted and killed together. `interrupted`: the worker's own person wants an end."""

    def __init__(self) -> None:
        self._at_work: set[Process] = set()
        self.interrupted = False

    def __len__(self) -> int:
        return len(self._at_work)

    async def carry(self, told: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the child said at its end; None when it was killed.

        Cancelled, it interrupts the child as one Ctrl-C does, and waits for what it says all the same.
        """
        child = await asyncio.create_subprocess_exec(
            *tether(), sys.executable, "-m", "orchestrator.queue.errand", stdin=PIPE, stdout=PIPE,
            # A Ctrl-C at the terminal is the worker's to hand on.
            start_new_session=True,
        )  # fmt: skip
        self._at_work.add(child)
        try:
            said = asyncio.ensure_future(child.communicate(json.dumps(dict(told)).encode()))
            while True:
                try:
                    output, _errors = await asyncio.shield(said)
                    break
                except asyncio.CancelledError:
                    _signal(child, signal.SIGINT)
        finally:
            self._at_work.discard(child)
        code = child.returncode or 0
        if code > 0:
            return {"refused": _("its process ended with exit code %(code)s; what it said is above") % {"code": code}}
        if code < 0:
            return None
        return {name: unpacked(value) for name, value in json.loads(output).items()}

    def interrupt(self) -> None:
        self.interrupted = True
        for child in self._at_work:
            _signal(child, signal.SIGINT)

    def kill(self) -> None:
        for child in tuple(self._at_work):
            _signal(child, signal.SIGKILL)


def tether() -> list[str]:
    """What makes the child end with the worker, however that ends."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise QueueError(
            _("setpriv is missing: a killed worker would leave its runs at work"), remedy=_("install util-linux")
        )
    return [setpriv, "--pdeathsig", "KILL", "--"]


def parent() -> int:
    """The process that a child belongs to."""
    return os.getpid()


def _signal(child: Process, number: signal.Signals) -> None:
    # By its pid, since the lifeline does so from a thread; asyncio has not reaped whom it has given no return code.
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(child.pid, number)
