# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which packages are not as they should be, by what dpkg and apt keep on the host. Pure."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import Dict, List, Sequence, Set

# What dpkg-query is asked for each package: wanted state, error, state, name, name:architecture, version.
FORMAT = "${db:Status-Want} ${db:Status-Eflag} ${db:Status-Status} ${Package} ${binary:Package} ${Version}\n"

UNIT_PROPERTIES = "Id,ActiveState,UnitFileState"


@dataclass(frozen=True)
class State:
    """A package that dpkg knows. `status` in dpkg's words: installed, config-files, half-configured ..."""

    status: str
    version: str
    broken: bool


def read_states(text: str) -> Dict[str, State]:
    """Return the state by name and by name:architecture; `text` is what dpkg-query says in FORMAT.

    Of a package that is there for several architectures, the name alone means the one that is installed.
    """
    states: Dict[str, State] = {}
    for line in text.splitlines():
        fields = line.split(" ")
        if len(fields) != 6:
            continue
        _want, error, status, name, with_architecture, version = fields
        state = State(status, version, error != "ok")
        states[with_architecture] = state
        if name not in states or status == "installed":
            states[name] = state
    return states


def read_automatic(text: str) -> Set[str]:
    """Return the names of packages that are only there because others need them; `text` is apt's extended_states."""
    found = set()
    for stanza in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line)
        if fields.get("Auto-Installed") == "1":
            found.add(fields.get("Package", ""))
    return found


def wanting(names: Sequence[str], states: Dict[str, State], automatic: Set[str]) -> List[str]:
    """Return those of `names` that apt has to be asked for: not there, not in that version, or not there for good.

    A name is written as M(ansible.builtin.apt) takes it: name, name:architecture, name=version with * and ?. Everything
    else (name/release, name>=version, a path, a virtual package) is for apt to judge.
    """
    return [name for name in names if not _there(name, states, automatic)]


def versions(names: Sequence[str], states: Dict[str, State]) -> Dict[str, str]:
    """Return the version of each of `names` that is installed, by its name without a version."""
    packages = [name.partition("=")[0] for name in names]
    return {name: states[name].version for name in packages if name in states and states[name].status == "installed"}


def read_units(text: str) -> Dict[str, Dict[str, str]]:
    """Return what systemd says of units; `text` is what `systemctl show` says of their UNIT_PROPERTIES, a stanza each.

    A unit that is not there is `inactive`, and its `enabled` is empty.
    """
    units = {}
    for stanza in text.strip().split("\n\n"):
        said = dict(line.split("=", 1) for line in stanza.splitlines() if "=" in line)
        if "Id" in said:
            units[said["Id"]] = {"active": said.get("ActiveState", ""), "enabled": said.get("UnitFileState", "")}
    return units


def left_over(names: Sequence[str], states: Dict[str, State], purge: bool) -> List[str]:
    """Return those of `names` that are to go and are there; with `purge` also those of which only files are left."""
    gone = {"not-installed"} if purge else {"not-installed", "config-files"}
    return [name for name in names if name in states and states[name].status not in gone]


def _there(name: str, states: Dict[str, State], automatic: Set[str]) -> bool:
    package, pinned, version = name.partition("=")
    state = states.get(package)
    if state is None or state.status != "installed" or state.broken or package.split(":")[0] in automatic:
        return False
    return not pinned or fnmatch.fnmatchcase(state.version, version)
