# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the configuration of a role was before each of its last changes, kept on the host for the way back.

`<root>/<role>/<number>/` has `generation.json` and one file for each content. Number n holds what change n replaced, so
the files as they were after change m are found by taking back every generation above m, the newest first.
`<root>/<role>/first/` has, of the generations that are not kept any more, what was at each path before the role came.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil

from ansible_collections.impl.lifecycle.plugins.module_utils.transaction_state import PlanError, State, Target

ROOT = "/var/lib/lifecycle/generations"
FILES = "files.json"  # every path the role has written and not removed: what else matches its patterns is foreign
KEPT = 20  # generations a role: an instance of Tomcat is a change of its own
PLAN = "generation.json"
FIRST = "first"
# An instance that a role was included for has a way back of its own: redis@sessions.
ROLE = re.compile(r"[a-z][a-z0-9_]*(@[a-z0-9][a-z0-9-]*)?")


def numbers(root: str, role: str) -> list:
    """Return the numbers of the generations that are kept, ascending."""
    try:
        return sorted(int(name) for name in os.listdir(os.path.join(root, role)) if name.isdigit())
    except FileNotFoundError:
        return []


def current(root: str, role: str) -> int:
    """Return the number of the newest change; 0 when there was none."""
    return max(numbers(root, role), default=0)


def written(root: str, role: str) -> set:
    """Return the paths that the role has written and not removed."""
    try:
        with open(os.path.join(root, role, FILES), "rb") as handle:
            return set(json.loads(handle.read()))
    except FileNotFoundError:
        return set()


def remember(root: str, role: str, targets: list) -> None:
    """Keep which paths the role has written. Writes only when that differs."""
    staged = _stage_written(root, role, targets)
    if staged:
        os.rename(staged, os.path.join(root, role, FILES))


def _stage_written(root: str, role: str, targets: list) -> str:
    """Write down which paths the role will have written, beside the list that counts. Return '' when it is the same."""
    before = written(root, role)
    absent = {target.path for target in targets if target.wanted.kind == "absent"}
    after = (before - absent) | {target.path for target in targets if target.wanted.kind in ("file", "link")}
    if after == before:
        return ""
    directory = os.path.join(root, role)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    staged = os.path.join(directory, FILES + ".new")
    with open(staged, "w", encoding="utf-8") as handle:
        json.dump(sorted(after), handle, indent=1)
    return staged


class Draft:
    """A generation that is written down before the change and counts only after it.

    What needs room on the disk is done here, so that a full disk stops the change and not its bookkeeping. With
    `targets`, the list of what the role has written goes with it.
    """

    def __init__(self, root: str, role: str, changes: list, validators: list, targets: tuple = ()) -> None:
        if not ROLE.fullmatch(role):
            raise PlanError("the role {0!r} cannot be the name of a directory".format(role))
        self.directory = os.path.join(root, role)
        self.final = os.path.join(self.directory, str(current(root, role) + 1))
        self.staged = self.final + ".new"
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        shutil.rmtree(self.staged, ignore_errors=True)  # of a module that was killed
        os.mkdir(self.staged, 0o700)
        try:
            entries = [self._keep(number, change) for number, change in enumerate(changes)]
            self._write(PLAN, json.dumps({"entries": entries, "validate": validators}, indent=1).encode())
            self.written = _stage_written(root, role, targets)
        except BaseException:
            self.discard()
            raise

    def publish(self) -> None:
        """Make it the newest generation, and forget the oldest ones."""
        os.rename(self.staged, self.final)
        if self.written:
            os.rename(self.written, os.path.join(self.directory, FILES))
        root, role = os.path.split(self.directory)
        for number in numbers(root, role)[:-KEPT]:
            _fold(os.path.join(self.directory, str(number)), os.path.join(self.directory, FIRST))
            shutil.rmtree(os.path.join(self.directory, str(number)))

    def discard(self) -> None:
        shutil.rmtree(self.staged, ignore_errors=True)

    def _keep(self, number: int, change) -> dict:
        before = change.before
        if before.kind == "file":
            self._write(str(number), before.content)
        return {
            "path": change.path,
            "kind": before.kind,
            "target": before.target,
            "uid": before.uid,
            "gid": before.gid,
            "mode": before.mode,
            "on_change": change.target.on_change,
            "secret": change.target.secret,
            "service": change.target.service,
            "made": change.target.wanted.kind,
        }

    def _write(self, name: str, content: bytes) -> None:
        _write(os.path.join(self.staged, name), content)


def _write(path: str, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(handle)


def _plan(directory: str) -> dict:
    try:
        with open(os.path.join(directory, PLAN), "rb") as handle:
            return json.loads(handle.read())
    except FileNotFoundError:
        return {"entries": [], "validate": []}


def _fold(generation: str, first: str) -> None:
    """Add to `first` what `generation`, the oldest one, has of paths that `first` does not know yet.

    The plan is replaced last: a fold that was cut off is simply done again.
    """
    entries = _plan(first)["entries"]
    known = {entry["path"] for entry in entries}
    os.makedirs(first, mode=0o700, exist_ok=True)
    for position, entry in enumerate(_plan(generation)["entries"]):
        if entry["path"] in known:
            continue
        if entry["kind"] == "file":
            content = os.path.join(first, str(len(entries)))
            with contextlib.suppress(FileNotFoundError):
                os.unlink(content)
            os.link(os.path.join(generation, str(position)), content)
        entries.append(entry)
    staged = os.path.join(first, PLAN + ".new")
    with open(staged, "w", encoding="utf-8") as handle:
        json.dump({"entries": entries, "validate": []}, handle, indent=1)
    os.rename(staged, os.path.join(first, PLAN))


def way_back(root: str, role: str, number: int, leave: tuple = ()) -> tuple:
    """Return (targets, validators) that bring the configuration of `role` to what it was after change `number`.

    0 is before the role came, however many changes ago. Paths in `leave` stay as they are. Directories the role has
    made since stay: what is in them may be somebody's. Raises PlanError when a generation on the way is not kept any
    more.
    """
    above = [kept for kept in numbers(root, role) if kept > number]
    newest, first = current(root, role), os.path.join(root, role, FIRST)
    from_the_first = number == 0 and bool(_plan(first)["entries"])
    oldest = min(above, default=1) if from_the_first else number + 1
    if number > newest or above != list(range(oldest, newest + 1)):
        raise PlanError(
            "the configuration of {0} after its change {1} is not kept any more; kept are the states after {2}".format(
                role, number, ", ".join(str(kept - 1) for kept in numbers(root, role)) or "none"
            )
        )
    directories = [os.path.join(root, role, str(generation)) for generation in reversed(above)]
    wanted, validators = {}, []
    for directory in directories + [first] * from_the_first:
        plan = _plan(directory)
        validators = validators or plan["validate"]
        for position, entry in enumerate(plan["entries"]):
            if "directory" not in (entry["kind"], entry["made"]) and entry["path"] not in leave:
                wanted[entry["path"]] = _target(entry, os.path.join(directory, str(position)))
    return list(wanted.values()), validators


def forget(root: str, role: str) -> None:
    """Remove what is kept of a role that was uninstalled."""
    shutil.rmtree(os.path.join(root, role), ignore_errors=True)


def _target(entry: dict, content: str) -> Target:
    kind = entry["kind"]
    if kind == "file":
        with open(content, "rb") as handle:
            state = State("file", content=handle.read(), uid=entry["uid"], gid=entry["gid"], mode=entry["mode"])
    elif kind == "link":
        state = State("link", target=entry["target"])
    else:
        state = State("absent")
    return Target(entry["path"], state, entry["on_change"], entry["secret"], entry.get("service", ""))
