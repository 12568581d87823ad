"""Run as `python -P start_ansible.py PROGRAM ARGUMENT...`, never imported: PROGRAM, which ends as a whole or not.

Ansible's processes of the tasks have sessions of their own and know of its end only what it tells them; killed, or
interrupted before it knows the process it has just made, it tells them nothing, and they change hosts on. The kernel
tells them here.

What Ansible loads makes 275 collections that find nothing. They are put off until the callback freezes all that was
loaded, and take place as ever from then on.
"""

from __future__ import annotations

import ctypes
import gc
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)

gc.set_threshold(200_000, 50, 50)


class Tether:
    """SIGTERM for a forked process when the one that made it ends. Ansible's hand it on to all that they started."""

    def __init__(self) -> None:
        self._parent = 0
        os.register_at_fork(before=self.remember, after_in_child=self.fasten)

    def remember(self) -> None:
        self._parent = os.getpid()

    def fasten(self) -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != self._parent:
            # It had ended before; the kernel will say nothing.
            os._exit(1)


if __name__ == "__main__":
    Tether()
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
