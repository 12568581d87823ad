"""A release is not taken back to a version that cannot live with the database: by nobody, and not unasked."""

from __future__ import annotations

import pytest
from release_fakes import FakeEdge, FakeStore

from orchestrator.delivery import Environment
from orchestrator.errors import ExitCode, ReleaseError
from orchestrator.records.entities import ReleaseState
from orchestrator.release.controller import Controller

UNSAFE = "1.0.0 cannot live with the database: the oldest version that can is 1.1.0 (releases/1.1.0.yml:7)"


class Site:
    """1.0.0 serves, and nobody could go back to it from 1.1.0."""

    def __init__(self, environment: Environment) -> None:
        self.edge = FakeEdge()
        self.store = FakeStore()
        self.controller = Controller(environment, self.store, self.edge.carry_out, "alice")  # type: ignore[arg-type]
        self.controller.start("1.0.0")
        self.edge.unsafe = UNSAFE

    def stands(self) -> tuple[ReleaseState, int]:
        newest = self.store.list_releases("demo-test")[0]
        return newest.state, newest.weight

    def phases(self) -> list[str]:
        return [phase for phase, _ in self.edge.calls]


@pytest.fixture
def site(environment: Environment) -> Site:
    return Site(environment)


@pytest.mark.parametrize("command", ["rollback", "abort"])
def test_taking_back_is_refused_before_anything_is_done(site: Site, command: str) -> None:
    site.controller.start("1.1.0", weight=10)
    before = site.phases()
    with pytest.raises(ReleaseError, match=r"1\.1\.0 is not taken back: 1\.0\.0 cannot live.*1\.1\.0\.yml:7") as caught:
        getattr(site.controller, command)()
    assert "--accept-unsafe REASON" in caught.value.remedy
    assert site.phases() == before
    assert site.stands() == (ReleaseState.WIDENING, 10)


@pytest.mark.parametrize("command", ["rollback", "abort"])
def test_a_person_may_accept_it_and_is_put_on_record(site: Site, command: str) -> None:
    site.controller.start("1.1.0", weight=10)
    assert getattr(site.controller, command)("fire", accept_unsafe="read only tonight").exit_code is ExitCode.DONE
    assert site.edge.calls[-1][1]["accept_unsafe"] == "read only tonight"
    assert any(step.reason == "fire; unsafe, accepted: read only tonight" for step in site.store.steps)
    assert site.edge.served() == {"1.0.0": 100}


def test_a_version_that_nobody_has_is_taken_back_freely(site: Site) -> None:
    site.controller.start("1.1.0")
    assert site.controller.rollback().exit_code is ExitCode.DONE


def test_a_promoted_version_is_not_taken_back_either(site: Site) -> None:
    site.controller.start("1.1.0", weight=100)
    site.controller.promote()
    with pytest.raises(ReleaseError, match=r"1\.1\.0 is not taken back"):
        site.controller.rollback()


@pytest.mark.parametrize("weight", [0, 10])
def test_a_step_that_fails_is_held_where_going_back_is_unsafe(site: Site, weight: int) -> None:
    site.controller.start("1.1.0", weight=weight or None)
    site.edge.fault = "failed after"
    verdict = site.controller.widen()
    assert verdict.exit_code is ExitCode.HOST_FAILED
    assert "NOT taken back: 1.0.0 cannot live with the database" in verdict.said
    assert site.stands()[0] is ReleaseState.HELD
    assert site.edge.candidate is not None


def test_what_the_record_does_not_know_the_edge_refuses(site: Site) -> None:
    site.edge.unsafe = ""
    site.controller.start("1.1.0", weight=10)
    site.edge.unsafe = UNSAFE
    verdict = site.controller.rollback()
    assert verdict.said == f"1.1.0 is held, and NOT taken back: {UNSAFE}"
    assert verdict.exit_code is ExitCode.HOST_FAILED
    assert site.stands() == (ReleaseState.HELD, 10)


def test_harm_holds_a_version_where_going_back_is_unsafe(site: Site) -> None:
    site.controller.start("1.1.0", weight=10)
    verdict = site.controller.harm("the guard: too many failures")
    assert (verdict.exit_code, site.stands()) == (ExitCode.REFUSED, (ReleaseState.HELD, 10))
    assert "rollback" not in site.phases()
    assert site.store.steps[-1].reason == f"the guard: too many failures; not taken back: {UNSAFE}"


def test_a_start_that_was_accepted_is_on_record_with_its_reason(site: Site) -> None:
    site.controller.start("1.1.0", accept_unsafe="nobody works on Sundays")
    assert site.edge.calls[-1][1]["accept_unsafe"] == "nobody works on Sundays"
    assert site.store.list_releases("demo-test")[0].reason == "unsafe, accepted: nobody works on Sundays"
