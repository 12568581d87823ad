# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which application hosts run which slot, where a host has memory for one slot at a time. Pure.

The hosts stand in a row, in the order of the inventory. One colour has the first of them (the head), the other one the
last (the tail), and at most one host between them changes from one to the other: it serves nobody.

    app1 app2 app3 | app4 | app5      green has the head of 3, blue the tail of 1, app4 is changing

A colour's pool is known from three things alone (colour of the head, head, tail): nginx has all pools from the start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

COLOURS = ("blue", "green")


def other(colour: str) -> str:
    """The colour of the other slot."""
    return "green" if colour == "blue" else "blue"


@dataclass(frozen=True)
class Layout:
    """`colour` runs on the first `head` hosts, the other colour on the last `tail` hosts."""

    hosts: Tuple[str, ...]
    colour: str
    head: int
    tail: int

    def __post_init__(self) -> None:
        if self.colour not in COLOURS or len(set(self.hosts)) != len(self.hosts):
            raise ValueError(f"not a layout: {self}")
        if self.head < 0 or self.tail < 0 or not 0 <= len(self.hosts) - self.head - self.tail <= 1:
            raise ValueError(f"a layout has every host in one of two pools, but for one that changes; not {self}")

    @property
    def changing(self) -> Optional[str]:
        """The host that is in neither pool."""
        return self.hosts[self.head] if self.head + self.tail < len(self.hosts) else None

    @property
    def whole(self) -> bool:
        """Whether one colour has all hosts."""
        return len(self.hosts) in (self.head, self.tail)

    @property
    def mark(self) -> str:
        """Names the layout: a file in a routing set, and the end of the names of its two pools in nginx."""
        return f"{self.colour}-{self.head}-{self.tail}"

    def running(self, colour: str) -> Tuple[str, ...]:
        """The hosts on which `colour` serves."""
        return self.hosts[: self.head] if colour == self.colour else self.hosts[len(self.hosts) - self.tail :]

    def to_bring(self, colour: str) -> Tuple[str, ...]:
        """The hosts on which `colour` does not serve yet, in the order in which they have to change to it."""
        if colour == self.colour:
            return self.hosts[self.head :]
        return tuple(reversed(self.hosts[: len(self.hosts) - self.tail]))


def begin(hosts: Sequence[str], colour: str) -> Layout:
    """All hosts run the other colour; `colour` is about to get the first of them."""
    return Layout(tuple(hosts), colour, 0, len(hosts))


def leave(layout: Layout, host: str, colour: str) -> Layout:
    """`host` stops serving what it has, to change to `colour`. The same twice is the same as once."""
    if layout.changing == host:
        return layout
    _require_next(layout, host, colour)
    return replace(layout, tail=layout.tail - 1) if colour == layout.colour else replace(layout, head=layout.head - 1)


def arrive(layout: Layout, host: str, colour: str) -> Layout:
    """`host`, which was changing, serves `colour` from now on."""
    if host in layout.running(colour):
        return layout
    if layout.changing != host:
        raise ValueError(f"{host} did not leave its pool, so it cannot join the one of {colour}")
    return replace(layout, head=layout.head + 1) if colour == layout.colour else replace(layout, tail=layout.tail + 1)


def stay(layout: Layout, host: str, colour: str) -> Layout:
    """`host`, which was to change to `colour`, serves what it had before."""
    other = "green" if colour == "blue" else "blue"
    return arrive(layout, host, other)


def _require_next(layout: Layout, host: str, colour: str) -> None:
    waiting = layout.to_bring(colour)
    if layout.changing is not None:
        raise ValueError(f"{layout.changing} is changing; {host} has to wait until it serves again")
    if not waiting or waiting[0] != host:
        following = f"the next one is {waiting[0]}" if waiting else "none is left"
        raise ValueError(f"{host} is not the next host that changes to {colour}; {following}")


def carried(hosts: int, running: int) -> int:
    """Percent of the users that `running` of `hosts` hosts carry, rounded down.

    One host is always missing while another one changes, so the site has to live with one host less: that many count
    as all.
    """
    return min(100, 100 * running // (hosts - 1)) if hosts > 1 else 0


def needed(hosts: int, weight: int) -> int:
    """How many hosts `weight` percent of the users need, one at least; never all, so that there is a way back."""
    return max(1, -(-weight * (hosts - 1) // 100))


def as_data(layout: Layout) -> Dict[str, Any]:
    """What set.json holds and modules return."""
    return {"hosts": list(layout.hosts), "colour": layout.colour, "head": layout.head, "tail": layout.tail}


def from_data(data: Optional[Mapping[str, Any]]) -> Optional[Layout]:
    """The layout that `as_data` described. Raises KeyError, TypeError or ValueError for anything else."""
    return None if data is None else Layout(tuple(data["hosts"]), data["colour"], data["head"], data["tail"])


def all_layouts(hosts: int) -> List[Tuple[str, int, int]]:
    """Every layout of `hosts` hosts that is not whole: colour of the head, head, tail."""
    return [
        (colour, head, tail)
        for colour in COLOURS
        for head in range(hosts)
        for tail in (hosts - head - 1, hosts - head)
        if tail < hosts and head + tail > 0
    ]
