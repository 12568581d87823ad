# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Routing sets on an edge's disk: written to their end first, then put in force by one rename.

Layout (docs/architecture.md): `sets/<id>/...`, `current -> sets/<id>`, `stable-green`, `unreleased`.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import os
import shutil
import time
from typing import FrozenSet, Iterator, List, Optional, Set

from ansible_collections.impl.lifecycle.plugins.module_utils import routing, routing_text

# A request in flight may still look into a set that was left a moment ago, and a person may want to look at it.
KEEP_SETS = 20
KEEP_SECONDS = 600
PARTS = (
    "green", "green-department", "blue-department", "green-session", "blue-session", "green-user", "blue-user",
    "layout",
)  # fmt: skip


# In a set without any other rule: nginx then looks no further. A set from before this was known has none, and means the
# same.
BUCKETS_ONLY = "buckets-only"


class Unreadable(ValueError):
    """`current` points at something that is no complete routing set."""


class Store:
    """The directory of one application's routing sets."""

    def __init__(self, root: str, application: str) -> None:
        self.root = root
        self.application = application
        self.sets = os.path.join(root, "sets")
        self.current = os.path.join(root, "current")
        # A file in it names an application host that gets nobody for a while, whatever the set says.
        self.resting = os.path.join(root, "resting")
        self.stable_green = os.path.join(root, "stable-green")
        self.unreleased = os.path.join(root, "unreleased")

    @property
    def prepared(self) -> bool:
        return os.path.isdir(self.sets)

    def prepare(self, gid: int, check: bool, uid: Optional[int] = None) -> bool:
        """Make the empty directory, closed to everybody but its owner and the web server. Returns whether it changed.

        `uid` is the guard's, who takes back by itself; without it the owner stays who it is, and is root at first.
        """
        try:
            have = os.stat(self.root)
            owner = have.st_uid if uid is None else uid
            right = (have.st_uid, have.st_gid, have.st_mode & 0o7777) == (owner, gid, 0o750)
            right = right and self.prepared and os.path.isdir(self.resting) and not self._unsaid()
        except FileNotFoundError:
            right, owner = False, uid or 0
        if right or check:
            return not right
        os.makedirs(os.path.dirname(self.root), mode=0o755, exist_ok=True)
        if not os.path.isdir(self.root):
            os.mkdir(self.root, 0o750)
        os.chown(self.root, owner, gid)
        os.chmod(self.root, 0o750)  # pilots are named in here: not for every local user
        if not self.prepared:
            if not os.path.lexists(self.current):
                _touch(self.unreleased)
            os.mkdir(self.sets)
            os.chmod(self.sets, 0o755)
        os.makedirs(self.resting, exist_ok=True)
        os.chmod(self.resting, 0o755)
        os.chown(self.sets, owner, -1)
        if self._unsaid():
            _touch(os.path.join(self.current, BUCKETS_ONLY))
        _sync(self.root)
        return True

    def _unsaid(self) -> bool:
        """Whether the set in force has nothing but buckets and does not say so: it is from before that was known."""
        try:
            plain = routing.buckets_only(self.read()) and os.path.lexists(self.current)
        except Unreadable:
            return False
        return plain and not os.path.lexists(os.path.join(self.current, BUCKETS_ONLY))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One writer at a time on this edge. A lock on the directory needs no file, so a full disk does not matter."""
        handle = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def read(self) -> routing.State:
        """The state that is in force. Raises Unreadable when `current` is there but no complete set."""
        if not os.path.lexists(self.current):
            if self.prepared and not os.path.lexists(self.unreleased):
                # Users are being served by the fallback: not the same as a site without a release.
                raise Unreadable(f"{self.current} is missing although something was released")
            return routing.State(self.application)
        try:
            with open(os.path.join(self.current, "set.json"), encoding="utf-8") as handle:
                state = routing_text.parse(handle.read())
            if not os.path.isfile(os.path.join(self.current, "complete")):
                raise ValueError("it is not complete")
        except (OSError, ValueError) as error:
            raise Unreadable(f"the routing set {self.current} cannot be read: {error}") from error
        if state.application != self.application:
            raise Unreadable(f"{self.current} belongs to application {state.application}, not {self.application}")
        return state

    def current_id(self) -> Optional[str]:
        """The id of the set in force, or None."""
        try:
            return os.path.basename(os.readlink(self.current))
        except OSError:
            return None

    def flipped_at(self) -> Optional[str]:
        """When the set in force was put in force (UTC, ISO 8601): the age of the symlink itself."""
        try:
            when = os.lstat(self.current).st_mtime
        except OSError:
            return None
        return datetime.datetime.fromtimestamp(when, datetime.timezone.utc).isoformat(timespec="milliseconds")

    def in_force(self, state: routing.State) -> bool:
        """Whether the disk says exactly `state`: the set, its files and the fallback marker."""
        if state.stable is None:
            return self.current_id() is None
        if self.current_id() != routing_text.set_id(state) or os.path.lexists(self.unreleased):
            return False
        marker_right = os.path.lexists(self.stable_green) == (state.stable.colour == "green")
        return marker_right and self._is_whole(self._directory(state), state)

    def put_in_force(self, state: routing.State) -> None:
        """Write the set of `state` and make it the current one by a single rename.

        The set that a rollback would need is written along with it: taking back then needs no space on the disk.
        """
        if state.stable is None:
            raise ValueError("a set without a stable version says nothing")
        for leftover in self._leftovers():
            shutil.rmtree(leftover, ignore_errors=True)
        with contextlib.suppress(ValueError):
            self._write(routing.rollback(state))
        directory = self._write(state)
        before = "green" if os.path.lexists(self.stable_green) else "blue"
        try:
            self._mark(state.stable.colour)
            self._flip(os.path.basename(directory))
        except OSError:
            self._mark(before)
            raise
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.unreleased)
        self._prune(state)

    def _directory(self, state: routing.State) -> str:
        return os.path.join(self.sets, routing_text.set_id(state))

    def _is_whole(self, directory: str, state: routing.State) -> bool:
        try:
            with open(os.path.join(directory, "set.json"), encoding="utf-8") as handle:
                same = handle.read() == routing_text.serialise(state)
        except OSError:
            return False
        return (
            same
            and os.path.isfile(os.path.join(directory, "complete"))
            and _files(directory) == routing.in_colours(state)
            and (routing.buckets_only(state) or not os.path.lexists(os.path.join(directory, BUCKETS_ONLY)))
        )

    def _write(self, state: routing.State) -> str:
        directory = self._directory(state)
        if self._is_whole(directory, state):
            return directory
        fresh = directory + ".tmp"
        try:
            for part in ("", *PARTS):
                os.mkdir(os.path.join(fresh, part))
                os.chmod(os.path.join(fresh, part), 0o755)
            for name in routing.in_colours(state):
                _touch(os.path.join(fresh, name))
            if routing.buckets_only(state):
                _touch(os.path.join(fresh, BUCKETS_ONLY))
            _write_synced(os.path.join(fresh, "set.json"), routing_text.serialise(state))
            _touch(os.path.join(fresh, "complete"))
            for part in (*PARTS, ""):
                _sync(os.path.join(fresh, part))
            if os.path.lexists(directory):  # damaged: its name is needed for the whole one
                os.rename(directory, directory + ".damaged.tmp")
            os.rename(fresh, directory)
            _sync(self.sets)
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        return directory

    def _mark(self, stable_colour: str) -> None:
        """What nginx falls back to when it can read no complete set."""
        if stable_colour == "green":
            _touch(self.stable_green)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.stable_green)

    def _flip(self, name: str) -> None:
        fresh = self.current + ".tmp"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fresh)
        os.symlink(os.path.join("sets", name), fresh)
        os.rename(fresh, self.current)
        # On a busy machine the rename comes tens of milliseconds after the link was made, and requests in between go
        # the old way: its age is to be that of the rename.
        with contextlib.suppress(OSError):
            os.utime(self.current, follow_symlinks=False)
        _sync(self.root)

    def _leftovers(self) -> List[str]:
        return [entry.path for entry in os.scandir(self.sets) if entry.name.endswith(".tmp")]

    def _prune(self, state: routing.State) -> None:
        """Forget old sets, never the one in force nor the one a rollback needs."""
        needed: Set[Optional[str]] = {self.current_id()}
        with contextlib.suppress(ValueError):
            needed.add(routing_text.set_id(routing.rollback(state)))
        with contextlib.suppress(OSError):
            os.utime(self._directory(state))
        by_age = sorted(os.scandir(self.sets), key=lambda entry: entry.stat().st_mtime, reverse=True)
        oldest = time.time() - KEEP_SECONDS
        for entry in by_age[KEEP_SETS:]:
            if entry.name not in needed and entry.stat().st_mtime < oldest:
                shutil.rmtree(entry.path, ignore_errors=True)


def _files(directory: str) -> FrozenSet[str]:
    return frozenset(f"{part}/{name}" for part in PARTS for name in _listed(os.path.join(directory, part)))


def _listed(directory: str) -> List[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _touch(path: str) -> None:
    """An empty file for everybody to see. Whatever has the name already will do: only its being there counts."""
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        os.fchmod(handle, 0o644)
        os.close(handle)


def _write_synced(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as handle:
        os.fchmod(handle.fileno(), 0o644)
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())


def _sync(directory: str) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
