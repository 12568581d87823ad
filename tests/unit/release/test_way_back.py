"""What is left of the version before, after a promotion: a window, a stopped slot, or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from release_fakes import FakeEdge, FakeStore, KilledError

from orchestrator.delivery import Environment
from orchestrator.errors import ExitCode, ReleaseError
from orchestrator.records.entities import ReleaseState, now
from orchestrator.release.controller import Controller


class Site:
    """1.1.0 was promoted over 1.0.0."""

    def __init__(self, environment: Environment, minutes_ago: float = 0) -> None:
        self.edge, self.store = FakeEdge(), FakeStore()
        self.controller = Controller(environment, self.store, self.edge.carry_out, "alice")
        self.controller.start("1.0.0")
        self.controller.start("1.1.0", weight=100)
        self.edge.flipped_at = (now() - timedelta(minutes=minutes_ago)).isoformat()
        self.controller.promote()

    def commands(self) -> tuple[str, ...]:
        return self.controller.status().situation.commands


@pytest.fixture
def site(environment: Environment) -> Site:
    return Site(environment)


def test_a_first_version_is_not_offered_a_rollback(environment: Environment) -> None:
    controller = Controller(environment, FakeStore(), FakeEdge().carry_out, "alice")
    controller.start("1.0.0")
    assert controller.status().situation.commands == ()


def test_the_window_is_told_and_going_back_inside_it_is_one_call(site: Site) -> None:
    until = site.controller.status().situation.window_until
    assert until is not None
    assert timedelta(minutes=1439) < until - now() < timedelta(minutes=1441)
    calls = len(site.edge.calls)
    assert site.controller.rollback().exit_code is ExitCode.DONE
    assert site.edge.calls[calls:] == [("rollback", {"take_back": "1.1.0"})]


def test_a_window_that_is_open_is_not_closed_without_a_word(site: Site) -> None:
    calls = len(site.edge.calls)
    with pytest.raises(ReleaseError, match=r"1\.0\.0 is kept warm until") as caught:
        site.controller.close()
    assert "--now" in caught.value.remedy
    assert len(site.edge.calls) == calls, "no host was touched"
    assert site.controller.close(at_once=True).exit_code is ExitCode.DONE
    assert site.edge.stopped


def test_a_window_that_is_over_is_closed_and_that_is_on_record(environment: Environment) -> None:
    site = Site(environment, minutes_ago=1441)
    ended = site.store.list_releases("demo-test")[0].ended_at
    site.controller.close("the disk is short")
    release = site.store.list_releases("demo-test")[0]
    assert (release.state, release.ended_at) == (ReleaseState.PROMOTED, ended)
    last = site.store.list_release_steps(release.id)[-1]
    assert (last.action, last.data["edge"]["closed"]) == ("close", True)
    assert site.commands() == ("rollback",)


def test_what_only_older_versions_need_is_removed_on_a_word_alone(site: Site, environment: Environment) -> None:
    manifest = environment.manifest_path("1.1.0")
    (manifest.parent / "drop.sql").write_text("DROP TABLE old;")
    manifest.write_text(manifest.read_text() + "database: {contract: [drop.sql]}\n")
    told = site.controller.close(at_once=True)
    assert "contract" not in site.edge.calls[-1][1]
    assert any("`lifecycle release close --contract` runs it" in notice for notice in told.notices)
    site.controller.close(contract=True)
    assert site.edge.calls[-1] == (
        "release_close",
        {"candidate": "1.1.0", "release_manifest": str(manifest), "contract": True},
    )


def test_after_the_window_a_rollback_says_what_it_takes_and_changes_nothing(site: Site) -> None:
    site.controller.close(at_once=True)
    with pytest.raises(ReleaseError, match=r"slot of 1\.0\.0 is stopped on app1") as caught:
        site.controller.rollback()
    assert "--start-slot" in caught.value.remedy
    assert caught.value.exit_code is ExitCode.REFUSED
    assert site.edge.served() == {"1.1.0": 100}
    situation = site.controller.status().situation
    assert situation.unconfirmed is None
    assert situation.release is not None
    assert situation.release.state is ReleaseState.PROMOTED


def test_with_the_slot_started_first_everybody_goes_back(site: Site) -> None:
    site.controller.close(at_once=True)
    verdict = site.controller.rollback(start_slot=True)
    assert "all users have 1.0.0" in verdict.said
    assert site.edge.calls[-1] == ("rollback", {"take_back": "1.1.0", "start_previous": True})
    assert site.commands() == ()


def test_a_host_that_restarted_inside_the_window_is_told_too(site: Site) -> None:
    site.edge.stopped = True
    with pytest.raises(ReleaseError, match="is stopped on app1"):
        site.controller.rollback()
    assert site.edge.served() == {"1.1.0": 100}


def test_what_the_playbook_refuses_to_contract_leaves_the_window_open(site: Site) -> None:
    site.edge.fault = "refused"
    with pytest.raises(ReleaseError, match="db1 runs mariadb; take it out and change that database by its own means"):
        site.controller.close(at_once=True, contract=True)
    assert not site.edge.closed


def test_nothing_is_closed_while_its_slot_is_needed(site: Site) -> None:
    site.controller.start("1.2.0")
    with pytest.raises(ReleaseError, match=r"1\.2\.0 is on its way in the slot of the version before"):
        site.controller.close(at_once=True)
    site.controller.abort()
    with pytest.raises(ReleaseError, match=r"nothing to close: no version before 1\.1\.0 is kept"):
        site.controller.close(at_once=True)


def test_a_killed_close_is_settled_by_the_edge(site: Site) -> None:
    site.edge.fault = "killed after"
    with pytest.raises(KilledError):
        site.controller.close(at_once=True)
    assert site.controller.status().situation.unconfirmed is not None
    site.controller.status(live=True)
    assert site.controller.status().situation.unconfirmed is None
    assert site.commands() == ("rollback",)
