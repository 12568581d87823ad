"""Whatever is typed and whatever breaks: never a state in which users are on a version nobody recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from release_fakes import FakeEdge, FakeStore, KilledError
from release_site import make_environment

from orchestrator.errors import LifecycleError
from orchestrator.records.entities import ReleaseState
from orchestrator.release.controller import Controller
from orchestrator.release.people import People

FAULTS = (
    "failed before",
    "failed after",
    "failed before, told",
    "failed after, told",
    "unreachable",
    "canceled",
    "edges differ",
    "one edge away",
    "killed before",
    "killed after",
    "locked",
)
faults = st.one_of(st.none(), st.none(), st.sampled_from(FAULTS))
versions = st.sampled_from(("1.0.0", "1.1.0", "1.2.0"))


class Releases(RuleBasedStateMachine):
    """Commands in any order, each with something that may go wrong in its first run."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        environment = make_environment(Path(self.directory.name))
        self.edge, self.store = FakeEdge(), FakeStore()
        self.controller = Controller(environment, self.store, self.edge.carry_out, "alice")
        self.people = People(self.controller, self.store, "alice", bad_feedback=2)

    def teardown(self) -> None:
        self.directory.cleanup()

    def attempt(self, fault: str | None, command: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        self.edge.fault = fault
        before, calls = self.edge.served(), len(self.edge.calls)
        try:
            command(*arguments, **options)
        except LifecycleError:
            touched = any(phase != "release_status" for phase, _ in self.edge.calls[calls:])
            refused = not touched or self.edge.refused is not None
            assert fault == "locked" or refused, "a refusal came after hosts were touched"
            assert self.edge.served() == before
        except KilledError:
            pass
        self.edge.fault = None

    @rule(version=versions)
    def start_and_die_in_the_records(self, version: str) -> None:
        self.store.killed = True
        self.attempt(None, self.controller.start, version)
        self.store.killed = False

    @rule(fault=faults, version=versions, weight=st.one_of(st.none(), st.integers(1, 100)), again=st.booleans())
    def start(self, fault: str | None, version: str, weight: int | None, again: bool) -> None:
        void = any(r.version == version and r.state is ReleaseState.ROLLED_BACK for r in self.store.releases.values())
        count = len(self.store.releases)
        reason = "tried again" if again else None
        self.attempt(fault, self.controller.start, version, weight=weight, again=again, reason=reason)
        assert again or not void or len(self.store.releases) == count, "a void version was started"

    @rule(fault=faults, weight=st.one_of(st.none(), st.integers(1, 100)))
    def widen(self, fault: str | None, weight: int | None) -> None:
        candidate, had = self.edge.candidate, self.edge.weight
        self.attempt(fault, self.controller.widen, weight)
        if candidate and self.edge.candidate == candidate:
            assert self.edge.weight >= had, "a step took users back"

    @rule(fault=faults)
    def promote(self, fault: str | None) -> None:
        self.attempt(fault, self.controller.promote)

    @rule(fault=faults)
    def abort(self, fault: str | None) -> None:
        self.attempt(fault, self.controller.abort)

    @rule()
    def the_slot_of_the_version_before_stops(self) -> None:
        """A host restarted, or somebody stopped it by hand."""
        self.edge.stopped = self.edge.previous is not None

    @rule(carried=st.sampled_from((0, 40, 100)))
    def hosts_come_and_go(self, carried: int) -> None:
        self.edge.carried = carried

    @rule(fault=faults, at_once=st.booleans())
    def close(self, fault: str | None, at_once: bool) -> None:
        served = self.edge.served()
        self.attempt(fault, self.controller.close, at_once=at_once)
        assert self.edge.served() == served, "closing a window moves nobody"

    @rule(fault=faults, start_slot=st.booleans())
    def rollback(self, fault: str | None, start_slot: bool) -> None:
        stable, stopped = self.edge.stable, self.edge.stopped
        self.attempt(fault, self.controller.rollback, start_slot=start_slot)
        assert start_slot or not stopped or stable == self.edge.stable, "users went to a slot that is stopped"
        if stable and stable != self.edge.stable:
            mine = [r for r in self.store.releases.values() if r.version == stable["version"]]
            assert any(r.state is ReleaseState.ROLLED_BACK or self.controller.journal.unconfirmed(r) for r in mine), (
                "another version than the one on record was taken back"
            )

    @rule(fault=faults)
    def hold(self, fault: str | None) -> None:
        served = self.edge.served()
        self.attempt(fault, self.people.hold, "wait")
        assert self.edge.served() == served, "a hold moves nobody"

    @rule(fault=faults)
    def resume(self, fault: str | None) -> None:
        served = self.edge.served()
        self.attempt(fault, self.people.resume, None)
        assert self.edge.served() == served, "going on moves nobody by itself"

    @rule(verdict=st.sampled_from(("good", "bad")))
    def feedback(self, verdict: str) -> None:
        served = self.edge.served()
        self.attempt(None, self.people.feedback, "dr-house", verdict, "slow")
        assert self.edge.served() == served, "a verdict moves nobody"

    @rule(version=versions, weight=st.integers(0, 100), promote=st.booleans())
    def release_by_hand(self, version: str, weight: int, promote: bool) -> None:
        """Somebody runs the playbook without the orchestrator, and somebody looks afterwards."""
        self.edge.carry_out("release", {"candidate": version, "weight": weight, "promote": promote})
        self.look()

    @rule(version=versions)
    def roll_back_by_hand(self, version: str) -> None:
        self.edge.carry_out("rollback", {"take_back": version})
        self.look()

    @rule()
    def look(self) -> None:
        """Asking the edge settles every doubt."""
        self.controller.status(live=True)
        situation = self.controller.status().situation
        if situation.release:
            assert situation.unconfirmed is None

    @invariant()
    def at_most_one_release_is_open(self) -> None:
        assert sum(release.state.is_open for release in self.store.releases.values()) <= 1

    @invariant()
    def what_the_record_is_sure_of_is_true(self) -> None:
        situation = self.controller.status().situation
        release = situation.release
        if release is None or situation.unconfirmed:
            return
        share = self.edge.served().get(release.version, 0)
        if any(r.version == release.version and r is not release for r in self.store.releases.values()):
            return  # the version came to the users by another release, too
        if release.state.is_open:
            assert self.edge.candidate
            assert self.edge.candidate["version"] == release.version
        assert share == (release.weight if release.state.is_open or release.state is ReleaseState.PROMOTED else 0)

    @invariant()
    def users_are_never_on_a_version_nobody_recorded(self) -> None:
        for version in self.edge.served():
            mine = [release for release in self.store.releases.values() if release.version == version]
            assert any(
                release.state.is_open
                or release.state is ReleaseState.PROMOTED
                or self.controller.journal.unconfirmed(release)
                for release in mine
            ), f"{version} serves users and the record does not know"

    @invariant()
    def somebody_serves_all_users(self) -> None:
        shares = self.edge.served()
        assert not shares or sum(shares.values()) == 100


TestReleases = Releases.TestCase
TestReleases.settings = settings(stateful_step_count=25)
