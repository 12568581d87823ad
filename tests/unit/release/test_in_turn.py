"""Hosts that run one slot at a time: said beforehand, settled afterwards, and no way back that does not exist."""

from __future__ import annotations

import pytest
from release_fakes import FakeEdge, FakeStore

from orchestrator.cli.release_view import screen
from orchestrator.delivery import Environment, load_environment
from orchestrator.errors import ExitCode, ReleaseError
from orchestrator.records.entities import ReleaseState
from orchestrator.release.controller import Controller


class Site:
    """1.0.0 serves; hosts change one after another."""

    def __init__(self, environment: Environment) -> None:
        delivery = environment.path / "delivery.yml"
        delivery.write_text(delivery.read_text().replace("slots: {", "slots_at_once: 1, slots: {"))
        self.edge, self.store = FakeEdge(), FakeStore()
        self.controller = Controller(load_environment(environment.path), self.store, self.edge.carry_out, "alice")
        self.controller.start("1.0.0")

    def taken_back_by_its_guard(self) -> None:
        self.controller.start("1.1.0", weight=10)
        self.edge.candidate, self.edge.weight = None, 0
        self.edge.waiting = ["app1"]

    def last(self) -> tuple[str, ReleaseState]:
        release = self.store.list_releases("demo-test")[0]
        return self.store.list_release_steps(release.id)[-1].action, release.state


@pytest.fixture
def site(environment: Environment) -> Site:
    return Site(environment)


def test_the_start_says_that_going_back_takes_minutes(site: Site, environment: Environment) -> None:
    assert any("takes minutes" in notice for notice in site.controller.start("1.1.0").notices)
    plain = Controller(environment, FakeStore(), FakeEdge().carry_out, "alice")
    assert not any("minutes" in notice for notice in plain.start("1.0.0").notices)


def test_hosts_that_a_guard_left_behind_are_shown_and_settled(site: Site) -> None:
    site.taken_back_by_its_guard()
    situation = site.controller.status(live=True).situation
    assert situation.commands == ("settle",)
    assert any("WAITING    app1 for 1.0.0: `lifecycle release settle`" in line for line in screen(situation))
    told = site.controller.settle()
    assert (told.said, told.exit_code) == ("every host runs 1.0.0", ExitCode.DONE)
    assert site.last() == ("settle", ReleaseState.ROLLED_BACK)
    with pytest.raises(ReleaseError, match="no host is waiting"):
        site.controller.settle()


@pytest.mark.parametrize("fault", ["failed before", "failed before, told", "unreachable"])
def test_hosts_that_did_not_come_back_stay_known(site: Site, fault: str) -> None:
    site.taken_back_by_its_guard()
    site.controller.status(live=True)
    calls = iter((None, fault))

    def carry_out(phase: str, variables: dict[str, object]) -> object:
        site.edge.fault = next(calls, None)
        return site.edge.carry_out(phase, variables)

    site.controller.hands._carry_out = carry_out  # type: ignore[assignment]
    told = site.controller.settle()
    assert told.exit_code in (ExitCode.HOST_FAILED, ExitCode.UNREACHABLE)
    assert "goes on with it" in told.said
    assert site.last() == ("settle", ReleaseState.ROLLED_BACK)
    assert site.controller.settle().exit_code is ExitCode.DONE
    assert site.last() == ("settle", ReleaseState.ROLLED_BACK), "what the release came to stays"


def test_a_version_that_has_no_host_any_more_is_no_way_back(site: Site) -> None:
    site.controller.start("1.1.0", weight=100)
    site.edge.closed = True
    site.controller.promote()
    situation = site.controller.status(live=True).situation
    assert "rollback" not in situation.commands
    calls = len(site.edge.calls)
    with pytest.raises(ReleaseError, match=r"no host runs 1\.0\.0 any more") as caught:
        site.controller.rollback(start_slot=True)
    assert caught.value.remedy == "`lifecycle release start 1.0.0` brings it in host by host"
    assert len(site.edge.calls) == calls, "no host was touched"
