# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What each service costs: from its options to the least it needs, and from a share to what is in it. Pure.

Every function here gives a `Need`. Its `settle(mb)` divides a share into terms which add up to the share exactly; a
larger share never makes one of its buffers smaller, because each grows with a fixed part of what is above the minimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping, NamedTuple, Optional

from ansible_collections.impl.lifecycle.plugins.module_utils.memory_profiles import AGENTS, SOURCES, Profile


class Term(NamedTuple):
    """One summand of a share."""

    mb: int
    what: str


@dataclass(frozen=True)
class Settled:
    """What a share is for: `terms` of one instance, the values that follow, how many there are, and what is over."""

    terms: list[Term]
    values: dict[str, int]
    count: int = 1
    room: int = 0

    @property
    def each(self) -> int:
        return sum(term.mb for term in self.terms)

    @property
    def mb(self) -> int:
        return self.count * self.each + self.room


class Knob(NamedTuple):
    """The option a user gave, which could be lowered: `cost(value)` is the service's least share with it."""

    option: str
    value: int
    lowest: int
    cost: Callable[[int], int]


@dataclass(frozen=True)
class Need:
    """What a service needs of a host."""

    service: str
    least: int
    settle: Callable[[int], Settled]
    source: str
    weight: int = 0
    most: Optional[int] = None  # None: it can use whatever there is
    given: tuple[str, ...] = ()  # options of the user which decide the share or a part of it
    knob: Optional[Knob] = None


Options = Mapping[str, Any]

COPIED = "pages copied while a child saves"
REDIS_BASE_MB = 16  # code, replication backlog, clients' output buffers
REDIS_RSS_PERCENT = 110  # what the allocator holds for 100 of maxmemory
MEMCACHED_BASE_MB = 16
MEMCACHED_RSS_PERCENT = 110  # hash table and one page for each slab class
MEMCACHED_CONNECTION_KB = 16
HEAP_MOST_MB = 31 * 1024  # above it the JVM cannot compress its pointers any more
NGINX_BASE_MB = 24  # master, cache and limit zones
NGINX_WORKER_MB = 6
NGINX_CONNECTION_KB = 16
APACHE_BASE_MB = 16
APACHE_PROCESS_MB = 17  # 12 and 25 threads of 0.2
APACHE_THREADS = 25
PAGE_CACHE_LEAST_MB = 32


def ceil_div(number: int, divisor: int) -> int:
    return -(-number // divisor)


def largest(fits: Callable[[int], bool], low: int, high: int) -> int:
    """The largest number from `low` to `high` for which `fits`, which is true up to some number and false above it."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def redis(options: Options, profile: Profile) -> Need:
    persistence = options.get("persistence", True)
    copied = options.get("copy_on_write_percent", 100) if persistence else 0

    def settle_value(value: int) -> Settled:
        resident = ceil_div(value * REDIS_RSS_PERCENT, 100)
        terms = [Term(value, "maxmemory"), Term(resident - value, "fragmentation"), Term(REDIS_BASE_MB, "buffers")]
        if copied:
            terms.append(Term(ceil_div(resident * copied, 100), COPIED))
        return Settled(terms, {"maxmemory_mb": value})

    return _one_value("redis", options, "maxmemory_mb", 16, settle_value, profile.weights["redis"], SOURCES["redis"])


def memcached(options: Options, profile: Profile) -> Need:
    instances = options.get("instances", 1)
    buffers = ceil_div(options.get("connections", 1024) * MEMCACHED_CONNECTION_KB, 1024)

    def settle_value(value: int) -> Settled:
        above = ceil_div(value * MEMCACHED_RSS_PERCENT, 100) - value
        terms = [Term(value, "items (-m)"), Term(above, "hash table and slabs"), Term(buffers, "connections")]
        terms.append(Term(MEMCACHED_BASE_MB, "process"))
        return Settled(terms, {"memory_mb": value}, instances)

    weight = profile.weights["memcached"]
    return _one_value("memcached", options, "memory_mb", 16, settle_value, weight, SOURCES["memcached"])


def tomcat(options: Options, profile: Profile) -> Need:
    count = options.get("slots", 1)
    return _java("tomcat", options, profile, count, profile.metaspace_least_mb, 256)


def wildfly(options: Options, profile: Profile) -> Need:
    # The server's own classes are more than Tomcat's.
    return _java("wildfly", options, profile, options.get("instances", 1), profile.metaspace_least_mb + 64, 512)


def _java(service: str, options: Options, profile: Profile, count: int, least: int, most: int) -> Need:
    """`least` and `most` MB of metaspace, where it was not given."""
    threads = options.get("threads", profile.threads)
    metaspace_given = options.get("metaspace_mb")

    def settle_value(heap: int) -> Settled:
        metaspace = metaspace_given or min(max(least, heap // 8), most)
        code = min(max(32, heap // 8), 128)
        direct = min(max(8, heap // 32), 256)
        terms = [
            Term(heap, "heap"),
            Term(metaspace, "metaspace"),
            Term(code, "code cache"),
            Term(ceil_div(threads, 4), f"for {threads} thread stacks"),
            Term(direct, "direct buffers"),
            Term(8 + heap // 16, "JVM and collector"),
        ]
        values = {"heap_mb": heap, "metaspace_mb": metaspace, "code_cache_mb": code, "direct_mb": direct}
        return Settled(terms, values, count)

    weight, lowest = profile.weights[service], profile.heap_least_mb
    return _one_value(service, options, "heap_mb", lowest, settle_value, weight, SOURCES["java"], HEAP_MOST_MB)


def _one_value(
    service: str,
    options: Options,
    option: str,
    lowest: int,
    settle_value: Callable[[int], Settled],
    weight: int,
    source: str,
    highest: Optional[int] = None,
) -> Need:
    """A service whose share follows from one value, and the value from the share."""
    value = options.get(option)
    if value is not None:
        settled = settle_value(value)
        knob = Knob(option, value, min(lowest, value), lambda other: settle_value(other).mb)
        return Need(service, settled.mb, lambda _mb: settled, source, most=settled.mb, given=(option,), knob=knob)

    def settle(mb: int) -> Settled:
        top = min(highest, mb) if highest else mb
        return settle_value(largest(lambda one: settle_value(one).mb <= mb, lowest, max(lowest, top)))

    most = settle_value(highest).mb if highest else None
    return Need(service, settle_value(lowest).mb, settle, source, weight, most)


def _fixed(service: str, terms: list[Term], source: str, knob: Optional[Knob] = None) -> Need:
    settled, given = Settled(terms, {}), (knob.option,) if knob else ()
    return Need(service, settled.mb, lambda _mb: settled, source, most=settled.mb, given=given, knob=knob)


def nginx(options: Options, profile: Profile) -> Need:
    workers = options.get("workers", options["cores"])
    connections = options.get("connections", profile.nginx_connections)
    each = NGINX_WORKER_MB + ceil_div(connections * NGINX_CONNECTION_KB, 1024)
    terms = [Term(NGINX_BASE_MB, "master and zones"), Term(workers * each, f"for {workers} workers of {each}")]
    return _fixed("nginx", terms, SOURCES["nginx"])


def apache(options: Options, profile: Profile) -> Need:
    processes = ceil_div(options.get("workers", profile.apache_workers), APACHE_THREADS)
    each = Term(processes * APACHE_PROCESS_MB, f"for {processes} processes of {APACHE_PROCESS_MB}")
    return _fixed("apache", [Term(APACHE_BASE_MB, "parent"), each], SOURCES["apache"])


def monitoring(options: Options, _profile: Profile) -> Need:
    given = options.get("memory_mb")
    if given is not None:
        return _given("monitoring", "memory_mb", given, SOURCES["other"])
    agents = options.get("agents", ["node_exporter"])
    return _fixed("monitoring", [Term(AGENTS[agent], agent) for agent in agents], SOURCES["monitoring"])


def other(options: Options, _profile: Profile) -> Need:
    return _given("other", "memory_mb", options["memory_mb"], SOURCES["other"])


def _given(service: str, option: str, value: int, source: str) -> Need:
    return _fixed(service, [Term(value, "given")], source, Knob(option, value, 1, lambda one: one))


def page_cache(options: Options, profile: Profile, with_postgresql: bool) -> Need:
    least = PAGE_CACHE_LEAST_MB * (2 if with_postgresql else 1)
    if options.get("share_mb") is not None:
        return _given("page_cache", "share_mb", options["share_mb"], SOURCES["page_cache"])
    weight = profile.page_cache + (profile.page_cache_postgresql if with_postgresql else 0)

    def settle(mb: int) -> Settled:
        return Settled([Term(mb, "files read and written")], {})

    return Need("page_cache", least, settle, SOURCES["page_cache"], weight)
