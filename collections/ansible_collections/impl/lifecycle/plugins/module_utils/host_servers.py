# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which database servers and caches a host of the groups `db` and `cache` runs, by what its inventory says. Pure."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

# Group -> what its hosts run when nothing is said, and what else they may run with the variables that describe it:
# nobody describes a server of that kind without one of them.
KINDS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "db": ("postgresql", {"mariadb": ("mariadb_buffer_pool_mb", "mariadb_databases", "mariadb_users")}),
    "cache": ("redis", {"memcached": ("memcached_instances",)}),
}
# The inventory's own word, which goes before what its variables tell.
SAID = "lifecycle_servers"


def servers_of(groups: Iterable[str], variables: Mapping[str, Any]) -> list[str]:
    """Return what a host of `groups` runs: of postgresql, mariadb, redis and memcached.

    `lifecycle_servers` says it where it is given. Else a host runs what its variables describe, and the first of its
    group (PostgreSQL, Redis) unless they describe only the other. Raises ValueError for a name that is none of them.
    """
    found = []
    said = variables.get(SAID)
    known = [name for first, others in KINDS.values() for name in (first, *others)]
    wrong = [name for name in said or [] if name not in known]
    if wrong:
        raise ValueError(f"{SAID} names {', '.join(map(str, wrong))}; there are {', '.join(known)}")
    for group in [group for group in KINDS if group in set(groups)]:
        first, others = KINDS[group]
        if said is not None:
            found += [name for name in (first, *others) if name in said]
            continue
        described = [name for name, signs in others.items() if any(sign in variables for sign in signs)]
        own = any(name.startswith(f"{first}_") for name in variables)
        found += [first, *described] if own or not described else described
    return found
