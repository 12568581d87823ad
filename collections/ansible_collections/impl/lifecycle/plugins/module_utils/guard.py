# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The guard of one application on one edge: follows the log, judges, takes back. Run as a service by role gray_guard.

    python3 -m ansible_collections.impl.lifecycle.plugins.module_utils.guard /etc/lifecycle/guard/<application>.json

Needs nothing but Python and the files it is told of: no network, no controller, no root.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import time
from typing import Any, Dict, List, Optional, Set

from ansible_collections.impl.lifecycle.plugins.module_utils import guard_disk as disk
from ansible_collections.impl.lifecycle.plugins.module_utils import (
    guard_log,
    routing,
    routing_hold,
    routing_text,
    way_back,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_clock import Clock
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_settings import TICK_SECONDS, Settings, parse
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_status import status
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_tail import Position, Tail
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_watch import Harm, Watch
from ansible_collections.impl.lifecycle.plugins.module_utils.routing_store import Store, Unreadable

LOG = logging.getLogger("lifecycle-guard")
LOOK_SECONDS = 0.25
TELL_SECONDS = 1.0
SAVE_SECONDS = 10.0
# A guard that cannot remember cannot judge: an open candidate goes back when that lasts.
FORGETFUL_SECONDS = 60.0
# One look reads at most so many chunks (of 1 MB), so that a flood of lines does not keep it from acting.
MOST_CHUNKS = 16


class Guard:
    """The eyes and hands of a Watch."""

    def __init__(self, settings: Settings, clock: Optional[Clock] = None) -> None:
        self.settings = settings
        self.troubles: Dict[str, str] = {}
        self.garbage = 0
        memory = self._remembered()
        self.clock = clock or Clock(float(memory.get("reached", 0.0)))
        self.store = Store(settings.root, settings.application)
        self.tail = Tail(settings.log, self._position(memory), self.clock.monotonic)
        self.watch = self._watch(memory)
        self.taken_back: Optional[Dict[str, Any]] = memory.get("taken_back")
        self.lease_serial: str = memory.get("lease_serial", "")
        self.lease_until: float = memory.get("lease_until", 0.0)
        self._ticks = disk.Ticks(settings.state)
        self._tick_at = self._save_at = self.clock.now()
        self._tell_at = 0.0
        self._forgetful_since: Optional[float] = None
        self._hold_due: Optional[routing_hold.Held] = None
        self._left_alone: Set[str] = set()

    def _remembered(self) -> Dict[str, Any]:
        try:
            return disk.read(os.path.join(self.settings.state, disk.STATE)) or {}
        except ValueError as error:
            self.troubles["memory"] = f"began anew: {error}"
            return {}

    def _position(self, memory: Dict[str, Any]) -> Optional[Position]:
        try:
            return Position.from_data(memory["position"]) if memory.get("position") else None
        except ValueError as error:
            self.troubles["memory"] = f"began anew: {error}"
            return None

    def _watch(self, memory: Dict[str, Any]) -> Watch:
        if not memory.get("watch"):
            return Watch(self.settings)
        try:
            watch = Watch.from_data(self.settings, memory["watch"])
            watch.resume(self.clock.now())
            return watch
        except ValueError as error:
            self.troubles["memory"] = f"began anew: {error}"
            return Watch(self.settings)

    def look(self) -> None:
        """Read what is new, and act on it. Never raises for what a disk, a log or a person does to it."""
        self.watch.clock_set(self.clock.stepped())
        state = self._read_state()
        self._read_log()
        now = self.clock.now()
        ticked = now - self._tick_at >= TICK_SECONDS
        if ticked:
            self._tick_at = now
            self.watch.tick(now)
        if state is not None:
            harm = self.watch.harm() or self._abandoned(state, now) or self._blind(state, now)
            if harm is not None and self.settings.acts:
                self._take_back(harm)
        self._retry_hold()
        # Only between two ticks: what the open one holds is not in the memory, and the position is already behind it.
        if ticked and now - self._save_at >= SAVE_SECONDS:
            self._save_at = now
            self.save()
        if now - self._tell_at >= TELL_SECONDS:
            self._tell_at = now
            self.tell()

    def _read_state(self) -> Optional[routing.State]:
        try:
            state = self.store.read()
            flipped = os.lstat(self.store.current).st_mtime if state.stable is not None else 0.0
        except (Unreadable, OSError) as error:
            self.troubles["routing"] = str(error)
            return None
        self.troubles.pop("routing", None)
        set_id = "" if state.stable is None else routing_text.set_id(state)
        now = self.clock.now()
        if self.watch.follow(state, set_id, flipped, now, self.clock.wall()):
            # Who moves users has looked: a step is never abandoned at its very beginning.
            self.lease_until = now + self.settings.lease_minutes * 60
            self._left_alone.clear()
            self.troubles.pop("unsafe", None)
        return state

    def _read_log(self) -> None:
        for _chunk in range(MOST_CHUNKS):
            lines = self.tail.read()
            for line in lines:
                entry = guard_log.parse(line, self.settings.ports)
                if entry is not None:
                    self.watch.add(entry)
                elif not guard_log.is_line(line):
                    self.garbage += 1
            if not lines:
                break
        if self.tail.error:
            self.troubles["log"] = self.tail.error
        else:
            self.troubles.pop("log", None)

    def _abandoned(self, state: routing.State, now: float) -> Optional[Harm]:
        """An open step whose controller has not looked for as long as the lease lasts."""
        renewed = disk.serial(self.settings.state)
        if renewed != self.lease_serial:
            self.lease_serial, self.lease_until = renewed, now + self.settings.lease_minutes * 60
        minutes = self.settings.lease_minutes
        if state.candidate is None or not minutes or now < self.lease_until:
            return None
        return Harm(state.candidate.version, f"no controller has looked for {minutes:g} min, the lease is over")

    def _blind(self, state: routing.State, now: float) -> Optional[Harm]:
        if state.candidate is None or self._forgetful_since is None or now - self._forgetful_since < FORGETFUL_SECONDS:
            return None
        return Harm(state.candidate.version, f"the guard cannot write its memory: {self.troubles.get('disk', '')}")

    def _take_back(self, harm: Harm) -> None:
        """Rename first, write down afterwards - but for the hold, without which a controller could widen again."""
        if harm.version in self._left_alone:
            return
        held = routing_hold.Held(harm.version, harm.reason, self.clock.wall())
        try:
            with self.store.locked():
                state = self.store.read()
                if harm.version not in {placed.version for placed in (state.candidate, state.stable) if placed}:
                    return
                self._hold(held)
                self.store.put_in_force(routing.rollback(state, harm.version))
        except way_back.Unsafe as unsafe:
            # Users stay, but nobody widens what is held: a person has to decide between two harms.
            self._left_alone.add(harm.version)
            self.troubles["unsafe"] = f"{harm.version} does harm and is held, NOT taken back: {unsafe}"
            return
        except (Unreadable, ValueError, OSError) as error:
            self.troubles["routing"] = f"{harm.version} could not be taken back: {error}"
            return
        evidence = self._evidence(harm)
        self.taken_back = {name: evidence[name] for name in ("version", "reason", "at", "opinion", "step")}
        when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(held.at))
        with contextlib.suppress(OSError):
            disk.keep_evidence(self.settings.state, f"{when}-{harm.version}.json", evidence)
        LOG.warning("took %s back: %s", harm.version, harm.reason)
        self._read_state()
        self.end()
        self.tell()

    def _hold(self, held: routing_hold.Held) -> None:
        try:
            routing_hold.hold(self.settings.root, held)
            self._hold_due = None
        except OSError as error:
            # A full disk must not keep users on a bad version.
            self.troubles["hold"] = f"{held.version} is not written down as held: {error.strerror}"
            self._hold_due = held

    def _retry_hold(self) -> None:
        if self._hold_due is not None:
            self._hold(self._hold_due)
        if self._hold_due is None:
            self.troubles.pop("hold", None)

    def _evidence(self, harm: Harm) -> Dict[str, Any]:
        told = status(self)
        return {**told, "version": harm.version, "reason": harm.reason, "at": self.clock.wall()}

    def end(self) -> None:
        """Close the tick under way and write the memory down."""
        self.watch.tick(self.clock.now())
        self.save()

    def save(self) -> None:
        """Write the memory and the last ten seconds down. Right after a tick only."""
        position = self.tail.position
        memory = {
            "reached": self.clock.now(),
            "position": position.as_data() if position else None,
            "watch": self.watch.as_data(),
            "taken_back": self.taken_back,
            "lease_serial": self.lease_serial,
            "lease_until": self.lease_until,
        }
        try:
            disk.write(os.path.join(self.settings.state, disk.STATE), memory)
            self._ticks.append({"at": round(self.clock.wall()), "arms": self.watch.taken_arms()})
        except OSError as error:
            self.troubles["disk"] = f"{error.filename or self.settings.state}: {error.strerror}"
            self._forgetful_since = self.clock.now() if self._forgetful_since is None else self._forgetful_since
        else:
            self.troubles.pop("disk", None)
            self._forgetful_since = None

    def tell(self) -> None:
        """Say how things stand; in memory, so a full disk does not silence it."""
        with contextlib.suppress(OSError):
            disk.write(os.path.join(self.settings.run, disk.STATUS), status(self), durable=False)


def notify(message: str) -> None:
    """Tell systemd (sd_notify(3)); nothing without it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
            unix.sendto(message.encode(), "\0" + address[1:] if address.startswith("@") else address)


def settings_in(path: str) -> Settings:
    """Raises ValueError with the file's name."""
    try:
        with open(path, encoding="utf-8") as file:
            return parse(file.read())
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def main(arguments: List[str]) -> int:
    """Guard until told to stop; `--check FILE` only says whether the settings can be used."""
    logging.basicConfig(format="%(message)s")
    checking = arguments[:1] == ["--check"]
    try:
        settings = settings_in(arguments[-1] if arguments else "")
    except ValueError as error:
        LOG.error("%s", error)
        return 2
    if checking:
        return 0
    ending: List[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: ending.append(got))
    guard = Guard(settings)
    notify("READY=1")
    while not ending:
        guard.look()
        notify("WATCHDOG=1")
        time.sleep(LOOK_SECONDS)
    guard.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
