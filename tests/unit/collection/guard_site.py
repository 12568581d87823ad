"""One edge's files and a clock that tests move by hand, for tests of the guard."""

from __future__ import annotations

import itertools
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.impl.lifecycle.plugins.module_utils import guard_disk, guard_status, routing
from ansible_collections.impl.lifecycle.plugins.module_utils.guard import LOOK_SECONDS, Guard
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_clock import Clock
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_settings import Settings
from ansible_collections.impl.lifecycle.plugins.module_utils.routing_store import Store

from tests.unit.collection.guard_lines import PORTS, line

START = 1_700_000_000.0
FIRST = routing.State("clinic", stable=routing.Placed("blue", "1.0.0"))
STAGED = routing.stage(FIRST, "1.1.0")
OPEN = routing.weigh(STAGED, 10)


class GuardSite:
    """A log, routing sets and a guard over them. `seconds` is what both clocks say."""

    def __init__(self, root: Path, **settings: Any) -> None:
        for name in ("state", "run"):
            (root / name).mkdir()
        self.log = root / "gray.log"
        self.log.touch()
        self.seconds = START
        self.wall_offset = 0.0
        plain = Settings(
            "clinic", str(self.log), str(root / "gray" / "clinic"), str(root / "state"), str(root / "run"),
            PORTS, acts=True, false_alarm_percent=1, margin=1.5, window_minutes=60, lease_minutes=0,
        )  # fmt: skip
        self.settings = replace(plain, **settings)
        self.store = Store(self.settings.root, "clinic")
        self.store.prepare(os.getgid(), check=False)
        self.users = itertools.count()
        self.sent = self.asked = 0
        self.look_every = LOOK_SECONDS
        self.guard = self.new_guard()

    def new_guard(self, reached: float = 0.0) -> Guard:
        return Guard(self.settings, Clock(reached, wall=self.wall, monotonic=lambda: self.seconds))

    def wall(self) -> float:
        return self.seconds + self.wall_offset

    def restart(self) -> None:
        """What a kill -9 and systemd do: another guard finds what the first one had written down."""
        memory = guard_disk.read(str(Path(self.settings.state) / "state.json")) or {}
        self.guard = self.new_guard(memory.get("reached", 0.0))

    def put(self, state: routing.State) -> None:
        self.store.put_in_force(state)
        os.utime(self.store.current, (self.wall(), self.wall()), follow_symlinks=False)
        self.pass_time(1)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / self.look_every)):
            self.seconds += self.look_every
            self.guard.look()

    def request(self, colour: str = "blue", **changed: Any) -> None:
        """One request that ends now, by another user each time unless `user` says who."""
        changed.setdefault("user", next(self.users) % 10_000_000)
        with self.log.open("ab") as log:
            log.write(line(self.wall(), colour, **changed) + b"\n")

    def traffic(
        self, duration: int, /, *, failing: float = 0.0, rate: int = 20, share: float = 0.1, **changed: Any
    ) -> None:
        """`rate` requests a second for so many seconds, `share` of them to green; of these `failing` fail."""
        for _ in range(duration):
            for _ in range(rate):
                self.sent += 1
                if not due(self.sent, share):
                    self.request("blue")
                    continue
                self.asked += 1
                self.request("green", **{**({"status": "500"} if due(self.asked, failing) else {}), **changed})
            self.pass_time(1)

    @property
    def state(self) -> routing.State:
        return self.store.read()

    @property
    def told(self) -> dict[str, Any]:
        return guard_status.status(self.guard)


def due(number: int, share: float) -> bool:
    """Whether the `number`th of evenly spread ones is one of the `share`."""
    return math.floor(number * share + 1e-9) > math.floor((number - 1) * share + 1e-9)
