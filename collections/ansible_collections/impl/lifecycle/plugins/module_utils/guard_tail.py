# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Follow a growing file through rotation (rename and create, or copy and truncate), restarts and its absence."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

CHUNK = 1024 * 1024
# The beginning of a log never changes while it is the same log; an inode number alone is given out again.
HEAD = 512
# A guard that starts for the first time looks back so far, to know the stable version before anybody asks.
FIRST_LOOK = 8 * 1024 * 1024
# A line longer than this is no line; without the bound a file without line ends would fill the memory.
LONGEST_LINE = 256 * 1024

# nginx's workers reopen the log one after the other; so long after the first new line the old file may still grow.
LAST_WORKER = 2.0
COMPRESSED = (".gz", ".xz", ".bz2", ".zst")


@dataclass(frozen=True)
class Position:
    """How far a file was read: which file (inode and digest of its first `head_size` bytes), and to which byte."""

    inode: int
    offset: int
    head_size: int = 0
    head: str = ""

    def as_data(self) -> Dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Position":
        """Raises ValueError for anything that `as_data` did not give."""
        try:
            made = cls(int(data["inode"]), int(data["offset"]), int(data["head_size"]), str(data["head"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a position in a log: {error!r}") from error
        if made.offset < 0 or not 0 <= made.head_size <= HEAD:
            raise ValueError(f"no file has a byte {made.offset} behind a beginning of {made.head_size}")
        return made


class Tail:
    """Whole lines of `path`, in order, each once. `gaps` counts how often lines were lost on the way (and says why)."""

    def __init__(
        self, path: str, position: Optional[Position] = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = path
        self.gaps = 0
        self.last_gap = ""
        self.error = ""
        self._handle: Optional[int] = None
        self._offset = 0  # of the first byte after the last whole line
        self._skip_line = False
        self._wanted = position
        self._rotated = False  # reading what was left of a file that had been rotated away before we started
        self._new_since: Optional[float] = None
        self._now = now
        self._head_size = 0
        self._head = ""

    @property
    def position(self) -> Optional[Position]:
        """Where to go on after a restart: behind the last whole line that was given out."""
        if self._handle is None:
            return self._wanted
        return Position(os.fstat(self._handle).st_ino, self._offset, self._head_size, self._head)

    @property
    def following(self) -> bool:
        return self._handle is not None

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def read(self) -> List[bytes]:
        """The whole lines of the next chunk; empty when there is nothing new. Never raises for a missing file."""
        self.error = ""
        try:
            if self._handle is None:
                self._open()
            return self._lines() if self._handle is not None else []
        except OSError as error:
            self.error = f"cannot read {error.filename or self.path}: {error.strerror}"
            self.close()
            return []

    def _lines(self) -> List[bytes]:
        if self._handle is None:
            raise AssertionError("called out of order")
        self._rewind_if_truncated()
        block = os.pread(self._handle, CHUNK, self._offset)
        if not block:
            return self._after_rotation()
        self._learn_head()
        end = block.rfind(b"\n") + 1
        if end == 0:
            if len(block) >= LONGEST_LINE:
                self._offset += len(block)
                self._skip_line = True
                return []
            return self._after_rotation()  # a partial last line: either it grows, or the file was left for good
        self._offset += end
        lines = block[: end - 1].split(b"\n")
        if self._skip_line:
            self._skip_line = False
            lines[0] = b""  # the rest of something too long: garbage, and counted as such
        return lines

    def _rewind_if_truncated(self) -> None:
        """copytruncate: the same inode begins anew. It may have grown past our place already; its beginning tells."""
        if self._handle is None:
            raise AssertionError("called out of order")
        if os.fstat(self._handle).st_size < self._offset or not _same_head(self._handle, self._head_size, self._head):
            self._begin(self._handle, 0)

    def _after_rotation(self) -> List[bytes]:
        """At the end of the file: stay, or go to the one that has its name now."""
        if self._handle is None:
            raise AssertionError("called out of order")
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            return []  # renamed and not created yet: nginx still writes to the one we have
        if there.st_ino == os.fstat(self._handle).st_ino or there.st_size == 0:
            self._new_since = None
            return []  # logrotate makes the new file before it tells nginx; so long all lines come to the old one
        self._new_since = self._now() if self._new_since is None else self._new_since
        if self._now() - self._new_since < LAST_WORKER and not self._rotated:
            return []
        following = self._next_rotated() if self._rotated else None
        self.close()
        self._wanted, self._new_since = None, None
        self._rotated = following is not None
        self._open(following or self.path)
        return self._lines() if self._handle is not None else []

    def _next_rotated(self) -> Optional[str]:
        """After a long sleep there may be whole files between the one we were in and today's."""
        if self._handle is None:
            raise AssertionError("called out of order")
        ours = os.fstat(self._handle)
        later = [(about.st_mtime_ns, path) for path, about in self._siblings() if about.st_mtime_ns > ours.st_mtime_ns]
        return min(later)[1] if later else None

    def _siblings(self) -> Iterator[Tuple[str, os.stat_result]]:
        directory, name = os.path.split(self.path)
        for entry in os.scandir(directory or "."):
            plain = entry.name.startswith(name + ".") or entry.name.startswith(name + "-")
            if plain and not entry.name.endswith(COMPRESSED) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):
                    yield entry.path, entry.stat(follow_symlinks=False)

    def _open(self, path: str = "") -> None:
        wanted = self._wanted
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(path or self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            if wanted is None:
                self._begin(handle, 0 if path else max(os.fstat(handle).st_size - FIRST_LOOK, 0))
            elif self._is(handle, wanted):
                self._begin(handle, wanted.offset)
            else:
                self._go_on_in_rotated(handle, wanted)
            self._wanted = None

    def _go_on_in_rotated(self, handle: int, wanted: Position) -> None:
        old = self._find_rotated(wanted)
        if old is None:
            self.gaps += 1
            self.last_gap = f"{self.path} was rotated while nobody read it, and the rest of the old one is not there"
            self._begin(handle, 0)
        else:
            os.close(handle)
            self._rotated = True
            self._begin(old, wanted.offset)

    @staticmethod
    def _is(handle: int, wanted: Position) -> bool:
        about = os.fstat(handle)
        same_file = about.st_ino == wanted.inode and about.st_size >= wanted.offset
        return same_file and _same_head(handle, wanted.head_size, wanted.head)

    def _find_rotated(self, wanted: Position) -> Optional[int]:
        """The file that had the name when we stopped, under the name the rotation gave it."""
        for path, about in self._siblings():
            if about.st_ino == wanted.inode:
                handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
                if self._is(handle, wanted):
                    return handle
                os.close(handle)
        return None

    def _begin(self, handle: int, offset: int) -> None:
        self._handle, self._offset = handle, offset
        # In the middle of nowhere unless it is a place where a line ended.
        self._skip_line = offset > 0 and os.pread(handle, 1, offset - 1) != b"\n"
        self._head_size, self._head = 0, ""
        self._learn_head()

    def _learn_head(self) -> None:
        if self._handle is None:
            raise AssertionError("called out of order")
        if self._head_size < HEAD:
            begin = os.pread(self._handle, HEAD, 0)
            self._head_size, self._head = len(begin), _digest(begin)


def _digest(begin: bytes) -> str:
    return hashlib.sha256(begin).hexdigest()[:16]


def _same_head(handle: int, size: int, digest: str) -> bool:
    return size == 0 or _digest(os.pread(handle, size, 0)) == digest
