# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who gets which version: pure functions from one state of a gray release to the next. No file is touched here.

A refusal is a ValueError whose text is meant for the person who asked.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import FrozenSet, Iterable, List, Optional, Sequence, Set

from ansible_collections.impl.lifecycle.plugins.module_utils import layout as layouts
from ansible_collections.impl.lifecycle.plugins.module_utils import way_back

BUCKETS = tuple(f"{number:02d}" for number in range(100))

# A user id becomes a file name on the edge and is compared with what nginx lets through its own map.
USER_ID = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
# A department is a value of nginx's maps and a file name too.
DEPARTMENT = re.compile(r"[a-z][a-z0-9-]{0,40}\Z")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,63}\Z")


@dataclass(frozen=True)
class Placed:
    """A version and the slot colour it runs in."""

    colour: str
    version: str

    def __post_init__(self) -> None:
        if self.colour not in layouts.COLOURS:
            raise ValueError(f"'{self.colour}' is no slot colour; it is blue or green")
        if not VERSION.match(self.version):
            raise ValueError(f"'{self.version}' is no usable version (letters, digits and . _ + ~ -, 64 at most)")


@dataclass(frozen=True)
class RoutingSet:
    """Who gets the candidate: bucket ids '00'..'99', departments, pilot user ids, protected user ids."""

    buckets: FrozenSet[str] = frozenset()
    pilots: FrozenSet[str] = frozenset()
    protected: FrozenSet[str] = frozenset()
    departments: FrozenSet[str] = frozenset()

    def __post_init__(self) -> None:
        strange = sorted(self.buckets - set(BUCKETS))
        if strange:
            raise ValueError(f"'{strange[0]}' is no bucket; buckets are 00 to 99")
        for user in sorted(self.pilots | self.protected):
            if not USER_ID.match(user):
                raise ValueError(f"user id {user!r} is refused: only letters, digits, _ and - may become a file name")
        unnamed = sorted(name for name in self.departments if not DEPARTMENT.match(name))
        if unnamed:
            raise ValueError(f"department {unnamed[0]!r} is refused: lower-case letters, digits and - only")


@dataclass(frozen=True)
class State:
    """What an edge knows about one application. Without a stable version nothing was released yet."""

    application: str
    stable: Optional[Placed] = None
    candidate: Optional[Placed] = None
    previous: Optional[Placed] = None
    users: RoutingSet = field(default_factory=RoutingSet)
    seed: str = ""
    # The window after a promotion was closed: the slot of `previous` is stopped, and going back starts it first.
    closed: bool = False
    # A session ends on the version it began on; while two versions have users, and not after a rollback.
    finish_on_old: bool = False
    # Outlives the release that said it: a rollback undoes nothing in the database.
    oldest_compatible: Optional[way_back.OldestCompatible] = None
    # Where hosts run one slot at a time: which run which, while not all run the same.
    layout: Optional[layouts.Layout] = None

    @property
    def weight(self) -> int:
        """Percent of the users whose bucket goes to the candidate."""
        return len(self.users.buckets)

    @property
    def idle_colour(self) -> str:
        """The colour that no user is sent to by a stable version; the next candidate goes there."""
        return "blue" if self.stable is None else layouts.other(self.stable.colour)


def order_of_entry(seed: str) -> List[str]:
    """All 100 bucket ids in the order in which they enter this release, the same on every edge and Python.

    Seeded per release, so that the same users are not the first ones every time.
    """
    return sorted(BUCKETS, key=lambda bucket: hashlib.sha256(f"{seed}/{bucket}".encode()).digest())


def widen(current: RoutingSet, weight: int, order: Sequence[str]) -> RoutingSet:
    """Return `current` with `weight` buckets (percent, 0-100), never dropping one that is already in.

    `order` lists all 100 bucket ids in this release's own order of entry.
    Raises ValueError if `weight` is below the current number of buckets: narrowing is a rollback, not a step.
    """
    if not 0 <= weight <= len(BUCKETS):
        raise ValueError(f"weight {weight} is refused: it is a percentage from 0 to 100")
    have = len(current.buckets)
    if weight < have:
        raise ValueError(
            f"weight {weight} is below the present {have}: narrowing would move users back and forth; roll back instead"
        )
    newcomers = [bucket for bucket in order if bucket not in current.buckets][: weight - have]
    return replace(current, buckets=current.buckets | frozenset(newcomers))


def adopt(state: State, first: Placed) -> State:
    """The first release: all users go to `first`, there is nothing before it."""
    if state.stable is None:
        return replace(state, stable=first)
    if state.stable == first and state.candidate is None:
        return state
    raise ValueError(f"{state.stable.version} is the stable version of {state.application} already; stage a candidate")


def vacate(state: State) -> State:
    """Forget the previous version: its slot is about to be used for a candidate, so there is no way back to it."""
    kept = state.finish_on_old and state.candidate is not None
    return replace(state, previous=None, closed=False, finish_on_old=kept)


def close(state: State) -> State:
    """End the window after a promotion: the slot of the previous version may be stopped, and nobody falls back to it.

    Said on the edge before the slot stops, so that no guard and no person sends users to a slot that is going down;
    sessions that were to end there go on with the stable version.
    """
    _require_whole(state, "close the window of the version before")
    if state.previous is None:
        raise ValueError(f"nothing to close: no version of {state.application} is kept warm beside the stable one")
    return replace(state, closed=True, finish_on_old=False)


def stage(state: State, version: str, seed: str = "") -> State:
    """Open `version` as the candidate in the idle colour. No user moves."""
    if state.stable is None:
        raise ValueError(f"nothing of {state.application} is released yet: the first release has no candidate")
    if state.candidate is not None:
        if state.candidate.version == version:
            return state
        raise ValueError(
            f"candidate {state.candidate.version} is open at {state.weight} %; "
            f"promote it or roll it back before {version}"
        )
    if state.stable.version == version:
        raise ValueError(f"{version} is the stable version of {state.application} already")
    _require_whole(state, f"stage {version}")
    candidate = Placed(state.idle_colour, version)
    return replace(
        vacate(state), candidate=candidate, users=RoutingSet(), seed=seed or f"{state.application}/{version}"
    )


def _require_whole(state: State, what: str) -> None:
    if state.layout is not None and state.candidate is None and state.stable is not None:
        waiting = ", ".join(state.layout.to_bring(state.stable.colour))
        raise ValueError(
            f"cannot {what}: {waiting} still has to be brought to the stable version {state.stable.version};"
            " release_settle.yml does that"
        )


def _open_candidate(state: State, version: str, what: str) -> Placed:
    if state.candidate is None:
        raise ValueError(f"there is no open candidate of {state.application} to {what}; stage one first")
    if version and state.candidate.version != version:
        raise ValueError(f"the open candidate of {state.application} is {state.candidate.version}, not {version}")
    return state.candidate


def weigh(
    state: State,
    weight: int,
    pilots: Iterable[str] = (),
    protected: Optional[Iterable[str]] = None,
    version: str = "",
    departments: Iterable[str] = (),
) -> State:
    """Send `weight` percent, the `pilots` and the `departments` to the candidate.

    Pilots and departments are added, never dropped (nobody is moved back and forth); `protected` replaces the list
    unless it is None.
    """
    _open_candidate(state, version, "widen")
    users = replace(
        state.users,
        pilots=state.users.pilots | frozenset(pilots),
        departments=state.users.departments | frozenset(departments),
        protected=state.users.protected if protected is None else frozenset(protected),
    )
    return replace(state, users=widen(users, weight, order_of_entry(state.seed)))


def promote(state: State, version: str = "") -> State:
    """The candidate becomes the stable version for everybody; the old one stays behind it as the way back."""
    if state.candidate is None and version and state.stable is not None and state.stable.version == version:
        return state
    candidate = _open_candidate(state, version, "promote")
    return replace(state, stable=candidate, candidate=None, previous=state.stable, users=RoutingSet(), seed="")


def abort(state: State, version: str = "", accept_unsafe: str = "") -> State:
    """Everybody back to the stable version; the candidate is closed and never becomes `previous`."""
    _open_candidate(state, version, "abort")
    return State(
        state.application,
        stable=state.stable,
        oldest_compatible=way_back.leave(state, accept_unsafe),
        layout=state.layout,
    )


def goes_back(state: State, version: str = "") -> Optional[Placed]:
    """The previous version, when a rollback (from `version`, or whatever is in force) would make it stable again."""
    if state.candidate is not None or state.stable is None or version not in ("", state.stable.version):
        return None
    return state.previous


def rollback(state: State, version: str = "", started: bool = False, accept_unsafe: str = "") -> State:
    """Close an open candidate; without one, make the previous version stable again. Either way the left one is void.

    `version` names the one to leave: an edge that does not have it stays as it is, so that taking back twice,
    or on edges that disagree, takes back once. `started`: the slot of a version whose window was closed runs again.
    Raises way_back.Unsafe when users would come to a version that cannot live with the database, unless `accept_unsafe`
    says why they should.
    """
    present = {placed.version for placed in (state.candidate, state.stable) if placed is not None}
    if version and version not in present:
        return state
    if state.candidate is not None:
        return abort(state, version, accept_unsafe)
    if state.previous is None and state.layout is not None:
        return state  # taken back already; hosts are still on their way
    if state.previous is None:
        raise ValueError(
            f"nothing to take back: {state.application} has no open candidate and no previous version kept warm"
        )
    if state.closed and not started:
        raise ValueError(f"the slot of {state.previous.version} was stopped when its window closed; start it first")
    bound = way_back.leave(state, accept_unsafe)
    return State(state.application, stable=state.previous, oldest_compatible=bound, layout=state.layout)


def advance(
    state: State,
    version: str,
    weight: Optional[int] = None,
    pilots: Optional[Iterable[str]] = None,
    protected: Optional[Iterable[str]] = None,
    to_stable: bool = False,
    seed: str = "",
    departments: Iterable[str] = (),
    oldest_compatible: Optional[way_back.OldestCompatible] = None,
    accept_unsafe: str = "",
    finish_on_old: bool = False,
) -> State:
    """One step of a release as a person asks for it: open it if needed, then widen or promote it.

    The very first version has no stable one to be compared with and is adopted at once.
    """
    state = way_back.admit(state, version, oldest_compatible, accept_unsafe)
    if state.stable is None:
        return adopt(state, Placed(state.idle_colour, version))
    if to_stable:
        if weight is not None:
            raise ValueError("weight and promote exclude each other: promotion sends everybody")
        return promote(state, version)
    opened = replace(stage(state, version, seed), finish_on_old=finish_on_old)
    return weigh(opened, opened.weight if weight is None else weight, pilots or (), protected, "", departments)


def in_colours(state: State) -> FrozenSet[str]:
    """The files of the set, relative to its directory; in colours, so that a promotion changes no path's meaning."""
    if state.stable is None:
        return frozenset()
    moved = state.users.buckets if state.candidate is not None else frozenset()
    green = moved if state.stable.colour == "blue" else frozenset(BUCKETS) - moved
    files = {f"green/{bucket}" for bucket in green}
    if state.candidate is not None:
        files |= {f"{state.candidate.colour}-department/{name}" for name in state.users.departments}
        files |= {f"{state.stable.colour}-user/{user}" for user in state.users.protected}
        files |= {f"{state.candidate.colour}-user/{user}" for user in state.users.pilots - state.users.protected}
    if state.layout is not None:
        files.add(f"layout/{state.layout.mark}")
    return frozenset(files | _sessions_in_colours(state))


def buckets_only(state: State) -> bool:
    """Whether a user's bucket alone says where he goes: the set has no other files."""
    return all(name.startswith("green/") for name in in_colours(state))


def _sessions_in_colours(state: State) -> Set[str]:
    """Which sessions stay where they began. One that bears no mark of the edge began before there were two versions."""
    new, old = (state.stable, state.previous) if state.candidate is None else (state.candidate, state.stable)
    if not state.finish_on_old or new is None or old is None:
        return set()
    return {
        f"{new.colour}-session/{new.colour}",
        f"{old.colour}-session/{old.colour}",
        f"{old.colour}-session/unmarked",
    }
