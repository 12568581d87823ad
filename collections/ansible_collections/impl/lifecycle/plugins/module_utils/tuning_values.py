# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a service's share to the settings its configuration has, each with its arithmetic and its source. Pure.

Only what costs memory. A setting is `{name, value, why, source}`; `why` is one line that fits into a comment beside it.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping

Values = Mapping[str, int]
Shares = Mapping[str, Mapping[str, Any]]

POSTGRESQL = "PostgreSQL documentation, Resource Consumption"
PLANNING = "PostgreSQL documentation, Query Planning"
PGTUNE = "pgtune (github.com/le0pard/pgtune)"
MARIADB = "MariaDB documentation, Memory Allocation"
REDIS = "Redis documentation, Memory Optimization and Persistence"
MEMCACHED = "memcached wiki, ConfiguringServer"
JAVA = "Java documentation, java command"


def setting(name: str, value: Any, why: str, source: str) -> dict[str, Any]:
    return {"name": name, "value": value, "why": why, "source": source}


def settings(service: str, values: Values, shares: Shares) -> list[dict[str, Any]]:
    """The settings of `service`, whose share was settled to `values`."""
    make = MAKERS.get(service)
    return make(values, shares) if make else []


def postgresql(values: Values, shares: Shares) -> list[dict[str, Any]]:
    buffers, cache = values["shared_buffers_mb"], shares["page_cache"]["mb"]
    connections, peak = values["connections"], values["sorting_percent"]
    share, work = shares["postgresql"]["mb"], _term(shares["postgresql"], "sorts and hashes")
    maintenance = _term(shares["postgresql"], "maintenance")
    return [
        setting("max_connections", str(connections), f"{connections} fit into the share of {share} MB", POSTGRESQL),
        setting("shared_buffers", f"{buffers}MB", f"{buffers} MB of the share of {share} MB", POSTGRESQL),
        setting(
            "effective_cache_size",
            f"{buffers + cache}MB",
            f"{buffers} MB shared_buffers + {cache} MB page cache = {buffers + cache} MB",
            PLANNING,
        ),
        setting(
            "work_mem",
            f"{values['work_mem_kb']}kB",
            f"{work} MB for {connections} connections, of which {peak} % use one at the peak",
            f"{POSTGRESQL}; {PGTUNE} divides likewise by connections",
        ),
        setting(
            "maintenance_work_mem",
            f"{values['maintenance_work_mem_mb']}MB",
            f"half of {maintenance} MB for maintenance",
            f"{POSTGRESQL}; {PGTUNE}: 2 GB at most",
        ),
        setting(
            "autovacuum_work_mem",
            f"{values['autovacuum_work_mem_mb']}MB",
            f"the other half of {maintenance} MB for three workers",
            POSTGRESQL,
        ),
    ]


def mariadb(values: Values, shares: Shares) -> list[dict[str, Any]]:
    pool, connections, peak = values["buffer_pool_mb"], values["connections"], values["sorting_percent"]
    share, work = shares["mariadb"]["mb"], _term(shares["mariadb"], "sorts, joins and temporary tables")
    each = f"{work} MB for {connections} connections, of which {peak} % use one of each at the peak"
    temporary = f"{values['temporary_kb']}K"
    return [
        setting("max_connections", str(connections), f"{connections} fit into the share of {share} MB", MARIADB),
        setting("innodb_buffer_pool_size", f"{pool}M", f"{pool} MB of the share of {share} MB", MARIADB),
        setting("aria_pagecache_buffer_size", f"{values['aria_mb']}M", "temporary tables on disk", MARIADB),
        setting("key_buffer_size", "1M", "MyISAM is not used; never zero", MARIADB),
        setting("tmp_memory_table_size", temporary, each, MARIADB),
        setting("max_heap_table_size", temporary, "as tmp_memory_table_size: the lower one counts", MARIADB),
        setting("sort_buffer_size", f"{values['sort_kb']}K", each, MARIADB),
        setting("join_buffer_size", f"{values['join_kb']}K", each, MARIADB),
    ]


def redis(values: Values, shares: Shares) -> list[dict[str, Any]]:
    return [setting("maxmemory", f"{values['maxmemory_mb']}mb", shares["redis"]["arithmetic"], REDIS)]


def memcached(values: Values, shares: Shares) -> list[dict[str, Any]]:
    return [setting("-m", str(values["memory_mb"]), shares["memcached"]["arithmetic"], MEMCACHED)]


def _java(service: str) -> Callable[[Values, Shares], list[dict[str, Any]]]:
    def make(values: Values, shares: Shares) -> list[dict[str, Any]]:
        heap, metaspace = f"{values['heap_mb']}m", f"{values['metaspace_mb']}m"
        code, direct = f"{values['code_cache_mb']}m", f"{values['direct_mb']}m"
        return [
            setting("-Xmx", heap, shares[service]["arithmetic"], JAVA),
            setting("-Xms", heap, "as -Xmx: it is set aside anyway, and a heap that grows pauses", JAVA),
            setting("-XX:MaxMetaspaceSize", metaspace, "classes; without a limit they may outgrow the budget", JAVA),
            setting("-XX:ReservedCodeCacheSize", code, "compiled code; 240 MB by default", JAVA),
            setting("-XX:MaxDirectMemorySize", direct, "buffers outside the heap; as much as -Xmx by default", JAVA),
        ]

    return make


def _term(share: Mapping[str, Any], what: str) -> int:
    return sum(term["mb"] for term in share["terms"] if term["what"] == what)


MAKERS: Mapping[str, Callable[[Values, Shares], list[dict[str, Any]]]] = {
    "postgresql": postgresql,
    "mariadb": mariadb,
    "redis": redis,
    "memcached": memcached,
    "tomcat": _java("tomcat"),
    "wildfly": _java("wildfly"),
}
