"""Which process is this, and is that one still alive? Read from /proc; a reused process id is told apart."""

from __future__ import annotations

import os
import pwd
import socket
from functools import cache
from pathlib import Path

from orchestrator.records.entities import Actor

PROC = Path("/proc")


@cache
def boot_id() -> str:
    """This boot of this kernel: start times of processes are counted from it."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        return "unknown"


def start_mark(pid: int) -> str | None:
    """When the process `pid` started, as boot and clock ticks; None when there is no such process."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command name is in parentheses and may hold spaces and parentheses itself.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else f"{boot_id()}:{fields[19]}"


def this_host() -> str:
    return socket.gethostname()


def this_actor() -> Actor:
    """The operator and the process which are at work now."""
    pid = os.getpid()
    return Actor(
        operator=f"{_user()}@{this_host()}", host=this_host(), pid=pid, pid_started=start_mark(pid) or "unknown"
    )


def _user() -> str:
    """Who is behind a sudo counts, not root. Nobody else can name themselves by an environment variable."""
    if os.getuid() == 0 and os.environ.get("SUDO_USER"):
        return os.environ["SUDO_USER"]
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def is_dead_here(actor: Actor) -> bool:
    """True when `actor` belonged to this host and is no more. A process of another host cannot be judged from here."""
    return actor.host == this_host() and start_mark(actor.pid) != actor.pid_started


def is_alive_here(actor: Actor) -> bool:
    """True when `actor` is a process of this host that lives; False for those of other hosts, too."""
    return actor.host == this_host() and start_mark(actor.pid) == actor.pid_started
