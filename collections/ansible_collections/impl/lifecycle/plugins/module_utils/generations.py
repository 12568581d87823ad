# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the configuration of a role was before each of its last changes, kept on the host for the way back.

`<root>/<role>/<number>/` has `generation.json` and one file for each content. Number n holds what change n replaced, so
the files as they were after change m are found by taking back every generation above m, the newest first.
"""

from __future__ import annotations

import json
import os
import re
import shutil

from ansible_collections.impl.lifecycle.plugins.module_utils.transaction_state import PlanError, State, Target

ROOT = "/var/lib/lifecycle/generations"
FILES = "files.json"  # every path the role has written and not removed: what else matches its patterns is foreign
KEPT = 20  # generations a role: an instance of Tomcat is a change of its own
PLAN = "generation.json"


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
    before = written(root, role)
    absent = {target.path for target in targets if target.wanted.kind == "absent"}
    after = (before - absent) | {target.path for target in targets if target.wanted.kind in ("file", "link")}
    if after == before:
        return
    directory = os.path.join(root, role)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    staged = os.path.join(directory, FILES + ".new")
    with open(staged, "w", encoding="utf-8") as handle:
        json.dump(sorted(after), handle, indent=1)
    os.rename(staged, os.path.join(directory, FILES))


class Draft:
    """A generation that is written down before the change and counts only after it."""

    def __init__(self, root: str, role: str, changes: list, validators: list) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", role):
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
        except BaseException:
            self.discard()
            raise

    def publish(self) -> None:
        """Make it the newest generation, and forget the oldest ones."""
        os.rename(self.staged, self.final)
        root, role = os.path.split(self.directory)
        for number in numbers(root, role)[:-KEPT]:
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
            "made": change.target.wanted.kind,
        }

    def _write(self, name: str, content: bytes) -> None:
        handle = os.open(os.path.join(self.staged, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(handle)


def way_back(root: str, role: str, number: int) -> tuple:
    """Return (targets, validators) that bring the configuration of `role` to what it was after change `number`.

    Directories the role has made since stay: what is in them may be somebody's. Raises PlanError when a generation on
    the way is not kept any more.
    """
    above = [kept for kept in numbers(root, role) if kept > number]
    newest = current(root, role)
    if number > newest or above != list(range(number + 1, newest + 1)):
        raise PlanError(
            "the configuration of {0} after its change {1} is not kept any more; kept are the states after {2}".format(
                role, number, ", ".join(str(kept - 1) for kept in numbers(root, role)) or "none"
            )
        )
    wanted, validators = {}, []
    for generation in reversed(above):
        directory = os.path.join(root, role, str(generation))
        with open(os.path.join(directory, PLAN), "rb") as handle:
            plan = json.loads(handle.read())
        validators = validators or plan["validate"]
        for position, entry in enumerate(plan["entries"]):
            if "directory" not in (entry["kind"], entry["made"]):
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
    return Target(entry["path"], state, entry["on_change"], entry["secret"])
