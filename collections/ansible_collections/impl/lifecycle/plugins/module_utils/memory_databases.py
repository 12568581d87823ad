# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the two databases cost: a pool for pages, one beside it, connections, and statements at the peak. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

from ansible_collections.impl.lifecycle.plugins.module_utils.memory_costs import (
    Knob,
    Need,
    Options,
    Settled,
    Term,
    ceil_div,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_profiles import SOURCES, Profile

# Of what is above the minimum, connections get a sixth until there are as many as the profile wants.
CONNECTIONS_OF_SURPLUS = 6
# A page table entry of 8 bytes maps a page of 4096: a backend that has touched all of shared_buffers holds 1/512 of it.
PAGE_TABLE = 512
# PostgreSQL's documentation sees no gain in shared_buffers beyond this much of the RAM.
BUFFERS_MOST_PERCENT = 40


@dataclass(frozen=True)
class Part:
    """A part above the base: `given` is fixed, otherwise it starts at `least` and takes `weight` of the surplus."""

    least: int
    weight: int
    most: Optional[int] = None
    given: Optional[int] = None

    @property
    def start(self) -> int:
        return self.least if self.given is None else self.given

    @property
    def pull(self) -> int:
        return self.weight if self.given is None else 0


@dataclass(frozen=True)
class Database:
    """How a database's share is divided. `pool`, `side` are MB; `work` is KB of one operation at the peak."""

    base: int
    connections: tuple[int, int]
    connection_kb: int
    sorting_percent: int
    pool: Part
    side: Part
    work: Part
    mapped: bool  # every connection is a process with page tables of its own

    @property
    def pool_parts(self) -> tuple[int, int]:
        """The pool and its page tables cost first/second of the pool."""
        whole = PAGE_TABLE * 100
        return whole + (self.connections[1] * self.sorting_percent if self.mapped else 0), whole

    @property
    def per_connection_kb(self) -> int:
        """With a given size of an operation, every connection that is allowed brings its part of it."""
        return self.connection_kb + ceil_div((self.work.given or 0) * self.sorting_percent, 100)

    def operations_kb(self, connections: int, each_kb: int) -> int:
        return ceil_div(ceil_div(connections * self.sorting_percent * each_kb, 100), 1024)

    def starts(self) -> tuple[int, int, int, int]:
        """MB of connections, pool, side and work when there is nothing but the minimum."""
        few = self.connections[0]
        first, second = self.pool_parts
        work = 0 if self.work.given is not None else self.operations_kb(few, self.work.least)
        pool = ceil_div(self.pool.start * first, second)
        return ceil_div(few * self.per_connection_kb, 1024), pool, self.side.start, work

    @property
    def least(self) -> int:
        return self.base + sum(self.starts())

    @property
    def most(self) -> Optional[int]:
        """With a given pool the rest grows along with it and no further."""
        if self.pool.given is None:
            return None
        room = ceil_div(self.pool.given * (self.side.pull + self.work.pull), self.pool.weight)
        many = ceil_div(self.connections[1] * self.per_connection_kb, 1024)
        return self.least + room + many - self.starts()[0]

    def divide(self, mb: int) -> tuple[int, int, int, int]:
        """A share without its base into connections, pool (with page tables), side and work."""
        connections, pool, side, work = self.starts()
        surplus = mb - self.least
        many = ceil_div(self.connections[1] * self.per_connection_kb, 1024)
        more = min(many - connections, surplus // CONNECTIONS_OF_SURPLUS)
        rest, total = surplus - more, self.pool.pull + self.side.pull + self.work.pull
        more_side = rest * self.side.pull // total if total else 0
        more_side = min(more_side, self.side.most - side) if self.side.most is not None else more_side
        # Rounded down here, so that the pool never shrinks when the others are rounded up.
        more_pool = rest * self.pool.pull // total if total else 0
        more_work = rest - more_side - more_pool if self.work.pull else 0
        if self.work.most is not None and self.pool.pull:
            # With the most connections, not those of now: otherwise one more of them would take from the pool.
            more_work = min(more_work, max(0, self.operations_kb(self.connections[1], self.work.most) - work))
        if self.pool.pull:
            more_pool = rest - more_side - more_work
        if self.pool.most is not None and self.pool.pull:
            first, second = self.pool_parts
            more_pool = min(more_pool, ceil_div(self.pool.most * first, second) - pool)
        return connections + more, pool + more_pool, side + more_side, work + more_work

    def allowed(self, connections_mb: int) -> int:
        return min(self.connections[1], connections_mb * 1024 // self.per_connection_kb)

    def each_kb(self, connections: int, work_mb: int) -> int:
        """KB of one operation."""
        if self.work.given is not None:
            return self.work.given
        each = work_mb * 1024 * 100 // (connections * self.sorting_percent)
        return each if self.work.most is None else min(each, self.work.most)


def postgresql(options: Options, profile: Profile) -> Need:
    buffers, maintenance, work = profile.postgresql
    wanted = options.get("maintenance_work_mem_mb")
    work_mem = options.get("work_mem_mb")
    database = Database(
        base=48,
        connections=_connections(options, profile),
        connection_kb=2048,
        sorting_percent=profile.sorting_percent,
        pool=Part(
            32,
            buffers,
            most=max(32, options["ram_mb"] * BUFFERS_MOST_PERCENT // 100),
            given=options.get("shared_buffers_mb"),
        ),
        # maintenance_work_mem once, and a third of it for each of three autovacuum workers.
        side=Part(24, maintenance, most=4096, given=None if wanted is None else 2 * wanted),
        work=Part(1024, work, most=profile.work_most_mb * 1024, given=None if work_mem is None else work_mem * 1024),
        mapped=not options.get("huge_pages", False),
    )

    def settle(mb: int) -> Settled:
        connections_mb, pool_mb, side_mb, work_mb = database.divide(mb)
        first, second = database.pool_parts
        pool = database.pool.given if database.pool.given is not None else pool_mb * second // first
        connections = database.allowed(connections_mb)
        terms = [
            Term(database.base, "server processes"),
            Term(connections_mb, f"for {connections} connections"),
            Term(pool, "shared_buffers"),
            Term(pool_mb - pool, "page tables of shared_buffers"),
            Term(side_mb, "maintenance"),
            Term(work_mb, "sorts and hashes"),
        ]
        each = database.each_kb(connections, work_mb)
        values = {"connections": connections, "sorting_percent": profile.sorting_percent}
        values.update(shared_buffers_mb=pool, work_mem_kb=each)
        values.update(maintenance_work_mem_mb=side_mb // 2, autovacuum_work_mem_mb=side_mb // 6)
        return Settled([term for term in terms if term.mb], values)

    names = ("shared_buffers_mb", "work_mem_mb", "maintenance_work_mem_mb", "connections")
    return _need("postgresql", database, settle, options, profile, names)


def mariadb(options: Options, profile: Profile) -> Need:
    database = Database(
        base=64,
        connections=_connections(options, profile),
        connection_kb=1024,
        sorting_percent=profile.sorting_percent,
        pool=Part(32, 85, given=options.get("buffer_pool_mb")),
        side=Part(8, 5, most=128),
        work=Part(1024, 10, most=72 * 1024),
        mapped=False,
    )

    def settle(mb: int) -> Settled:
        connections_mb, pool, side_mb, work_mb = database.divide(mb)
        connections = database.allowed(connections_mb)
        terms = [
            Term(database.base, "server"),
            Term(connections_mb, f"for {connections} connections"),
            Term(pool, "buffer pool"),
            Term(side_mb, "Aria page cache"),
            Term(work_mb, "sorts, joins and temporary tables"),
        ]
        each = database.each_kb(connections, work_mb)
        sort = min(each // 4, 4096)
        values = {"connections": connections, "sorting_percent": profile.sorting_percent}
        values.update(buffer_pool_mb=pool, aria_mb=side_mb, sort_kb=sort, join_kb=sort, temporary_kb=each - 2 * sort)
        return Settled([term for term in terms if term.mb], values)

    return _need("mariadb", database, settle, options, profile, ("buffer_pool_mb", "connections"))


def _connections(options: Options, profile: Profile) -> tuple[int, int]:
    given = options.get("connections")
    return profile.connections if given is None else (given, given)


def _need(
    service: str,
    database: Database,
    settle: Callable[[int], Settled],
    options: Options,
    profile: Profile,
    names: tuple[str, ...],
) -> Need:
    """`names`: the options that decide a part of the share, the one of the pool first."""
    given = tuple(name for name in names if options.get(name) is not None)
    most = database.most
    if not database.pool.pull + database.side.pull + database.work.pull:
        most = database.least
    knob = None
    pool = database.pool.given
    if pool is not None:
        without = database.least - database.starts()[1]
        first, second = database.pool_parts
        knob = Knob(names[0], pool, min(pool, 32), lambda one: without + ceil_div(one * first, second))
    return Need(service, database.least, settle, SOURCES[service], profile.weights[service], most, given, knob)
