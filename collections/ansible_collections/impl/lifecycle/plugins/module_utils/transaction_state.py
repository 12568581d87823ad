# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is at a path, what should be there, and what differs. Reads, never writes."""

from __future__ import annotations

import errno
import fnmatch
import grp
import hashlib
import os
import pwd
import stat
from dataclasses import dataclass

ACTIONS = ("none", "live", "reload", "restart")  # from the weakest to the strongest

UNKNOWN_ID = -1  # an owner that does not exist yet (check mode before its package is installed): differs from every id

DIFF_LIMIT = 104448  # bytes; what ansible-core shows of a file as well
HIDDEN = "(content hidden)\n"


class PlanError(Exception):
    """The request cannot be carried out as it stands; nothing was touched."""


@dataclass(frozen=True)
class State:
    """What is, or should be, at a path. `mode`, `uid`, `gid` are None where they do not matter (links, absent)."""

    kind: str  # absent | file | link | directory | other
    content: bytes = b""
    target: str = ""
    uid: int | None = None
    gid: int | None = None
    mode: int | None = None

    @property
    def fingerprint(self) -> str:
        """Identify the content, without owner and mode."""
        if self.kind == "file":
            return "file:" + hashlib.sha256(self.content).hexdigest()
        if self.kind == "link":
            return "link:" + self.target
        return self.kind


@dataclass(frozen=True)
class Target:
    """One path the transaction answers for."""

    path: str
    wanted: State
    on_change: str = "reload"
    secret: bool = False
    service: str = ""  # what reads it, where one transaction is for several services


@dataclass(frozen=True)
class Change:
    """A target that is not yet what it should be."""

    target: Target
    before: State

    @property
    def path(self) -> str:
        return self.target.path


def observe(path: str) -> State:
    """Return what is at `path` itself (a link is not followed)."""
    try:
        status = os.lstat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return State("absent")
        raise
    owner = {"uid": status.st_uid, "gid": status.st_gid, "mode": stat.S_IMODE(status.st_mode)}
    if stat.S_ISLNK(status.st_mode):
        return State("link", target=os.readlink(path), uid=status.st_uid, gid=status.st_gid)
    if stat.S_ISDIR(status.st_mode):
        return State("directory", **owner)
    if stat.S_ISREG(status.st_mode):
        with open(path, "rb") as handle:
            return State("file", content=handle.read(), **owner)
    return State("other", **owner)


def place(path: str) -> str:
    """Return where `path` really is: a directory on the way may be a link. The last name itself is not followed."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def user_id(name: str, tolerant: bool) -> int:
    """Return the id of user `name`; `tolerant` (check mode) answers UNKNOWN_ID for a user that does not exist."""
    return _resolve(name, tolerant, "user", lambda: pwd.getpwnam(name).pw_uid)


def group_id(name: str, tolerant: bool) -> int:
    """Return the id of group `name`; see user_id()."""
    return _resolve(name, tolerant, "group", lambda: grp.getgrnam(name).gr_gid)


def _resolve(name, tolerant, what, look_up):
    if name.isdigit():
        return int(name)
    try:
        return look_up()
    except KeyError:
        if tolerant:
            return UNKNOWN_ID
        raise PlanError(
            "the {0} {1!r} does not exist on this host; install the package that creates it first".format(what, name)
        ) from None


def parse_mode(mode: str, path: str) -> int:
    """Return an octal mode string as a number."""
    try:
        number = int(mode, 8)
    except ValueError:
        number = -1
    if not 0 <= number <= 0o7777:
        raise PlanError('mode {0!r} of {1} is not an octal string such as "0640"'.format(mode, path))
    return number


def purge_targets(directory: str, pattern: str, on_change: str, declared: set, service: str = "") -> list:
    """Return absent-targets for the files and links in `directory` which match `pattern` and nobody declared.

    `declared` has places, see place().
    """
    try:
        names = sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = []
    for name in names:
        path = os.path.join(directory, name)
        # As in a shell, `*` does not match a hidden name: a transaction's own files beside a destination are hidden.
        if name.startswith(".") and not pattern.startswith("."):
            continue
        if not fnmatch.fnmatchcase(name, pattern) or place(path) in declared:
            continue
        if observe(path).kind in ("file", "link"):
            found.append(Target(path, State("absent"), on_change, service=service))
    return found


def pending_changes(targets: list) -> list:
    """Return the Change of each target that is not what it should be; refuse what must not be replaced."""
    seen = {}
    changes = []
    for target in targets:
        if not os.path.isabs(target.path):
            raise PlanError("{0} is not an absolute path".format(target.path))
        other = seen.setdefault(place(target.path), target)
        if other is not target:
            alias = "" if other.path == target.path else ", once as {0}".format(other.path)
            raise PlanError("{0} is given twice{1}".format(target.path, alias))
        before = observe(target.path)
        _refuse_surprises(target, before)
        if _differs(before, target.wanted):
            changes.append(Change(target, before))
    return changes


def _refuse_surprises(target: Target, before: State) -> None:
    if before.kind == "other":
        raise PlanError("{0} is a device, socket or pipe; it is not replaced".format(target.path))
    if before.kind == "directory" and target.wanted.kind != "directory":
        raise PlanError("{0} is a directory; only files and links are replaced or removed".format(target.path))
    if target.wanted.kind == "directory" and before.kind in ("file", "link"):
        raise PlanError("{0} should be a directory, but is a {1}".format(target.path, before.kind))
    # Following the link would change a file under a name that nobody declared; replacing it would cut it off.
    if target.wanted.kind == "file" and before.kind == "link":
        raise PlanError(
            "{0} is a link to {1}; manage that file, or the link under `links`".format(target.path, before.target)
        )


def _differs(before: State, wanted: State) -> bool:
    if before.fingerprint != wanted.fingerprint:
        return True
    if wanted.kind not in ("file", "directory"):
        return False
    return (before.uid, before.gid, before.mode) != (wanted.uid, wanted.gid, wanted.mode)


def strongest(actions) -> str:
    """Return the strongest of `actions`."""
    return max(actions, key=ACTIONS.index, default="none")


def by_service(said: list) -> dict:
    """Return the strongest action of each service, from pairs of service and action."""
    services = {}
    for service, action in said:
        if service:
            services[service] = strongest([services.get(service, "none"), action])
    return services


def diff_of(change: Change) -> list:
    """Return the change as Ansible shows it: one entry for content, one for owner and mode."""
    before, wanted = change.before, change.target.wanted
    entries = []
    if before.fingerprint != wanted.fingerprint:
        # A file that others may not read was not meant for a log either, even when it goes.
        private = before.kind == "file" and wanted.kind == "absent" and not (before.mode or 0) & stat.S_IROTH
        hidden = change.target.secret or private
        entry = _entry(change.path, _text(before, hidden), _text(wanted, hidden), hidden)
        for side, state in (("before_header", before), ("after_header", wanted)):
            if state.kind == "absent":
                entry[side] += " (absent)"
        entries.append(entry)
    if before.kind == wanted.kind and wanted.kind in ("file", "directory"):
        shown = (_attributes(before), _attributes(wanted))
        if shown[0] != shown[1]:
            entries.append(_entry(change.path + " (owner and mode)", shown[0], shown[1]))
    return entries


def _entry(path: str, before: str, after: str, hidden: bool = False) -> dict:
    if hidden and before and after:
        before = "(old content hidden)\n"
    return {"before_header": path, "after_header": path, "before": before, "after": after}


def _text(state: State, hidden: bool) -> str:
    if state.kind == "absent":
        return ""
    if state.kind == "link":
        return "link to {0}\n".format(state.target)
    if state.kind == "directory":
        return "directory, " + _attributes(state)
    if hidden:
        return HIDDEN
    if len(state.content) > DIFF_LIMIT or b"\0" in state.content:
        return "({0} bytes, too large or not text)\n".format(len(state.content))
    return state.content.decode("utf-8", "replace")


def _attributes(state: State) -> str:
    return "{0}:{1} {2:04o}\n".format(
        _name(state.uid, lambda number: pwd.getpwuid(number).pw_name),
        _name(state.gid, lambda number: grp.getgrgid(number).gr_name),
        state.mode or 0,
    )


def _name(number, look_up) -> str:
    if number == UNKNOWN_ID:
        return "(not there yet)"
    try:
        return look_up(number)
    except KeyError:
        return str(number)
