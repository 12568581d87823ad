# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Versions that were taken back on this edge by the guard, and stay back until a human says otherwise.

`held.json` beside the routing sets: the guard writes it, the module routing_set refuses by it and lets go.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Dict, Optional

SCHEMA = 1
NAME = "held.json"
# What was held back so long ago is on record elsewhere; the file has to stay small on a full disk.
MOST = 20
LONGEST_REASON = 500


@dataclass(frozen=True)
class Held:
    """Why a version is held back, and since when (epoch seconds)."""

    version: str
    reason: str
    at: float


def read(root: str) -> Dict[str, Held]:
    """Version -> why it is held back, oldest first. Raises ValueError for a file that says nothing."""
    path = os.path.join(root, NAME)
    try:
        with open(path, encoding="utf-8") as handle:
            data = json.load(handle)
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']} is not the one this version reads ({SCHEMA})")
        held = [Held(str(one["version"]), str(one["reason"]), float(one["at"])) for one in data["held"]]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}, which says what is held back, cannot be read: {error}") from error
    return {one.version: one for one in held}


def hold(root: str, held: Held) -> None:
    """Hold a version back. Raises OSError when it cannot be written; a damaged file is replaced."""
    try:
        kept = read(root)
    except ValueError:
        kept = {}
    kept.pop(held.version, None)
    kept[held.version] = Held(held.version, held.reason[:LONGEST_REASON], held.at)
    _write(root, kept)


def let_go(root: str, version: str) -> Optional[Held]:
    """Let a version go; returns why it was held. A file that cannot be read is let go as a whole."""
    try:
        kept = read(root)
    except ValueError:
        kept = {version: Held(version, "unreadable", 0.0)}
    was = kept.pop(version, None)
    if was is not None:
        _write(root, kept)
    return was


def _write(root: str, held: Dict[str, Held]) -> None:
    path = os.path.join(root, NAME)
    newest = list(held.values())[-MOST:]
    text = json.dumps({"schema": SCHEMA, "held": [asdict(one) for one in newest]}, indent=1)
    fresh = path + ".tmp"
    # Neither follows a link somebody laid there: root writes here too, and the directory is the guard's.
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    os.rename(fresh, path)
