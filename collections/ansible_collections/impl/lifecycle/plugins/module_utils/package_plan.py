# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which binary packages have to change together when one of them gets another version. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence

NEWEST = ""


@dataclass(frozen=True)
class Version:
    """One version of a binary package, and the source package it was built from."""

    version: str
    source: str
    source_version: str


@dataclass(frozen=True)
class Package:
    """A package that is installed. `offered`: what apt can install, its own choice first."""

    installed: Version
    offered: Sequence[Version]


class NotOffered(ValueError):
    """No source of packages has what is asked for."""


def plan(wanted: Mapping[str, str], host: Mapping[str, Package]) -> Dict[str, str]:
    """Return name -> version of every package that has to change for `wanted` to be there.

    `wanted`: name -> version, NEWEST for what apt would choose itself. `host`: what is installed, by name. Debian's
    packages of one source ask for each other at the very same version, and apt refuses to take a single one back: what
    is installed from the same source goes along. Raises NotOffered.
    """
    changes: Dict[str, str] = {}
    for name, version in wanted.items():
        if name not in host:
            raise NotOffered("{0} is not installed on this host; run its role first".format(name))
        package = host[name]
        goal = _offered(name, package, version)
        if goal.version == package.installed.version:
            continue
        changes[name] = goal.version
        for sibling, other in host.items():
            if sibling in wanted or other.installed.source != package.installed.source:
                continue
            for offer in other.offered:
                if offer.source == goal.source and offer.source_version == goal.source_version:
                    if offer.version != other.installed.version:
                        changes[sibling] = offer.version
                    break
    return changes


def _offered(name: str, package: Package, version: str) -> Version:
    if version == NEWEST:
        return package.offered[0] if package.offered else package.installed
    for offer in [package.installed, *package.offered]:
        if offer.version == version:
            return offer
    raise NotOffered(
        "no source of packages offers {0} {1}; they offer {2}. Add the mirror or the bundle that has it to the host's "
        "apt sources, or name one of these".format(name, version, _listed(package.offered))
    )


def _listed(offered: Sequence[Version]) -> str:
    versions: List[str] = []
    for offer in offered:
        if offer.version not in versions:
            versions.append(offer.version)
    return ", ".join(versions) or "none at all"
