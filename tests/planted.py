"""Secrets that tests plant, and where they look for them afterwards."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any


def encrypt(site: Any, *arguments: str) -> str:
    """ansible-vault with the site's vault-password."""
    program = Path(sys.executable).parent / "ansible-vault"
    answer = subprocess.run(
        [program, *arguments, "--vault-password-file", "vault-password"],
        cwd=site.root, text=True, capture_output=True, check=True, env=site.env,
    )  # fmt: skip
    return answer.stdout


def watch_arguments(stop: threading.Event, seen: set[str], own: int, signs: re.Pattern[bytes]) -> None:
    """Every argv on this machine with one of `signs`, except lifecycle's own, which the operator typed.

    A process that lifecycle starts has that argv, too, until it has become another program.
    """
    typed = Path(f"/proc/{own}/cmdline").read_bytes()
    while not stop.is_set():
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != own:
                try:
                    line = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if line != typed and signs.search(line):
                    seen.add(line.decode(errors="replace"))
        time.sleep(0.2)


def on_disk(place: Path, signs: re.Pattern[bytes], given: Collection[Path] = ()) -> list[str]:
    """Files below `place`, except those `given`, with one of `signs`; compressed contents of the records unpacked."""
    found = []
    for path in place.rglob("*"):
        if path.is_file() and path not in given:
            raw = path.read_bytes()
            if any(signs.search(part) for part in (raw, *_unpacked(raw))):
                found.append(str(path))
    return found


def _unpacked(raw: bytes) -> list[bytes]:
    """Whatever looks like a zlib stream in a file."""
    parts, at = [], raw.find(b"\x78\x9c")
    while at >= 0:
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompressobj().decompress(raw[at:]))
        at = raw.find(b"\x78\x9c", at + 1)
    return parts
