# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a transaction needs to take itself back: a journal on disk, and copies beside the destinations.

The old file or link is kept as a hard link beside its destination and comes back by a rename: neither needs space, and
the restored file is the very file that was there (time stamps, ACLs and all). The journal names every path the
transaction may touch before it touches the first one, so the next run can clean up after a host that died.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
import uuid

from ansible_collections.impl.lifecycle.plugins.module_utils.transaction_state import PlanError, observe

OPEN = "open.json"  # the transaction was under way: put everything back
COMMITTED = "committed.json"  # it was accepted: only its leftovers have to go


@contextlib.contextmanager
def exclusive(root: str, patience: float):
    """Hold the host's one transaction lock: recovery must never mistake a living transaction for a dead one."""
    os.makedirs(root, mode=0o700, exist_ok=True)
    handle = os.open(os.path.join(root, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise PlanError(
                        "another transaction on this host has held {0}/lock for {1:.0f} s".format(root, patience)
                    ) from None
                time.sleep(0.1)
        yield
    finally:
        os.close(handle)


class Journal:
    """The record of one transaction. `entries` are plain dictionaries, as they are in the file."""

    def __init__(self, directory: str, entries: list) -> None:
        self.directory = directory
        self.entries = entries

    @classmethod
    def begin(cls, root: str, changes: list) -> Journal:
        """Write down what is about to change. Nothing else has been touched when this fails."""
        name = uuid.uuid4().hex[:12]
        journal = cls(os.path.join(root, name), [_entry(change, name) for change in changes])
        os.mkdir(journal.directory, 0o700)
        try:
            _write_durably(os.path.join(journal.directory, OPEN), json.dumps(journal.entries).encode())
        except BaseException:
            shutil.rmtree(journal.directory, ignore_errors=True)
            raise
        return journal

    def commit(self) -> None:
        """Accept the new state. One rename: from here on a crash leaves the new files, before it the old ones."""
        os.rename(os.path.join(self.directory, OPEN), os.path.join(self.directory, COMMITTED))
        _sync_directory(self.directory)

    def close(self) -> None:
        """Remove the kept copies and the journal."""
        for entry in self.entries:
            for leftover in (entry["staged"], entry["kept"]):
                _unlink(leftover)
        shutil.rmtree(self.directory)

    def put_back(self, only_own: bool = False) -> tuple:
        """Bring every path back to what it was, last change first. Return (paths put back, problems).

        `only_own` (after a crash, maybe days ago): leave a path that is neither as the transaction wrote it nor
        missing, because somebody has decided otherwise since.
        """
        done, problems = [], []
        for entry in reversed(self.entries):
            try:
                _unlink(entry["staged"])
                if _put_back(entry, only_own):
                    done.append(entry)
            except OSError as error:
                problems.append("{0}: {1}".format(entry["path"], error.strerror or error))
        return done, problems


def recover(root: str) -> list:
    """Clean up after transactions that died. Return the journal entries whose paths were put back."""
    recovered = []
    for name in sorted(os.listdir(root)):
        directory = os.path.join(root, name)
        if not os.path.isdir(directory):
            continue
        if os.path.exists(os.path.join(directory, COMMITTED)):
            Journal(directory, _read(os.path.join(directory, COMMITTED))).close()
        elif os.path.exists(os.path.join(directory, OPEN)):
            journal = Journal(directory, _read(os.path.join(directory, OPEN)))
            done, problems = journal.put_back(only_own=True)
            if problems:
                raise PlanError("{0} could not be undone: {1}".format(directory, "; ".join(problems)))
            journal.close()
            recovered.extend(done)
        else:  # died before its journal was written, so before it touched anything
            shutil.rmtree(directory)
    return recovered


def interrupted(root: str) -> bool:
    """Say whether a dead transaction waits to be taken back (for check mode, which must not do it)."""
    try:
        return any(os.path.exists(os.path.join(root, name, OPEN)) for name in os.listdir(root))
    except FileNotFoundError:
        return False


def _entry(change, name: str) -> dict:
    directory, base = os.path.split(change.path)
    # Hidden, and with an ending that cron, logrotate, sudo, apt and run-parts skip: whoever reloads meanwhile does not
    # read them.
    beside = os.path.join(directory, ".{0}.{1}".format(base[:180], name))
    before = change.before
    return {
        "path": change.path,
        "kind": change.target.wanted.kind,
        "on_change": change.target.on_change,
        "service": change.target.service,
        "before": before.fingerprint,
        "after": change.target.wanted.fingerprint,
        "owner": [before.uid, before.gid, before.mode],
        "staged": beside + ".dpkg-new",
        "kept": beside + ".dpkg-old",
    }


def _put_back(entry: dict, only_own: bool) -> bool:
    path, kept = entry["path"], entry["kept"]
    state = observe(path)
    now = state.fingerprint
    if only_own and now not in (entry["after"], "absent"):
        _unlink(kept)
        return False
    if entry["kind"] == "directory":
        return _put_back_directory(entry, now, only_own)
    if entry["before"] == "absent":
        return _unlink(path)
    return _put_back_file(path, kept, now == entry["before"] and [state.uid, state.gid, state.mode] == entry["owner"])


def _put_back_file(path: str, kept: str, untouched: bool) -> bool:
    if not os.path.lexists(kept):  # the transaction never came as far as this file
        return False
    if untouched:  # it cannot even be replaced when it is a mount point
        os.unlink(kept)
        return False
    if os.path.lexists(path) and os.path.samestat(os.lstat(path), os.lstat(kept)):
        os.unlink(kept)  # not swapped yet; and rename() between two names of one file does nothing
        return False
    os.rename(kept, path)
    return True


def _put_back_directory(entry: dict, now: str, only_own: bool) -> bool:
    path = entry["path"]
    if now != "directory":
        return False
    if entry["before"] == "absent":
        if only_own:
            with contextlib.suppress(OSError):  # in use by now: it stays
                os.rmdir(path)
        else:
            shutil.rmtree(path)  # made seconds ago; what is in it comes from this transaction and its validators
        return True
    uid, gid, mode = entry["owner"]
    os.chown(path, uid, gid)
    os.chmod(path, mode)
    return True


def _unlink(path: str) -> bool:
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _read(path: str) -> list:
    with open(path, "rb") as handle:
        return json.loads(handle.read())


def _write_durably(path: str, data: bytes) -> None:
    temporary = path + ".tmp"
    with open(temporary, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    os.rename(temporary, path)
    _sync_directory(os.path.dirname(path))


def _sync_directory(path: str) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
