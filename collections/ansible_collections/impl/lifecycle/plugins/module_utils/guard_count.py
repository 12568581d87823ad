# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From entries to ticks of 10 s, in bounded memory. No file is touched here.

One event per user, route and minute: one user who keeps pressing F5 on a broken page is one witness, not forty.
Time here is the guard's own, which never goes back; a tick's lines are those that were read while it was open.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.crowd import Crowd
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_baseline import ALL, Taus
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_histogram import Histogram
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_log import Entry

TICK_SECONDS = 10
STABLE, CANDIDATE = 0, 1
OTHER = "other"
MOST_ROUTES = 50  # with OTHER; below 64, the room in an event's key
MOST_FAILURES = 20_000
MOST_SLOW = 50_000
MOST_USERS = 20_000
NOBODY = 100_000_000  # stands for all users beyond the bound; the log's users have eight digits

Arms = Dict[str, Tuple[List[int], List[int]]]  # route -> (stable, candidate): requests, failed, three times slow


class Step:
    """What happened since the present routing set came into force, per side."""

    def __init__(self) -> None:
        self.requests = [0, 0]
        self.failed = [0, 0]
        self.failovers = [0, 0]
        self.users: Tuple[Set[int], Set[int]] = (set(), set())
        self.users_beyond = [False, False]
        self.took = (Histogram(), Histogram())

    def add(self, side: int, entry: Entry) -> None:
        self.requests[side] += 1
        self.failed[side] += entry.failed
        self.failovers[side] += entry.failover
        if entry.answered and entry.seconds is not None:
            self.took[side].add(entry.seconds)
        users = self.users[side]
        if len(users) < MOST_USERS:
            users.add(entry.user)
        elif entry.user not in users:
            self.users_beyond[side] = True

    def as_data(self) -> Dict[str, Any]:
        return {
            "requests": self.requests,
            "failed": self.failed,
            "failovers": self.failovers,
            "users": [_packed(users) for users in self.users],
            "users_beyond": self.users_beyond,
            "took": [histogram.as_data() for histogram in self.took],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Step":
        made = cls()
        made.requests, made.failed, made.failovers = ([int(n) for n in data[k]] for k in _STEP_COUNTS)
        made.users = (_unpacked(data["users"][0]), _unpacked(data["users"][1]))
        made.users_beyond = [bool(flag) for flag in data["users_beyond"]]
        made.took = (Histogram.from_data(data["took"][0]), Histogram.from_data(data["took"][1]))
        return made


_STEP_COUNTS = ("requests", "failed", "failovers")


class Counter:
    """The tick under way, the minute's events, the step's totals. `sides` says which colour counts as what."""

    def __init__(self) -> None:
        self.sides: Dict[str, int] = {}
        self.taus: Taus = {}
        self.step = Step()
        self.crowd = Crowd()  # the candidate's users, for as long as these versions stand side by side
        self.at: Optional[int] = None  # start of the tick under way
        self.minute = -1
        self.routes: Dict[str, int] = {OTHER: 0}
        self.routes_beyond = False
        self.events_beyond = False
        self._failures: Set[int] = set()
        self._slow: Set[int] = set()
        self.arms: Arms = {}
        self.buckets: Dict[int, List[int]] = {}  # of the stable side: requests, failed, slower than p95

    def begin(self, sides: Mapping[str, int], taus: Taus, routes: List[str]) -> None:
        """Another pair of versions: forget the tick, the step and all routes but the known ones."""
        self.sides, self.taus = dict(sides), taus
        self.step = Step()
        self.crowd = Crowd()
        self._clear_tick()
        self._failures, self._slow = set(), set()
        kept = [route for route in routes if route != OTHER][: MOST_ROUTES // 2]
        self.routes = {route: number for number, route in enumerate([OTHER, *kept])}
        self.routes_beyond = self.events_beyond = False

    def open(self, at: int) -> None:
        """Start the tick at `at`. Events of the minute before are forgotten."""
        self._clear_tick()
        self.at = at
        if at // 60 != self.minute:
            self.minute = at // 60
            self._failures, self._slow = set(), set()

    def add(self, entry: Entry, in_step: bool = True) -> bool:
        """Count an entry; False when its slot is neither side."""
        side = self.sides.get(entry.colour)
        if side is None:
            return False
        if in_step:
            self.step.add(side, entry)
        if side == CANDIDATE:
            self.crowd.add(entry.user)
        name = self.known(entry.route)
        pair = self.arms.get(name)
        if pair is None:
            pair = self.arms[name] = ([0] * 5, [0] * 5)
        arm = pair[side]
        arm[0] += 1
        new_failure, slow = self._events(entry, name, side)
        arm[1] += new_failure
        for number in slow:
            arm[2 + number] += 1
        if side == STABLE:
            counts = self.buckets.setdefault(entry.bucket, [0, 0, 0])
            counts[0] += 1
            counts[1] += new_failure
            counts[2] += 1 in slow
        return True

    def close(self) -> Tuple[int, Arms]:
        """End the tick: its start and its arms."""
        at, arms = self.at, self.arms
        if at is None:
            raise AssertionError("called out of order")
        self._clear_tick()
        return at, arms

    def _clear_tick(self) -> None:
        self.at, self.arms, self.buckets = None, {}, {}

    def known(self, route: str) -> str:
        """The name `route` is counted under."""
        if route in self.routes:
            return route
        if len(self.routes) >= MOST_ROUTES:
            self.routes_beyond = True
            return OTHER
        self.routes[route] = len(self.routes)
        return route

    def _events(self, entry: Entry, route: str, side: int) -> Tuple[int, List[int]]:
        """Whether it is a new failure, and which of the three slow events are new in this minute."""
        number = self.routes[route]
        new_failure = entry.failed and self._is_new(self._failures, MOST_FAILURES, entry.user, number, side, 0)
        slow = []
        if entry.seconds is not None and self.taus:
            for index, tau in enumerate(self.taus.get(route) or self.taus.get(ALL, ())):
                if entry.seconds <= tau:
                    break  # p50 <= p95 <= p99
                if self._is_new(self._slow, MOST_SLOW, entry.user, number, side, 1 + index):
                    slow.append(index)
        return int(new_failure), slow

    def _is_new(self, seen: Set[int], most: int, user: int, route: int, side: int, kind: int) -> bool:
        key = (((user << 6 | route) << 1 | side) << 2) | kind
        if key in seen:
            return False
        if len(seen) >= most:
            # All users beyond the bound are one witness: never too much evidence, and it is said.
            self.events_beyond = True
            key = (((NOBODY << 6 | route) << 1 | side) << 2) | kind
            if key in seen:
                return False
        seen.add(key)
        return True

    def as_data(self) -> Dict[str, Any]:
        """Between two ticks: what a restart needs to count on as if nothing had happened."""
        return {
            "sides": self.sides,
            "step": self.step.as_data(),
            "crowd": self.crowd.as_data(),
            "minute": self.minute,
            "routes": list(self.routes),
            "routes_beyond": self.routes_beyond,
            "events_beyond": self.events_beyond,
            "failures": _packed(self._failures),
            "slow": _packed(self._slow),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any], taus: Taus) -> "Counter":
        """Raises ValueError for anything that `as_data` did not give."""
        made = cls()
        try:
            made.sides = {str(colour): int(side) for colour, side in data["sides"].items()}
            made.taus, made.step, made.minute = taus, Step.from_data(data["step"]), int(data["minute"])
            made.crowd = Crowd.from_data(data["crowd"])
            made.routes = {str(route): number for number, route in enumerate(data["routes"][:MOST_ROUTES])}
            made.routes_beyond, made.events_beyond = bool(data["routes_beyond"]), bool(data["events_beyond"])
            made._failures, made._slow = _unpacked(data["failures"]), _unpacked(data["slow"])
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"not a count: {error!r}") from error
        if made.routes.get(OTHER) != 0:
            raise ValueError("not a count: it has no room for other routes")
        return made


def _packed(numbers: Set[int]) -> str:
    return base64.b64encode(zlib.compress(array("Q", sorted(numbers)).tobytes(), 1)).decode()


def _unpacked(text: str) -> Set[int]:
    made = array("Q")
    try:
        made.frombytes(zlib.decompress(base64.b64decode(text)))
    except zlib.error as error:
        raise ValueError(f"not packed numbers: {error}") from error
    return set(made)
