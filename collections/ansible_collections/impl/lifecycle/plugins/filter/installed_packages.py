# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: installed_packages
short_description: The Debian packages of a host, or some of them with what they need
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Reads what C(dpkg-query) says of a host and returns each installed package with architecture and version.
options:
  _input:
    description:
      - Lines of C(dpkg-query --show), each with status, package and architecture, version, what it depends on, and what
        it provides, separated by tabs.
    type: list
    elements: str
    required: true
  only:
    description:
      - Only these packages, and what they need of what is installed. One that is not installed is left out. Empty means
        all.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show what Redis needs
  ansible.builtin.debug:
    msg: "{{ listed.stdout_lines | impl.lifecycle.installed_packages(only=['redis-server']) }}"
"""

RETURN = r"""
_value:
  description: Packages as apt reads them on its command line, sorted.
  type: list
  elements: str
  sample: ["libc6:amd64=2.36-9+deb12u10", "redis-server:amd64=5:7.0.15-1~deb12u10"]
"""

import re

FIELDS = 5


def installed_packages(lines, only=()):
    """Return name:architecture=version of each package."""
    versions, needs, named = {}, {}, {}
    for line in lines:
        fields = line.split("\t")
        if len(fields) != FIELDS or not fields[0].startswith("ii"):
            continue
        package, version = fields[1], fields[2]
        versions[package] = version
        needs[package] = _names(fields[3])
        for name in [package.split(":")[0], *_names(fields[4])]:
            named.setdefault(name, set()).add(package)
    chosen = _closure(only, needs, named) if only else versions
    return sorted(f"{package}={versions[package]}" for package in chosen)


def _closure(only, needs, named):
    chosen, waiting = set(), [package for name in only for package in named.get(name, ())]
    while waiting:
        package = waiting.pop()
        if package not in chosen:
            chosen.add(package)
            waiting += [other for name in needs[package] for other in named.get(name, ())]
    return chosen


def _names(relations):
    """Return the names in a list of relations, alternatives too: what is installed of them is needed."""
    found = (re.match(r"\s*([a-z0-9][a-z0-9+.-]*)", part) for part in re.split(r"[,|]", relations))
    return [match[1] for match in found if match]


class FilterModule:
    def filters(self):
        return {"installed_packages": installed_packages}
