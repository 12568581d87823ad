"""Which environments have passed the check as they stand, so that it is not made again before each run.

The check costs a run as much as all that it records: its models have to be built, and a large inventory read by a
parser that remembers lines. What is remembered is only that there was no mistake, of these bytes, by this code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from orchestrator.paths import state_dir

CODE: Final = Path(__file__).parent


def fingerprint(files: Iterable[Path]) -> str | None:
    """What the check depends on; None when a file cannot be read."""
    digest = hashlib.sha256()
    try:
        for code in sorted(CODE.glob("*.py")):
            about = code.stat()
            digest.update(f"{code.name}\0{about.st_size}\0{about.st_mtime_ns}\0".encode())
        for file in files:
            content = file.read_bytes()
            digest.update(f"{len(content)}\0".encode() + content)
    except OSError:
        return None
    return digest.hexdigest()


def has_passed(environment: Path, mark: str | None) -> bool:
    """Whether the environment passed when it had this fingerprint."""
    with suppress(OSError, UnicodeDecodeError):
        return mark is not None and _note(environment).read_text(encoding="ascii") == mark
    return False


def remember(environment: Path, mark: str) -> None:
    """It passed. Where nothing is on record yet, nothing is remembered: to look makes no directory."""
    note = _note(environment)
    with suppress(OSError):
        if state_dir().is_dir():
            note.parent.mkdir(mode=0o700, exist_ok=True)
            note.write_text(mark, encoding="ascii")


def _note(environment: Path) -> Path:
    place = hashlib.sha256(str(environment).encode(errors="surrogateescape")).hexdigest()
    return state_dir() / "checked" / f"{environment.name}-{place[:16]}"
