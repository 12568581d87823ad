"""Run a command and say in a file what it took: wall time, and CPU of it and of all it started.

Usage: measured.py RESULT COMMAND [ARGUMENT ...]

Ansible's ssh masters (ControlPersist) go on when it has ended, and belong to nobody then: this process takes them over
as a subreaper, ends them, and so the kernel counts their CPU, too. It is a process of its own because of that.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def children() -> list[int]:
    """Processes whose parent is this one."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == os.getpid():
            found.append(int(stat.parent.name))
    return found


def end_what_is_left() -> None:
    """End the ssh masters, who have nothing to do any more, and wait for them."""
    for pid in children():
        os.kill(pid, signal.SIGTERM)
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def main(result: str, command: list[str]) -> int:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")
    began = time.monotonic()
    code = subprocess.call(command, stdin=subprocess.DEVNULL)
    wall = time.monotonic() - began
    end_what_is_left()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    Path(result).write_text(json.dumps({"wall": wall, "cpu": used.ru_utime + used.ru_stime}), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
