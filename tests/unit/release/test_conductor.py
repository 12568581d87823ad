"""A release followed to its end, by a clock of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from release_fakes import FakeEdge, FakeStore

from orchestrator.delivery import Environment
from orchestrator.delivery.policy import Mode, ReleasePolicy, Step
from orchestrator.errors import ExitCode, ReleaseError
from orchestrator.records.entities import ReleaseState, now
from orchestrator.release import journal
from orchestrator.release.conductor import Conductor, Look
from orchestrator.release.controller import Controller
from orchestrator.release.people import People

STEPS = tuple(
    Step(weight=weight, soak_minutes=5, requests=100, users=3, longest_minutes=30) for weight in (10, 50, 100)
)


def guard(verdict: str, requests: int = 500) -> dict[str, Any]:
    opinion = {"verdict": verdict, "reason": f"the test says {verdict}", "harm_odds": {"failed": 1.0}, "ok_odds": {}}
    return {
        "mode": "act",
        "candidate": "1.1.0",
        "held": {},
        "opinion": opinion,
        "step": {"candidate": {"requests": requests, "users": 9}},
    }


Make = Callable[[Mode], "World"]


class World:
    """1.0.0 serves, 1.1.0 is staged; sleeping moves the clock, and lets `meanwhile` happen."""

    def __init__(self, environment: Environment, mode: Mode) -> None:
        self.edge, self.store = FakeEdge(), FakeStore()
        self.controller = Controller(environment, self.store, self.edge.carry_out, "alice")
        policy = ReleasePolicy(mode=mode, steps=STEPS)
        self.passed = timedelta()
        self.conductor = Conductor(self.controller, policy, self.now, self.sleep)
        self.people = People(self.controller, self.store, "alice", bad_feedback=2)
        self.meanwhile: Callable[[], None] = lambda: None
        self.looks: list[Look] = []
        self.controller.start("1.0.0")
        self.controller.start("1.1.0")

    def now(self) -> datetime:
        return now() + self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += timedelta(seconds=seconds)
        self.meanwhile()

    def follow(self) -> Any:
        return self.conductor.follow(self.looks.append)

    @property
    def state(self) -> tuple[ReleaseState, int]:
        newest = self.store.list_releases("demo-test")[0]
        return newest.state, newest.weight


@pytest.fixture
def make(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Make:
    def world(mode: Mode) -> World:
        made = World(environment, mode)
        # What is written down carries the time of the world it happens in.
        monkeypatch.setattr(journal, "now", made.now)
        return made

    return world


@pytest.fixture
def auto(make: Make) -> World:
    return make(Mode.AUTO)


def test_in_auto_mode_good_evidence_takes_it_to_promotion(auto: World) -> None:
    auto.edge.guard = {"edge1": guard("OK")}
    verdict = auto.follow()
    assert verdict.exit_code is ExitCode.DONE
    assert auto.state == (ReleaseState.PROMOTED, 100)
    assert auto.edge.served() == {"1.1.0": 100}
    weights = [variables.get("weight") for phase, variables in auto.edge.calls if phase == "release"]
    assert weights == [0, 0, 10, 50, 100, None]
    assert auto.passed >= timedelta(minutes=15), "each step soaked"


def test_each_step_waits_for_its_own_soak(auto: World) -> None:
    auto.edge.guard = {"edge1": guard("OK")}
    soaked: dict[int, float] = {}
    auto.conductor.follow(lambda look: soaked.update({look.step.weight: look.minutes} if look.step else {}))
    assert all(5 <= minutes < 6 for minutes in soaked.values()), soaked


def test_harm_takes_it_back_at_once(auto: World) -> None:
    auto.edge.guard = {"edge1": guard("OK")}

    def harm() -> None:
        auto.edge.guard = {"edge1": guard("HARM")}

    auto.meanwhile = harm
    auto.follow()
    assert auto.state == (ReleaseState.ROLLED_BACK, 0)
    assert auto.edge.served() == {"1.0.0": 100}
    assert "the test says HARM" in (auto.store.steps[-2].reason or "")


def test_what_the_guard_took_back_itself_is_taken_into_the_record(auto: World) -> None:
    auto.edge.guard = {"edge1": guard("OK")}

    def guard_acts() -> None:
        auto.edge.candidate, auto.edge.weight = None, 0
        auto.edge.guard = {"edge1": took_back("340 : 1")}

    auto.meanwhile = guard_acts
    verdict = auto.follow()
    assert auto.state == (ReleaseState.ROLLED_BACK, 0)
    assert verdict.exit_code is ExitCode.TAKEN_BACK
    assert "the guard on edge1 took it back: 340 : 1" in verdict.said
    (evidence,) = auto.store.evidence
    assert (evidence.kind, evidence.verdict, evidence.summary) == ("guard", "HARM", "edge1: 340 : 1")
    assert json.loads(evidence.content or "")["opinion"] == "all of it"


def took_back(reason: str) -> dict[str, Any]:
    known = {"version": "1.1.0", "reason": reason, "opinion": "all of it"}
    return {**guard("OK"), "candidate": "", "opinion": None, "held": {"1.1.0": {"reason": reason}}, "taken_back": known}


def test_hosts_that_the_guard_left_behind_are_given_back(auto: World) -> None:
    def guard_goes_back() -> None:
        auto.edge.candidate, auto.edge.weight, auto.edge.waiting = None, 0, ["app1"]

    auto.edge.guard = {"edge1": guard("INCONCLUSIVE", requests=3)}
    auto.meanwhile = guard_goes_back
    verdict = auto.follow()
    assert verdict.exit_code is ExitCode.TAKEN_BACK
    assert verdict.said == "1.1.0 was taken back: the edge does not have it any more; every host runs 1.0.0"
    assert "release_settle" in [phase for phase, _ in auto.edge.calls]
    assert auto.edge.waiting == []


def test_when_one_edge_has_taken_it_back_it_goes_back_on_all(auto: World) -> None:
    auto.edge.guard = {"edge1": guard("OK"), "edge2": guard("OK")}

    def one_edge_acts() -> None:
        auto.edge.guard = {"edge1": took_back("340 : 1"), "edge2": guard("OK")}
        auto.edge.fault = "edges differ"

    auto.meanwhile = one_edge_acts
    verdict = auto.follow()
    assert auto.edge.calls[-1][0] == "rollback"
    assert auto.edge.served() == {"1.0.0": 100}
    assert (auto.state, verdict.exit_code) == ((ReleaseState.ROLLED_BACK, 0), ExitCode.TAKEN_BACK)
    assert any("edge1 holds it back: 340 : 1" in (step.reason or "") for step in auto.store.steps)


def test_edges_that_differ_for_another_reason_take_nothing_back(auto: World) -> None:
    auto.edge.guard = {"edge1": guard("OK")}

    def differ() -> None:
        auto.edge.fault = "edges differ"

    auto.meanwhile = differ
    with pytest.raises(ReleaseError):
        auto.follow()
    assert auto.state[0].is_open


def test_guards_that_were_provisioned_for_another_mode_are_told(make: Make) -> None:
    world = make(Mode.OBSERVE)
    world.edge.guard = {"edge1": {**guard("OK"), "troubles": {"gaps": "lines were lost once"}}}
    word = world.conductor.look().word
    assert word is not None
    assert word.troubles[0] == "edge1: lines were lost once"
    assert "the guards act, and delivery.yml says observe" in word.troubles[1]


def test_while_a_guard_is_silent_auto_mode_widens_nothing(auto: World) -> None:
    auto.edge.guard = {"edge1": guard("OK"), "edge2": {**guard("OK"), "silent": "it has been silent for 40 s"}}
    verdict = auto.follow()
    assert "nobody judges on edge2: it has been silent for 40 s: a person decides" in verdict.said
    assert auto.state == (ReleaseState.WIDENING, 10)


def test_following_renews_the_lease_and_looking_does_not(auto: World) -> None:
    auto.edge.guard = {"edge1": guard("OK")}
    auto.conductor.look()
    assert auto.edge.calls[-1] == ("release_status", {})
    auto.follow()
    assert ("release_status", {"renew_lease": True}) in auto.edge.calls


def test_evidence_that_settles_nothing_holds_and_asks_at_the_longest_soak(auto: World) -> None:
    auto.edge.guard = {"edge1": guard("INCONCLUSIVE")}
    verdict = auto.follow()
    assert "waits for a person: 30 min are over" in verdict.said
    assert auto.state == (ReleaseState.WIDENING, 10)
    assert timedelta(minutes=30) <= auto.passed < timedelta(minutes=32)


def test_without_a_guard_nothing_goes_on_by_itself(auto: World) -> None:
    verdict = auto.follow()
    assert "no guard judges" in verdict.said
    assert auto.state == (ReleaseState.WIDENING, 10)


def test_in_gated_mode_each_step_is_approved(make: Make) -> None:
    world = make(Mode.GATED)
    world.edge.guard = {"edge1": guard("OK")}
    assert "approve" in world.follow().said
    assert world.state == (ReleaseState.STAGED, 0)
    for weight in (10, 50, 100):
        world.conductor.approve(None)
        assert world.state == (ReleaseState.WIDENING, weight)
        assert "waits for a person: good enough" in world.follow().said
    world.conductor.approve("the client agrees")
    assert world.state == (ReleaseState.PROMOTED, 100)


def test_a_gate_is_watched_while_it_waits(make: Make) -> None:
    world = make(Mode.GATED)
    world.conductor.approve(None)
    world.edge.guard = {"edge1": guard("HARM")}
    with pytest.raises(ReleaseError, match="the guard says harm"):
        world.conductor.approve(None)
    world.follow()
    assert world.state == (ReleaseState.ROLLED_BACK, 0)


def test_a_held_release_waits_and_goes_on_after_resume(auto: World) -> None:
    auto.controller.widen(10)
    auto.people.hold("lunch")
    assert auto.state == (ReleaseState.HELD, 10)
    auto.edge.guard = {"edge1": guard("OK")}
    looks: list[Look] = []

    class EnoughError(Exception):
        pass

    def tell(look: Look) -> None:
        looks.append(look)
        if len(looks) == 40:
            raise EnoughError

    with pytest.raises(EnoughError):
        auto.conductor.follow(tell)
    assert "on hold: lunch (alice)" in looks[-1].advice.why
    auto.people.resume(None)
    auto.follow()
    assert auto.state == (ReleaseState.PROMOTED, 100)


def test_a_network_that_is_away_for_a_while_does_not_end_it(auto: World) -> None:
    auto.edge.guard = {"edge1": guard("OK")}
    auto.edge.fault, auto.edge.then = "unreachable", "locked"
    auto.follow()
    assert auto.state == (ReleaseState.PROMOTED, 100)


def test_enough_bad_verdicts_hold_it_and_move_nobody(auto: World) -> None:
    auto.controller.widen(10)
    served = auto.edge.served()
    auto.people.feedback("dr-house", "good", "fine")
    auto.people.feedback("nurse", "bad", "cannot print")
    assert auto.state == (ReleaseState.WIDENING, 10)
    auto.people.feedback("client", "bad", "the list is empty")
    assert auto.state == (ReleaseState.HELD, 10)
    assert auto.edge.served() == served
    assert [one.summary for one in auto.store.evidence][-1] == "client: the list is empty"


def test_a_failed_start_is_tried_again_and_a_void_version_is_not(make: Make) -> None:
    world = make(Mode.AUTO)
    world.controller.abort()
    world.people.retry("the disk was full")
    assert world.state == (ReleaseState.STAGED, 0)
    world.controller.rollback("bad")
    with pytest.raises(ReleaseError, match="nothing to try again"):
        world.people.retry(None)


def test_who_is_asked_of_the_edge(auto: World) -> None:
    auto.edge.who = {"colour": "green", "version": "1.1.0", "by": "pilot", "bucket": "07", "why": "she is a pilot"}
    assert auto.people.who("nurse", "").version == "1.1.0"
    assert auto.edge.calls[-1] == ("release_status", {"who": "nurse", "department": ""})


def test_a_release_that_its_hosts_do_not_carry_waits_for_a_person(make: Make) -> None:
    world = make(Mode.AUTO)
    world.edge.guard = {"edge1": guard("OK")}
    world.edge.carried = 60
    verdict = world.follow()
    assert world.state == (ReleaseState.WIDENING, 50)
    assert "waits for a person" in verdict.said
    assert "carry 60 %" in verdict.said
