"""Find what a run started, by the mark it carries in its environment, whatever session or group it moved to."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from orchestrator.engine.environ import MARKER
from orchestrator.records.entities import Actor

PROC = Path("/proc")


def mark_of(actor: Actor) -> str:
    """What processes started by `actor` carry as LIFECYCLE_RUN."""
    return f"{actor.pid}.{actor.pid_started}"


def at_work(mark: str) -> list[int]:
    """Processes of ansible with this mark: controllers, workers, modules on this host, ssh clients.

    Not counted: the shared ssh connection that ControlPersist keeps open, and a daemon that a play started here.
    """
    wanted = f"{MARKER}={mark}\0".encode()
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit() and _is_ansible(entry, wanted)]


def _is_ansible(entry: Path, wanted: bytes) -> bool:
    try:
        if wanted not in (entry / "environ").read_bytes() + b"\0":
            return False
        line = (entry / "cmdline").read_bytes()
    except OSError:
        return False
    return b"ansible" in line.lower() and b"[mux]" not in line and int(entry.name) != os.getpid()


def with_descendants(pids: list[int]) -> list[int]:
    """Them and what they started and still wait for: a module on this host, and the program that it calls."""
    found = list(pids)
    for pid in found:
        found += [child for child in _children(pid) if child not in found]
    return found


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()]
    return []


def wait_until_idle(mark: str, seconds: float) -> bool:
    """True as soon as nothing of the run is at work, False when something still is after `seconds`."""
    deadline = time.monotonic() + seconds
    while at_work(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
