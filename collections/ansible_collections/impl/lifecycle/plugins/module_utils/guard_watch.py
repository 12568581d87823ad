# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the guard makes of what it sees: which versions stand side by side, what is normal, whether one does harm.

Touches no file and asks no clock. Times: `now` is the guard's own clock, `wall` what log lines are written in.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Deque, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.counts import Arm, Tick
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_baseline import Baseline, Taus
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_count import CANDIDATE, STABLE, Arms, Counter, Step
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_log import Entry
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_settings import TICK_SECONDS, Settings
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_window import Window
from ansible_collections.impl.lifecycle.plugins.module_utils.harm import Policy
from ansible_collections.impl.lifecycle.plugins.module_utils.judge import Judge
from ansible_collections.impl.lifecycle.plugins.module_utils.routing import Placed, State

SCHEMA = 1
KNOWN_ROUTES = 24
# A process that has just been started compiles, fills caches and opens connections: how long its answers take in the
# first minute with users says nothing about the next. When to begin does not depend on what is seen, so the evidence
# stays valid; failures count from the first request on.
WARMING_SECONDS = 60
# How often what is normal is worked out anew while no candidate is there.
TAUS_SECONDS = 60
# Failover is active when most of the candidate's requests of the last ten seconds were answered by somebody else.
RECENT_TICKS = 10 // TICK_SECONDS
FAILOVERS = 5


class Harm(NamedTuple):
    """A version that users should leave, and why."""

    version: str
    reason: str


class Watch:
    """One application on one edge."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.counter = Counter()
        self.baseline: Optional[Baseline] = None
        self.judge: Optional[Judge] = None
        self.window: Optional[Window] = None
        self.note = ""
        self.stable, self.candidate = "", ""  # versions
        self.moved = ""  # the routing set the step's counts belong to
        self._policy: Optional[Policy] = None
        self._since = self._step_since = 0.0  # wall: when these versions, and this share of users, came into force
        self._taus_at = self._judged_since = 0.0
        self._arms: Dict[str, List[List[int]]] = {}
        self._recent: Deque[Tuple[int, int]] = deque(maxlen=RECENT_TICKS)

    def follow(self, state: State, set_id: str, flipped: float, now: float, wall: float) -> bool:
        """Take the routing set in force since `flipped` (wall). Returns whether it is another one than before."""
        if state.stable is None or set_id == self.moved:
            return False
        candidate = state.candidate.version if state.candidate else ""
        old_taus: Taus = {}
        if self.baseline is None or self.baseline.version != state.stable.version:
            old_taus = self._begin_stable(state, state.stable, now, max(0.0, wall - flipped))
        if (state.stable.version, candidate) != (self.stable, self.candidate):
            self.stable, self.candidate, self._since = state.stable.version, candidate, flipped
            self._begin_pair(state, state.stable, old_taus)
        if state.closed:
            self.window = None  # the slot of the version before is stopped: there is no way back to watch over
        self.moved, self._step_since, self.counter.step = set_id, flipped, Step()
        self._recent.clear()
        self._keep_judge(state, now)
        if self.counter.at is None:
            self.counter.open(int(now))
        return True

    def _begin_stable(self, state: State, stable: Placed, now: float, age: float) -> Taus:
        """Another stable version. One promoted over the version known so far is measured against that one's figures."""
        before, self.window, taus = self.baseline, None, {}
        until = now + self.settings.window_minutes * 60 - age
        promoted = before is not None and state.previous is not None and state.previous.version == before.version
        if before is not None and promoted and until > now:
            self.window = Window(stable.version, before.version, before.envelope(), now, until)
            taus = dict(before.taus())
        self.baseline = Baseline(stable.version, now)
        return taus

    def _begin_pair(self, state: State, stable: Placed, old_taus: Taus) -> None:
        if self.baseline is None:
            raise AssertionError("called out of order")
        self.judge, self._policy, self.note = None, None, ""
        sides = {stable.colour: STABLE}
        if state.candidate is not None:
            sides[state.candidate.colour] = CANDIDATE
            self.window = None
            self.baseline.freeze()
        else:
            self.baseline.thaw()
        busiest = self.baseline.busiest(KNOWN_ROUTES)
        self.counter.begin(sides, old_taus or self.baseline.taus(), busiest)

    def _keep_judge(self, state: State, now: float) -> None:
        """A judge for as long as users are on the candidate; a new one when somebody changed what counts as harm."""
        if state.candidate is None or self.baseline is None:
            return
        if not (state.users.buckets or state.users.pilots or state.users.departments):
            return
        wanted = (self.settings.alpha, self.settings.margin)
        if self._policy is not None:
            if (self._policy.alpha, self._policy.margin) == wanted:
                return
            self.note = "the policy was changed during the release: the evidence begins anew"
        else:
            self._judged_since = now
        # Of the first users alone: a policy cannot change under evidence that was gathered by it.
        cohort = {int(bucket) for bucket in state.users.buckets}
        self._policy = Policy(wanted[0], wanted[1], pre_rate=self.baseline.pre_rates(cohort))
        self.judge = Judge(self._policy)

    def clock_set(self, by: float) -> None:
        """Somebody set the wall clock: from here on lines are written in another time."""
        self._since, self._step_since = self._since + by, self._step_since + by

    def add(self, entry: Entry) -> None:
        """Count a line, unless its slot was chosen before these versions stood side by side."""
        if entry.began < self._since or not self.stable:
            return
        counted = self.counter.add(entry, entry.began >= self._step_since)
        stable = counted and self.counter.sides[entry.colour] == STABLE
        if stable and entry.answered and entry.seconds is not None and not self.candidate and self.baseline:
            self.baseline.measure(entry.route, entry.seconds)

    def tick(self, now: float) -> None:
        """Close the tick under way, weigh it, and open the next one."""
        counter, baseline = self.counter, self.baseline
        if counter.at is None or baseline is None:
            return
        buckets = counter.buckets
        at, arms = counter.close()
        self._keep(arms)
        own = {route: pair[STABLE] for route, pair in arms.items()}
        if self.judge is not None:
            self.judge.add(_tick(at, arms, counter.crowd.size, latency=now - self._judged_since >= WARMING_SECONDS))
        if self.window is not None:
            self.window.add(at, own, self.settings.margin)
            if now >= self.window.until:
                self.window = None
        baseline.absorb(own, buckets, bool(self.candidate))
        baseline.age(now)
        step = counter.step
        self._recent.append((step.requests[CANDIDATE], step.failovers[CANDIDATE]))
        if not self.candidate and self.window is None and now - self._taus_at >= TAUS_SECONDS:
            self._taus_at, counter.taus = now, baseline.taus()
        # Never the same tick twice: the judge would take the second for one it knows.
        counter.open(max(int(now), at + 1))

    def _keep(self, arms: Arms) -> None:
        for route, pair in arms.items():
            kept = self._arms.setdefault(route, [[0] * len(side) for side in pair])
            for total, more in zip(kept, pair):  # noqa: B905 - strict= needs Python 3.10
                total[:] = [one + two for one, two in zip(total, more)]  # noqa: B905 - the same

    def taken_arms(self) -> Dict[str, List[List[int]]]:
        """The counts since this was last asked: route -> stable and candidate, to be kept on disk."""
        arms, self._arms = self._arms, {}
        return arms

    def harm(self) -> Optional[Harm]:
        """The version that users should leave now, if there is one."""
        if self.judge is not None and self.judge.harmful:
            return Harm(self.candidate, self.judge.opinion().reason)
        failover = self._failover()
        if self.candidate and failover:
            return Harm(self.candidate, failover)
        reason = self.window.harm(self.settings.alpha) if self.window is not None else ""
        return Harm(self.stable, reason) if reason else None

    def _failover(self) -> str:
        if not self._recent:
            return ""
        step, oldest = self.counter.step, self._recent[0]
        whole = len(self._recent) < RECENT_TICKS
        requests = step.requests[CANDIDATE] - (0 if whole else oldest[0])
        failovers = step.failovers[CANDIDATE] - (0 if whole else oldest[1])
        if failovers < FAILOVERS or failovers * 2 < requests:
            return ""
        return (
            f"failover is active: {failovers} of the candidate's last {requests} requests had to be answered elsewhere"
        )

    def as_data(self) -> Dict[str, Any]:
        """Between two ticks: everything a restart needs to go on as if nothing had happened."""
        return {
            "schema": SCHEMA,
            "counter": self.counter.as_data(),
            "taus": self.counter.taus,
            "baseline": self.baseline.as_data() if self.baseline else None,
            "policy": self._policy.as_data() if self._policy else None,
            "judge": self.judge.as_data() if self.judge else None,
            "window": self.window.as_data() if self.window else None,
            "versions": [self.stable, self.candidate],
            "moved": self.moved,
            "since": [self._since, self._step_since, self._judged_since],
            "note": self.note,
        }

    @classmethod
    def from_data(cls, settings: Settings, data: Mapping[str, Any]) -> "Watch":
        """Raises ValueError for anything that `as_data` did not give."""
        made = cls(settings)
        try:
            made._load(data)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"not the memory of a guard: {error!r}") from error
        return made

    def _load(self, data: Mapping[str, Any]) -> None:
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']} is not the one this version reads ({SCHEMA})")
        taus = {str(k): (float(v[0]), float(v[1]), float(v[2])) for k, v in data["taus"].items()}
        self.counter = Counter.from_data(data["counter"], taus)
        self.baseline = Baseline.from_data(data["baseline"]) if data["baseline"] else None
        if data["policy"]:
            self._policy = Policy.from_data(data["policy"])
            self.judge = Judge.from_data(self._policy, data["judge"]) if data["judge"] else None
        self.window = Window.from_data(data["window"]) if data["window"] else None
        self.stable, self.candidate = (str(version) for version in data["versions"])
        self.moved, self.note = str(data["moved"]), str(data["note"])
        self._since, self._step_since, self._judged_since = (float(moment) for moment in data["since"])

    def resume(self, now: float) -> None:
        """Go on counting after a restart."""
        if self.stable:
            self.counter.open(int(now))


def _tick(at: int, arms: Arms, crowd: float, latency: bool) -> Tick:
    both = {route: (_arm(pair[STABLE], latency), _arm(pair[CANDIDATE], latency)) for route, pair in arms.items()}
    return Tick(at, both, crowd)


def _arm(counts: List[int], latency: bool) -> Arm:
    requests, failed, *slow = counts
    return Arm(requests, failed, (slow[0], slow[1], slow[2]) if latency else (0, 0, 0))
