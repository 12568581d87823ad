"""The text of a task as it stands when it is carried out: years later its file is another, or gone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from orchestrator.engine.scrub import MASK, SIGNS, Scrubber, looks_secret

# A task that is longer is cut, and says so; what nobody would write by hand is not read at all.
LINES: Final = 30
LINE_LETTERS: Final = 300
FILE_BYTES: Final = 1_000_000
MORE: Final = "…"
HIDDEN: Final = re.compile(r"^\s*(?:- )?\s*no_log\s*:(?!\s*(?:false|no)\s*(?:#|$))", re.IGNORECASE)
SAID: Final = re.compile(r"^(?P<before>[\s-]*[\"']?(?P<key>[\w.-]+)[\"']?\s*:(?:\s+|$))(?P<value>.*)$")
# The same inside of one line: {user: x, "password": y}, k=v; and --password v, also as items of a list.
VALUE: Final = r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s,{}\[\]][^\s,}\]]*)"
INSIDE: Final = re.compile(r"(?P<key>\b[\w.-]+)(?P<sign>[\"']?\s*[:=]\s*)" + VALUE)
FLAG: Final = re.compile(r"(?P<key>(?<=--)\w[\w-]*)(?P<sign>[\"']?,?\s+)" + VALUE)
# What stands on the lines below: a text, or a list.
BLOCK: Final = re.compile(r"^(?:!\w+\s*)?(?:[|>][+-]?\d*)?[+-]?\s*(?:#.*)?$")


class TaskSources:
    """Asked once for each task that begins; a file is read once, at its first task."""

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._files: dict[str, Sequence[str]] = {}

    def of(self, where: str) -> str | None:
        """The task at `where` (file:line) without secrets; None when its file cannot be read, or it has no_log."""
        path, _, number = where.rpartition(":")
        if not path or not number.isdigit():
            return None
        if path not in self._files:
            self._files[path] = _lines(Path(path))
        text = excerpt(self._files[path], int(number))
        return None if text is None else self._scrubber.text(text)


def _lines(path: Path) -> Sequence[str]:
    try:
        if not path.is_file() or path.stat().st_size > FILE_BYTES:
            return ()
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()


def excerpt(lines: Sequence[str], number: int) -> str | None:
    """The entry of a list that begins in line `number` (from 1), moved to the left edge, literal secrets masked.

    None where there is no such line, and of a task with no_log: what it does not want to be shown may stand there.
    """
    if not 0 < number <= len(lines):
        return None
    first = lines[number - 1]
    edge = len(first) - len(first.lstrip())
    taken = [first]
    for line in lines[number:]:
        if line.strip() and len(line) - len(line.lstrip()) <= edge:
            break
        taken.append(line)
    while taken and not taken[-1].strip():
        taken.pop()
    if any(map(HIDDEN.match, taken)):
        return None
    masked = _masked([line[edge:] for line in taken])
    shown = [line if len(line) <= LINE_LETTERS else line[:LINE_LETTERS] + MORE for line in masked[:LINES]]
    return "\n".join([*shown, MORE] if len(masked) > LINES else shown)


def _masked(lines: Sequence[str]) -> list[str]:
    """Values that stand as they are below a name that looks secret; a template names a secret, and holds none."""
    if not any(map(SIGNS.search, lines)):
        return list(lines)
    told: list[str] = []
    below: int | None = None
    for line in lines:
        edge = len(line) - len(line.lstrip())
        if below is not None and (not line.strip() or edge > below):
            told.append(" " * edge + MASK if line.strip() else line)
            continue
        below = None
        found = SAID.match(line)
        if found and looks_secret(found["key"]) and BLOCK.match(found["value"]):
            below = edge
            told.append(line)
        elif found and looks_secret(found["key"]) and "{{" not in found["value"]:
            told.append(found["before"] + MASK)
        else:
            told.append(FLAG.sub(_inside, INSIDE.sub(_inside, line)))
    return told


def _inside(found: re.Match[str]) -> str:
    if not looks_secret(found["key"]) or "{{" in found["value"]:
        return found[0]
    return f"{found['key']}{found['sign']}{MASK}"
