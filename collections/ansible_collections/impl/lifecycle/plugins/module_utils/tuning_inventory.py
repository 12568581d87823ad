# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs on a host and what its owner has decided already, read from the variables of the inventory. Pure."""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping, Optional, Sequence

from ansible_collections.impl.lifecycle.plugins.module_utils.host_servers import servers_of
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_options import BudgetError
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import HUGE_PAGES, NGINX

Variables = Mapping[str, Any]
# Connections for administrators, backups and monitoring beside those of the application's pools.
SPARE_CONNECTIONS = 10
DEFAULT_POOL = 10
UNITS_KB = {"": 8, "kb": 1, "mb": 1024, "gb": 1024**2, "tb": 1024**3}
SIZE = re.compile(r"^\s*(\d+)\s*(kB|MB|GB|TB)?\s*$", re.IGNORECASE)
POSTGRESQL_MEMORY = {
    "shared_buffers": "shared_buffers_mb",
    "work_mem": "work_mem_mb",
    "maintenance_work_mem": "maintenance_work_mem_mb",
}
# The scheme of a pool's address -> the server that it holds connections to.
POOLS = {"jdbc:postgresql:": "postgresql", "jdbc:mariadb:": "mariadb", "jdbc:mysql:": "mariadb"}
JAVA_CHOICES = {
    "-XX:MaxMetaspaceSize": r"-XX:MaxMetaspaceSize=",
    "-XX:ReservedCodeCacheSize": r"-XX:ReservedCodeCacheSize=",
    "-XX:MaxDirectMemorySize": r"-XX:MaxDirectMemorySize=",
    "-XX:+UseGC": r"-XX:\+Use\w+GC$",
}


def services_of(
    groups: Iterable[str], variables: Variables, slots: int, pools: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """What runs on a host of these groups, with what its owner gave, as the memory budget takes it.

    `variables`: those of the host. `slots`: slots of the application that run at the same time. `pools`: database
    server -> connections which the application servers may hold to it; it is not there when that is not known.
    Raises ValueError when `lifecycle_servers` names something else.
    """
    found: dict[str, dict[str, Any]] = {}
    others = 0
    servers = servers_of(groups, variables)
    if "postgresql" in servers:
        found["postgresql"] = _postgresql(variables, pools.get("postgresql"))
    if "mariadb" in servers:
        found["mariadb"] = _mariadb(variables, pools.get("mariadb"))
    if "redis" in servers:
        found["redis"] = _redis(variables)
    if "memcached" in servers and variables.get("memcached_instances") != []:
        found["memcached"], others = _memcached(variables)
    if "app" in groups:
        connector = variables.get("tomcat_connector") or {}
        found["tomcat"] = {
            "slots": slots,
            "heap_mb": variables.get("app_slot_heap_mb"),
            "threads": connector.get("maxThreads"),
        }
        others += sum(int(one.get("heap_mb") or 0) * 2 for one in variables.get("tomcat_instances") or [])
    if "edge" in groups:
        found["nginx"] = {}
        found["monitoring"] = {"agents": ["gray_guard"]}
    if others:
        found["other"] = {"memory_mb": others}
    return found


def given_of(groups: Iterable[str], variables: Variables) -> dict[str, dict[str, Any]]:
    """Service -> setting -> value, for what the owner wrote into the inventory: it is kept."""
    found: dict[str, dict[str, Any]] = {}
    if "db" in groups:
        found["postgresql"] = dict(variables.get("postgresql_settings") or {})
        found["mariadb"] = {
            **(variables.get("mariadb_settings") or {}),
            **(variables.get("mariadb_startup_settings") or {}),
        }
        if variables.get("mariadb_slow_query_seconds") is not None:
            found["mariadb"]["long_query_time"] = variables["mariadb_slow_query_seconds"]
        if variables.get("mariadb_buffer_pool_mb") is not None:
            found["mariadb"]["innodb_buffer_pool_size"] = f"{variables['mariadb_buffer_pool_mb']}M"
    if "cache" in groups:
        found["redis"] = {**(variables.get("redis_settings") or {}), **(variables.get("redis_startup_settings") or {})}
        if variables.get("redis_maxmemory_mb") is not None:
            found["redis"]["maxmemory"] = f"{variables['redis_maxmemory_mb']}mb"
        found["memcached"] = _memcached_given(variables)
    if "app" in groups:
        found["tomcat"] = {**(variables.get("tomcat_connector") or {}), **_java(variables)}
        if variables.get("app_slot_heap_mb") is not None:
            found["tomcat"].update(dict.fromkeys(("-Xmx", "-Xms"), f"{variables['app_slot_heap_mb']}m"))
    if "edge" in groups:
        found["nginx"] = {name: variables[ours] for name, ours in NGINX.items() if ours in variables}
    found["kernel"] = dict(variables.get("os_baseline_sysctl") or {})
    if "os_baseline_huge_pages" in variables:
        found["kernel"][HUGE_PAGES] = variables["os_baseline_huge_pages"]
    if "os_baseline_journal_max_mb" in variables:
        found["journal"] = {"SystemMaxUse": f"{variables['os_baseline_journal_max_mb']}M"}
    return found


def pools_of(hosts: Iterable[Variables], slots: int) -> dict[str, int]:
    """Server -> connections which the slots of these hosts may hold to it at the same time, and some to spare."""
    total: dict[str, int] = {}
    for variables in hosts:
        for source in variables.get("app_slot_datasources") or []:
            for scheme, server in POOLS.items():
                if str(source.get("url", "")).startswith(scheme):
                    held = slots * int(source.get("max_total") or DEFAULT_POOL)
                    total[server] = total.get(server, SPARE_CONNECTIONS) + held
    return total


def note_pools(settings: Mapping[str, Sequence[dict[str, Any]]], pools: Mapping[str, int]) -> None:
    """Say it where the owner's max_connections are fewer than the pools may hold: the last ones would be refused."""
    for server, held in pools.items():
        for one in settings.get(server, ()):
            if one["name"] == "max_connections" and one["given"] and int(one["value"]) < held:
                one["why"] += f"; too few: the pools of the application servers, and some to spare, are {held}"


def _postgresql(variables: Variables, pools: Optional[int]) -> dict[str, Any]:
    settings = variables.get("postgresql_settings") or {}
    found: dict[str, Any] = {ours: megabytes(name, settings.get(name)) for name, ours in POSTGRESQL_MEMORY.items()}
    found["connections"] = settings.get("max_connections", pools)
    return found


def _mariadb(variables: Variables, pools: Optional[int]) -> dict[str, Any]:
    connections = (variables.get("mariadb_settings") or {}).get("max_connections", pools)
    return {"connections": connections, "buffer_pool_mb": variables.get("mariadb_buffer_pool_mb")}


def _redis(variables: Variables) -> dict[str, Any]:
    saves = bool(variables.get("redis_save", True)) or bool(variables.get("redis_appendonly", False))
    return {"maxmemory_mb": variables.get("redis_maxmemory_mb"), "persistence": saves}


def _memcached(variables: Variables) -> tuple[dict[str, Any], int]:
    """The instances that say no memory of their own, or else all of them; and the MB of those that do beside them."""
    instances = variables.get("memcached_instances") or [{}]
    own = [int(one["memory_mb"]) for one in instances if one.get("memory_mb")]
    open_ones = len(instances) - len(own)
    if open_ones:
        return {"instances": open_ones, "memory_mb": variables.get("memcached_memory_mb")}, sum(own)
    return {"instances": len(own), "memory_mb": -(-sum(own) // len(own))}, 0


def _memcached_given(variables: Variables) -> dict[str, Any]:
    """What no instance waits to be told."""
    instances, found = variables.get("memcached_instances") or [], {}
    for option, shared, own in (("-m", "memcached_memory_mb", "memory_mb"), ("-t", "memcached_threads", "threads")):
        said = sorted({one[own] for one in instances if one.get(own)})
        if variables.get(shared) is not None:
            found[option] = str(variables[shared])
        elif said and all(one.get(own) for one in instances):
            found[option] = " and ".join(str(one) for one in said)
    return found


def megabytes(name: str, value: Any) -> Any:
    """A size as PostgreSQL writes it (a bare number is pages of 8 kB, of work_mem kB), in MB; None stays None."""
    if value is None:
        return None
    read = SIZE.match(str(value))
    if read is None:
        raise BudgetError(f"{name} is {value!r}: write a size such as 256MB")
    unit = (read[2] or "").lower()
    if not unit and name != "shared_buffers":
        unit = "kb"
    return max(int(read[1]) * UNITS_KB[unit] // 1024, 1)


def _java(variables: Variables) -> dict[str, Any]:
    options = [*(variables.get("tomcat_jvm_options") or []), *(variables.get("app_slot_jvm_options") or [])]
    found = {}
    for name, pattern in JAVA_CHOICES.items():
        for option in options:
            if re.match(pattern, str(option)):
                found[name] = option
    return found
