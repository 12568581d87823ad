# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the settings of a plan to the variables of the roles that write them. Pure."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Optional, Sequence

Settings = Sequence[Mapping[str, Any]]
# What the inventory says of what is tuned, kept by `provision`: a fact of the host would hide it.
GIVEN = "lifecycle_given"
CONNECTOR = ("maxThreads", "acceptCount")
NGINX = {
    "worker_processes": "nginx_worker_processes",
    "worker_connections": "nginx_worker_connections",
    "worker_rlimit_nofile": "nginx_open_files_limit",
    "open_file_cache": "nginx_open_file_cache",
    "gzip_comp_level": "nginx_gzip_level",
}
MEMCACHED = {"-m": "memcached_memory_mb", "-t": "memcached_threads"}
# What stands above a value in the service's file: why it is what it is.
NOTES = {
    "postgresql": "postgresql_notes",
    "mariadb": "mariadb_notes",
    "redis": "redis_notes",
    "memcached": "memcached_notes",
    "tomcat": "app_slot_notes",
    "nginx": "nginx_notes",
    "kernel": "os_baseline_notes",
    "journal": "os_baseline_journal_notes",
}
# Read only when the server starts.
REDIS_STARTUP = ("io-threads",)
MARIADB_STARTUP = ("aria_pagecache_buffer_size",)
# A choice below /sys, named as sysctl names its own.
HUGE_PAGES = "transparent_hugepage.enabled"


def variables_of(
    settings: Mapping[str, Settings], refused: Sequence[str] = (), before: Optional[Mapping[str, Any]] = None
) -> dict[str, Any]:
    """Return variable -> value. What the owner gave is not in it: it is in the inventory already.

    A service that is `refused` keeps the variables it had `before`.
    """
    found: dict[str, Any] = {}
    for service, make in MAKERS.items():
        ours = [one for one in settings.get(service, ()) if not one.get("given")]
        made = {**make(ours), NOTES[service]: _notes(ours)}
        if service in refused:
            made = {name: (before or {})[name] for name in made if name in (before or {})}
        found.update(made)
    return {name: value for name, value in found.items() if value not in ({}, [])}


def given_of(tuned: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return {names, values} to be kept as `lifecycle_given` before the tuned variables become facts of the host.

    `values`: what the inventory says of them. What is kept already goes on, for a host that is tuned twice in a call.
    """
    before = variables.get(GIVEN) or {"names": [], "values": {}}
    said = inventory_of(variables)
    names = {*before["names"], *tuned}
    return {"names": sorted(names), "values": {name: said[name] for name in sorted(names) if name in said}}


class Inventory(Mapping[str, Any]):
    """The variables of a host with `kept` in place of facts of the same names. Values are asked for one by one only."""

    def __init__(self, variables: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
        self.variables, self.names, self.values_kept = variables, set(kept["names"]), kept["values"]

    def side(self, name: object) -> Mapping[str, Any]:
        return self.values_kept if name in self.names else self.variables

    def __getitem__(self, name: str) -> Any:
        return self.side(name)[name]

    def __contains__(self, name: object) -> bool:
        return name in self.side(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.variables if name in self)

    def __len__(self) -> int:
        return sum(1 for _name in self)


def inventory_of(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variables of a host as its inventory gives them: without what an earlier play has made of its tuning."""
    kept = variables.get(GIVEN)
    return Inventory(variables, kept) if kept else variables


def over(tuned: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tuned variables as the roles should see them: what the inventory gives goes first.

    A note of a setting that the inventory gives by now would tell of another value, and is left out.
    """
    found: dict[str, Any] = {}
    given = inventory_of(given)
    notes = {NOTES[service]: set(settings) for service, settings in settings_of(given).items()}
    for name, value in tuned.items():
        if name in NOTES.values():
            value = {about: note for about, note in value.items() if about not in notes.get(name, ())}
        if isinstance(value, dict):
            found[name] = {**value, **(given.get(name) or {})}
        elif isinstance(value, list):
            found[name] = [*value, *(given.get(name) or [])]
        elif name not in given:
            found[name] = value
    return found


def _named(settings: Settings) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in settings}


def _notes(settings: Settings) -> dict[str, str]:
    return {
        one["name"]: f"{one['why']} [{one['source']}]" + (f"; host: {one['host']}" if one.get("host") else "")
        for one in settings
    }


def postgresql(settings: Settings) -> dict[str, Any]:
    return {"postgresql_settings": _named(settings)}


def redis(settings: Settings) -> dict[str, Any]:
    named = _named(settings)
    found: dict[str, Any] = {}
    memory = named.pop("maxmemory", None)
    if memory is not None:
        found["redis_maxmemory_mb"] = int(str(memory).removesuffix("mb"))
    found["redis_startup_settings"] = {name: named.pop(name) for name in REDIS_STARTUP if name in named}
    found["redis_settings"] = named
    return found


def mariadb(settings: Settings) -> dict[str, Any]:
    named = _named(settings)
    found: dict[str, Any] = {}
    pool = named.pop("innodb_buffer_pool_size", None)
    if pool is not None:
        found["mariadb_buffer_pool_mb"] = int(str(pool).removesuffix("M"))
    slow = named.pop("long_query_time", None)
    if slow is not None:
        found["mariadb_slow_query_seconds"] = slow
    found["mariadb_startup_settings"] = {name: named.pop(name) for name in MARIADB_STARTUP if name in named}
    found["mariadb_settings"] = named
    return found


def memcached(settings: Settings) -> dict[str, Any]:
    return {MEMCACHED[name]: int(value) for name, value in _named(settings).items()}


def tomcat(settings: Settings) -> dict[str, Any]:
    named = _named(settings)
    found: dict[str, Any] = {"tomcat_connector": {name: named.pop(name) for name in CONNECTOR if name in named}}
    heap = named.pop("-Xmx", None)
    named.pop("-Xms", None)
    if heap is not None:
        found["app_slot_heap_mb"] = int(heap.removesuffix("m"))
    found["app_slot_jvm_options"] = [f"{name}={value}" if value else name for name, value in named.items()]
    return found


def nginx(settings: Settings) -> dict[str, Any]:
    return {NGINX[name]: value for name, value in _named(settings).items()}


def kernel(settings: Settings) -> dict[str, Any]:
    named = _named(settings)
    pages = named.pop(HUGE_PAGES, None)
    found: dict[str, Any] = {} if pages is None else {"os_baseline_huge_pages": pages}
    return {**found, "os_baseline_sysctl": named}


def journal(settings: Settings) -> dict[str, Any]:
    size = _named(settings).get("SystemMaxUse")
    return {} if size is None else {"os_baseline_journal_max_mb": int(size.removesuffix("M"))}


MAKERS = {
    "postgresql": postgresql,
    "mariadb": mariadb,
    "redis": redis,
    "memcached": memcached,
    "tomcat": tomcat,
    "nginx": nginx,
    "kernel": kernel,
    "journal": journal,
}


def settings_of(variables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return service -> setting -> value: the way back from `variables_of`. Variables of anything else are left out."""
    options = [str(one).partition("=") for one in variables.get("app_slot_jvm_options") or ()]
    heap, memory = variables.get("app_slot_heap_mb"), variables.get("redis_maxmemory_mb")
    pool, items = variables.get("mariadb_buffer_pool_mb"), variables.get("memcached_memory_mb")
    slow, pages = variables.get("mariadb_slow_query_seconds"), variables.get("os_baseline_huge_pages")
    kept = variables.get("os_baseline_journal_max_mb")
    found: dict[str, dict[str, Any]] = {
        "postgresql": dict(variables.get("postgresql_settings") or {}),
        "mariadb": {
            **({} if pool is None else {"innodb_buffer_pool_size": f"{pool}M"}),
            **({} if slow is None else {"long_query_time": slow}),
            **(variables.get("mariadb_settings") or {}),
            **(variables.get("mariadb_startup_settings") or {}),
        },
        "memcached": {
            **({} if items is None else {"-m": str(items)}),
            **({"-t": variables["memcached_threads"]} if "memcached_threads" in variables else {}),
        },
        "redis": {
            **({} if memory is None else {"maxmemory": f"{memory}mb"}),
            **(variables.get("redis_settings") or {}),
            **(variables.get("redis_startup_settings") or {}),
        },
        "tomcat": {
            **({} if heap is None else dict.fromkeys(("-Xmx", "-Xms"), f"{heap}m")),
            **{name: value for name, _equals, value in options},
            **(variables.get("tomcat_connector") or {}),
        },
        "nginx": {name: variables[ours] for name, ours in NGINX.items() if ours in variables},
        "kernel": {
            **dict(variables.get("os_baseline_sysctl") or {}),
            **({} if pages is None else {HUGE_PAGES: pages}),
        },
        "journal": {} if kept is None else {"SystemMaxUse": f"{kept}M"},
    }
    return {service: settings for service, settings in found.items() if settings}
