"""Run as `python -P start_ansible.py PROGRAM ARGUMENT...`, never imported: PROGRAM, which ends as a whole or not.

Ansible's processes of the tasks have sessions of their own and know of its end only what it tells them; killed, or
interrupted before it knows the process it has just made, it tells them nothing, and they change hosts on. The kernel
tells them here.

What Ansible loads makes 275 collections that find nothing. They are put off until the callback freezes all that was
loaded, and take place as ever from then on.

The routing of ansible.builtin is ten thousand lines of YAML, a fifth of what Ansible's start takes. It is read as YAML
once for each content, and as JSON from then on.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import json
import os
import runpy
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

PR_SET_PDEATHSIG = 1

Routing = Callable[[bytes | str, Any], Mapping[str, Any]]

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


def remembered(read: Routing, directory: str) -> Routing:
    """`read`, which makes a mapping of strings of a collection's runtime.yml, by what is in the directory."""

    def routing(text: bytes | str, content_id: Any) -> Mapping[str, Any]:
        content = text.encode() if isinstance(text, str) else text
        file = f"{directory}/routing-{hashlib.sha256(content).hexdigest()}.json"
        with suppress(OSError, ValueError), open(file, encoding="ascii") as known:  # noqa: PTH123
            found: Mapping[str, Any] = json.load(known)
            return found
        found = read(text, content_id)
        with suppress(OSError):
            os.makedirs(directory, mode=0o700, exist_ok=True)  # noqa: PTH103
            part = f"{file}.{os.getpid()}"
            with open(part, "w", encoding="ascii") as new:  # noqa: PTH123
                json.dump(found, new)
            os.replace(part, file)  # noqa: PTH105
        return found

    return routing


def remember_routing() -> None:
    """Ansible has a function for it that tools may replace, so that what it finds can be kept."""
    with suppress(ImportError, AttributeError, KeyError):
        from ansible.utils.collection_loader import _collection_finder

        read = _collection_finder._meta_yml_to_dict
        _collection_finder._meta_yml_to_dict = remembered(read, os.environ["LIFECYCLE_CACHE"])


if __name__ == "__main__":
    Tether()
    remember_routing()
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
