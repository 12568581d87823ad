# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the guard keeps on disk: its memory, its ticks (bounded), the evidence of what it took back (bounded)."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any, Dict, Mapping, Optional

STATE, TICKS, EVIDENCE, RENEWED, STATUS = "state.json", "ticks.ndjson", "evidence", "renewed", "status.json"
# Two files of this size: about three days of a busy site with twenty routes.
MOST_TICKS = 16 * 1024 * 1024
MOST_EVIDENCE = 20


def write(path: str, data: Mapping[str, Any], durable: bool = True) -> None:
    """Replace a file as a whole; readers see the old one or the new one. Raises OSError."""
    fresh = path + ".tmp"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(data, file, separators=(",", ":"))
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.rename(fresh, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(fresh)
        raise


def read(path: str) -> Optional[Dict[str, Any]]:
    """What a file holds; None when there is none. Raises ValueError for anything that was not written by `write`."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    if not isinstance(data, dict):
        raise ValueError(f"{path} is not what the guard writes")
    return data


class Ticks:
    """Ten seconds a line, for people and for the evidence; the older half goes when both files are full."""

    def __init__(self, directory: str) -> None:
        self.path = os.path.join(directory, TICKS)

    def append(self, tick: Mapping[str, Any]) -> None:
        """Raises OSError."""
        line = json.dumps(tick, separators=(",", ":")) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o640)
        try:
            os.write(handle, line.encode())
            full = os.fstat(handle).st_size >= MOST_TICKS
        finally:
            os.close(handle)
        if full:
            os.rename(self.path, self.path + ".1")


def keep_evidence(directory: str, name: str, data: Mapping[str, Any]) -> None:
    """Write down why something was taken back; the oldest go. Raises OSError."""
    place = os.path.join(directory, EVIDENCE)
    os.makedirs(place, mode=0o750, exist_ok=True)
    write(os.path.join(place, name), data)
    for old in sorted(os.listdir(place))[:-MOST_EVIDENCE]:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(place, old))


def serial(directory: str) -> str:
    """What the controller left when it last renewed the lease; empty when it never did."""
    try:
        with open(os.path.join(directory, RENEWED), encoding="utf-8") as file:
            return file.read(64)
    except OSError:
        return ""
