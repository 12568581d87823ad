"""What each release command does, when things go well and when they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from release_fakes import FakeEdge, FakeFailure, FakeStore, KilledError

from orchestrator.delivery import Environment
from orchestrator.errors import DeliveryError, ExitCode, LockedError, ReleaseError
from orchestrator.records import open_store
from orchestrator.records.entities import ReleaseState, Status
from orchestrator.release.controller import Controller
from orchestrator.release.people import People
from orchestrator.release.situation import Verdict, why

S = ReleaseState


class Site:
    """A controller, its records and the edge it talks to."""

    def __init__(self, environment: Environment, store: object) -> None:
        self.environment = environment
        self.edge = FakeEdge()
        self.store = store
        self.controller = Controller(environment, store, self.edge.carry_out, "alice")  # type: ignore[arg-type]

    @property
    def newest(self):  # type: ignore[no-untyped-def]
        return self.store.list_releases("demo-test")[0]  # type: ignore[attr-defined]

    def stands(self) -> tuple[ReleaseState, int]:
        return self.newest.state, self.newest.weight

    def phases(self) -> list[str]:
        return [phase for phase, _ in self.edge.calls]


@pytest.fixture(params=["memory", "sqlite"])
def site(request: pytest.FixtureRequest, environment: Environment, tmp_path: Path) -> Site:
    store = FakeStore() if request.param == "memory" else open_store(f"sqlite:///{tmp_path / 'records.db'}")
    return Site(environment, _with_runs(store))


def _with_runs(store: object) -> object:
    """Release steps point at runs: let the fake edge's run ids exist."""
    if not isinstance(store, FakeStore):
        from orchestrator.records.entities import Actor, NewRun

        for _ in range(30):
            store.begin_run(NewRun("demo-test", "/x", ("release",), Actor("alice", "here", 1, "1")))  # type: ignore[attr-defined]
    return store


@pytest.fixture
def second(site: Site) -> Site:
    """1.0.0 serves; 1.1.0 may begin."""
    site.controller.start("1.0.0")
    return site


def go(site: Site, version: str = "1.1.0", weight: int | None = None) -> Verdict:
    return site.controller.start(version, weight=weight)


def test_the_first_version_serves_everybody_at_once(site: Site) -> None:
    verdict = go(site, "1.0.0")
    assert verdict.exit_code is ExitCode.DONE
    assert site.stands() == (S.PROMOTED, 100)
    assert site.newest.colour == "blue"
    assert site.edge.served() == {"1.0.0": 100}


def test_a_started_version_has_no_user_until_it_is_widened(second: Site) -> None:
    go(second)
    assert second.stands() == (S.STAGED, 0)
    assert second.newest.previous == "1.0.0"
    assert second.edge.served() == {"1.0.0": 100}


def test_the_steps_are_followed_and_the_version_is_promoted(second: Site) -> None:
    go(second)
    for weight in (10, 50, 100):
        assert second.controller.widen().exit_code is ExitCode.DONE
        assert second.stands() == (S.WIDENING, weight)
    second.controller.promote()
    assert second.stands() == (S.PROMOTED, 100)
    assert second.newest.ended_at is not None
    assert second.edge.served() == {"1.1.0": 100}


def test_start_with_a_weight_stages_first(second: Site) -> None:
    go(second, weight=20)
    assert [variables.get("weight") for _, variables in second.edge.calls] == [0, 0, 20]
    assert second.stands() == (S.WIDENING, 20)


def test_the_playbook_is_told_the_candidate_and_its_manifest(second: Site) -> None:
    go(second)
    manifest = str(second.environment.path / "releases" / "1.1.0.yml")
    assert second.edge.calls[-1] == ("release", {"candidate": "1.1.0", "weight": 0, "release_manifest": manifest})
    second.controller.widen(100)
    second.controller.promote()
    assert second.edge.calls[-1] == ("release", {"candidate": "1.1.0", "promote": True, "release_manifest": manifest})


def test_every_action_is_on_record_before_it_is_done(second: Site) -> None:
    go(second)
    second.edge.fault = "killed before"
    with pytest.raises(KilledError):
        second.controller.widen()
    last = second.store.list_release_steps(second.newest.id)[-1]  # type: ignore[attr-defined]
    assert (last.action, last.weight, last.status, last.operator) == ("widen", 10, Status.RUNNING, "alice")
    situation = second.controller.status().situation
    assert situation.unconfirmed is not None
    assert situation.unconfirmed.id == last.id


@pytest.mark.parametrize(("fault", "found", "weight"), [("killed before", 0, 10), ("killed after", 10, 50)])
def test_after_a_kill_the_next_command_believes_the_edge(second: Site, fault: str, found: int, weight: int) -> None:
    go(second)
    second.edge.fault = fault
    with pytest.raises(KilledError):
        second.controller.widen()
    verdict = second.controller.widen()
    assert second.phases()[-2:] == ["release_status", "release"]
    assert any(f"at {found} %" in notice for notice in verdict.notices)
    assert second.stands() == (S.WIDENING, weight)


def test_a_second_release_is_refused_while_one_is_open(second: Site) -> None:
    go(second)
    with pytest.raises(ReleaseError, match=r"1\.1\.0 is staged") as caught:
        go(second, "1.2.0")
    assert "widen, hold, abort, rollback" in caught.value.remedy


def test_the_stable_version_is_not_started_again(second: Site) -> None:
    with pytest.raises(ReleaseError, match=r"1\.0\.0 is the stable version already"):
        go(second, "1.0.0")


def test_a_new_site_is_not_taken_for_the_old_one(second: Site) -> None:
    go(second, weight=10)
    second.edge.stable = second.edge.candidate = second.edge.previous = None
    second.edge.weight = 0
    go(second, "1.0.0")
    assert second.stands() == (S.PROMOTED, 100)
    assert [r.state for r in second.store.list_releases("demo-test")][1] is S.ABORTED  # type: ignore[attr-defined]


def test_a_rolled_back_version_is_void(second: Site) -> None:
    go(second, weight=10)
    second.controller.rollback("errors at the reception")
    with pytest.raises(ReleaseError, match="is void"):
        go(second)
    with pytest.raises(ReleaseError, match="--again needs --reason"):
        second.controller.start("1.1.0", again=True)
    second.controller.start("1.1.0", again=True, reason="the fault was the network")
    assert second.stands() == (S.STAGED, 0)
    assert second.newest.reason == "the fault was the network"


def test_an_aborted_version_may_be_started_again(second: Site) -> None:
    go(second)
    second.controller.abort()
    assert second.edge.calls[-1][1]["stop_candidate"] is True
    assert second.stands() == (S.ABORTED, 0)
    go(second)
    assert second.stands() == (S.STAGED, 0)


def test_a_wrong_artifact_is_refused_before_any_host_is_touched(second: Site) -> None:
    calls = len(second.edge.calls)
    (second.environment.path / "clinic-1.1.0.war").write_bytes(b"something else")
    with pytest.raises(ReleaseError, match="but the manifest says"):
        go(second)
    assert len(second.edge.calls) == calls
    assert second.newest.version == "1.0.0"


def test_a_script_that_takes_something_away_is_refused_before_any_host_is_touched(second: Site) -> None:
    calls = len(second.edge.calls)
    _expand(second, "ALTER TABLE visit DROP COLUMN note;")
    with pytest.raises(
        DeliveryError, match=r"one\.sql:1: ALTER TABLE visit DROP COLUMN note: column of visit is dropped"
    ):
        go(second)
    assert len(second.edge.calls) == calls
    assert second.newest.version == "1.0.0"


def test_what_is_worth_knowing_of_a_script_is_told_and_refuses_nothing(second: Site) -> None:
    _expand(second, "CREATE INDEX i ON visit (day);")
    verdict = go(second)
    assert any("nobody can write to the table" in notice for notice in verdict.notices)
    assert second.stands() == (S.STAGED, 0)


def _expand(site: Site, script: str) -> None:
    (site.environment.releases_dir / "one.sql").write_text(script)
    manifest = site.environment.manifest_path("1.1.0")
    manifest.write_text(manifest.read_text() + "database: {expand: [one.sql]}\n")


def test_a_version_without_a_manifest_is_refused_with_those_that_have_one(second: Site) -> None:
    with pytest.raises(DeliveryError, match=r"versions with a manifest: 1\.0\.0, 1\.1\.0, 1\.2\.0"):
        go(second, "9.9.9")


def test_another_artifact_is_not_widened_under_the_same_version(second: Site) -> None:
    go(second)
    manifest = second.environment.manifest_path("1.1.0")
    manifest.write_text(manifest.read_text().replace(second.newest.artifact_sha256, "a" * 64))
    with pytest.raises(ReleaseError, match="another artifact"):
        second.controller.widen()


def test_narrowing_is_refused(second: Site) -> None:
    go(second, weight=50)
    with pytest.raises(ReleaseError, match="less than the 50 %"):
        second.controller.widen(10)
    with pytest.raises(ReleaseError, match="already have it"):
        second.controller.widen(50)


@pytest.mark.parametrize("command", ["widen", "promote", "abort", "rollback"])
def test_without_a_release_every_command_is_refused(site: Site, command: str) -> None:
    with pytest.raises(ReleaseError):
        getattr(site.controller, command)()
    assert site.edge.calls == []


def test_a_staging_that_fails_leaves_the_users_alone(second: Site) -> None:
    second.edge.fault = "failed before"
    verdict = go(second)
    assert verdict.exit_code is ExitCode.HOST_FAILED
    assert second.stands() == (S.FAILED, 0)
    assert "rollback" not in second.phases()
    assert second.edge.served() == {"1.0.0": 100}


@pytest.mark.parametrize("fault", ["failed before", "failed after", "failed after, told"])
def test_a_failed_widening_is_taken_back_at_once(second: Site, fault: str) -> None:
    go(second, weight=10)
    second.edge.fault = fault
    verdict = second.controller.widen()
    assert verdict.exit_code is ExitCode.TAKEN_BACK
    assert second.stands() == (S.ROLLED_BACK, 0)
    assert second.edge.served() == {"1.0.0": 100}
    intents = [s for s in verdict.situation.steps if s.action == "roll_back" and s.status is Status.RUNNING]
    assert "does not get well" in (intents[0].reason or "")


@pytest.mark.parametrize("fault", ["failed before", "failed before, told"])
def test_a_step_that_fails_before_any_user_moved_is_held(second: Site, fault: str) -> None:
    go(second)
    second.edge.fault = fault
    assert second.controller.widen().exit_code is ExitCode.HOST_FAILED
    assert second.stands() == (S.HELD, 0)
    second.controller.widen()
    assert second.stands() == (S.WIDENING, 10)


def test_a_failed_promotion_is_taken_back(second: Site) -> None:
    go(second, weight=100)
    second.edge.fault = "failed after"
    assert second.controller.promote().exit_code is ExitCode.TAKEN_BACK
    assert second.edge.served() == {"1.0.0": 100}
    assert second.stands() == (S.ROLLED_BACK, 0)


def test_a_step_beyond_what_the_hosts_carry_is_refused_and_the_users_stay(second: Site) -> None:
    go(second, weight=50)
    second.edge.carried = 60
    with pytest.raises(ReleaseError, match="carry 60 %") as caught:
        second.controller.widen()
    assert caught.value.exit_code is ExitCode.REFUSED
    assert second.edge.served() == {"1.0.0": 50, "1.1.0": 50}
    assert second.stands() == (S.WIDENING, 50)
    assert second.controller.status().situation.unconfirmed is None


def test_users_whom_the_hosts_do_not_carry_any_more_are_taken_back_by_the_next_step(second: Site) -> None:
    go(second, weight=100)
    second.edge.carried = 60
    assert second.controller.promote().exit_code is ExitCode.TAKEN_BACK
    assert second.edge.served() == {"1.0.0": 100}


def test_an_unreachable_host_holds_the_release(second: Site) -> None:
    go(second, weight=10)
    second.edge.fault = "unreachable"
    assert second.controller.widen().exit_code is ExitCode.UNREACHABLE
    assert second.stands() == (S.HELD, 10)
    second.controller.widen()
    assert second.stands() == (S.WIDENING, 50)


def test_a_rollback_that_fails_says_so_and_can_be_repeated(second: Site) -> None:
    go(second, weight=10)
    second.edge.fault = "unreachable"
    verdict = second.controller.rollback()
    assert verdict.exit_code is ExitCode.UNREACHABLE
    assert "could NOT be taken back" in verdict.said
    assert second.stands() == (S.HELD, 10)
    assert second.controller.rollback().exit_code is ExitCode.DONE
    assert second.stands() == (S.ROLLED_BACK, 0)


def test_a_promoted_version_can_be_taken_back_while_the_old_slot_is_warm(second: Site) -> None:
    go(second, weight=100)
    second.controller.promote()
    verdict = second.controller.rollback()
    assert "all users have 1.0.0" in verdict.said
    assert second.stands() == (S.ROLLED_BACK, 0)
    with pytest.raises(ReleaseError, match="nothing to roll back"):
        second.controller.rollback()


def test_a_rollback_never_asks_the_edge_first(second: Site) -> None:
    go(second, weight=10)
    before = len(second.edge.calls)
    second.controller.rollback()
    assert second.phases()[before:] == ["rollback"]


def test_a_promoted_version_is_not_taken_back_when_its_predecessors_slot_was_used_since(second: Site) -> None:
    go(second, weight=100)
    second.controller.promote()
    go(second, "1.2.0")
    second.controller.abort()
    with pytest.raises(ReleaseError, match="nothing to roll back"):
        second.controller.rollback()


def test_a_locked_environment_leaves_the_record_as_it_was(second: Site) -> None:
    go(second, weight=10)
    second.edge.fault = "locked"
    with pytest.raises(LockedError):
        second.controller.widen()
    assert second.controller.status().situation.unconfirmed is None
    assert second.stands() == (S.WIDENING, 10)


def test_a_start_refused_by_the_lock_is_no_release(second: Site) -> None:
    go(second, weight=100)
    second.controller.promote()
    second.edge.fault = "locked"
    with pytest.raises(LockedError):
        go(second, "1.2.0")
    assert second.controller.status().situation.release.version == "1.1.0"  # type: ignore[union-attr]
    assert second.controller.rollback().exit_code is ExitCode.DONE


def test_a_start_that_the_playbook_refused_is_no_release(second: Site) -> None:
    go(second, weight=100)
    second.controller.promote()
    second.edge.fault = "refused"
    with pytest.raises(ReleaseError, match="db1 runs mariadb; take it out") as caught:
        go(second, "1.2.0")
    assert caught.value.exit_code is ExitCode.REFUSED
    assert second.controller.status().situation.release.version == "1.1.0"  # type: ignore[union-attr]
    assert second.controller.status().situation.unconfirmed is None
    go(second, "1.2.0")
    assert second.stands() == (S.STAGED, 0)


def test_an_interrupted_step_is_held_and_settled_by_the_edge(second: Site) -> None:
    go(second, weight=10)
    second.edge.fault = "canceled"
    assert second.controller.widen().exit_code is ExitCode.INTERRUPTED
    assert second.stands()[0] is S.HELD
    second.controller.promote() if second.edge.weight == 100 else second.controller.widen()
    assert second.stands() == (S.WIDENING, 100)


def test_live_status_brings_the_record_in_line_with_the_edge(second: Site) -> None:
    go(second, weight=10)
    second.edge.candidate, second.edge.weight = None, 0  # somebody ran the playbook by hand
    assert second.controller.status().situation.release.state is S.WIDENING  # type: ignore[union-attr]
    situation = second.controller.status(live=True).situation
    assert situation.live
    assert second.stands() == (S.ROLLED_BACK, 0)


def test_what_was_released_by_hand_is_taken_in_and_can_be_rolled_back(second: Site) -> None:
    second.edge.carry_out("release", {"candidate": "1.1.0", "weight": 20})
    second.controller.status(live=True)
    assert second.stands() == (S.WIDENING, 20)
    assert second.newest.reason == "found on the edge, released by other means"
    assert second.controller.rollback().exit_code is ExitCode.DONE
    assert second.edge.served() == {"1.0.0": 100}


def test_records_that_were_lost_are_made_again_from_the_edge(environment: Environment) -> None:
    site = Site(environment, FakeStore())
    site.edge.stable, site.edge.previous = (
        {"colour": "green", "version": "1.1.0"},
        {"colour": "blue", "version": "1.0.0"},
    )
    site.controller.status(live=True)
    assert site.stands() == (S.PROMOTED, 100)
    site.controller.rollback()
    assert site.edge.served() == {"1.0.0": 100}


def test_an_edge_that_cannot_be_asked_is_one_clear_error(second: Site) -> None:
    second.edge.fault = "unreachable"
    with pytest.raises(ReleaseError, match="edge1: no route to host") as caught:
        second.controller.status(live=True)
    assert caught.value.exit_code is ExitCode.UNREACHABLE


def test_what_no_host_has_said_stands_without_one() -> None:
    nobody, somebody = FakeFailure("", "no host matched"), FakeFailure("edge1", "no route to host")
    said = [why(one) for one in ([nobody], [somebody, nobody], [])]
    assert said == ["no host matched", "edge1: no route to host", ""]


def test_a_start_that_died_before_its_first_entry_is_not_taken_for_staged(environment: Environment) -> None:
    store = FakeStore()
    site = Site(environment, store)
    go(site, "1.0.0")
    store.killed = True
    with pytest.raises(KilledError):
        go(site)
    assert site.controller.status().situation.unconfirmed is not None
    go(site)
    assert [release.state for release in store.list_releases("demo-test")] == [S.STAGED, S.FAILED, S.PROMOTED]


def test_a_rollback_repeated_after_it_was_done_finds_it_done(second: Site) -> None:
    go(second, weight=10)
    second.edge.fault = "failed after"
    verdict = second.controller.rollback()
    assert verdict.exit_code is ExitCode.HOST_FAILED
    assert second.stands() == (S.ROLLED_BACK, 0)


def test_a_rollback_is_repeated_without_asking_first(second: Site) -> None:
    go(second, weight=10)
    second.edge.fault = "unreachable"
    second.controller.rollback()
    before = len(second.edge.calls)
    assert second.controller.rollback().exit_code is ExitCode.DONE
    assert second.phases()[before:] == ["rollback"]
    assert second.edge.served() == {"1.0.0": 100}


def test_a_rollback_that_did_not_reach_every_edge_is_not_called_done(second: Site) -> None:
    go(second, weight=10)
    second.edge.fault = "one edge away"
    second.edge.then = "unreachable"
    verdict = second.controller.rollback()
    assert "could NOT be taken back" in verdict.said
    assert second.stands() == (S.HELD, 10)


def test_users_are_back_but_the_slot_did_not_stop_is_told(second: Site) -> None:
    go(second, weight=10)
    second.edge.fault = "failed after, told"
    verdict = second.controller.abort()
    assert second.stands() == (S.ABORTED, 0)
    assert "all users have 1.0.0" in verdict.said
    assert verdict.exit_code is ExitCode.HOST_FAILED


def test_one_edge_that_has_not_moved_does_not_speak_for_the_other(second: Site) -> None:
    go(second)
    second.edge.fault, second.edge.then = "edges differ", "failed before"  # asked again, they still differ
    assert second.controller.widen().exit_code is ExitCode.TAKEN_BACK
    assert second.edge.served() == {"1.0.0": 100}


def test_a_rollback_never_guesses_after_a_start_that_was_killed(second: Site) -> None:
    go(second, weight=100)
    second.controller.promote()
    second.edge.fault = "killed before"
    with pytest.raises(KilledError):
        go(second, "1.2.0")
    with pytest.raises(ReleaseError, match=r"1\.2\.0 is failed"):
        second.controller.rollback()
    assert second.edge.served() == {"1.1.0": 100}, "1.1.0 was not meant"


def test_a_version_that_was_superseded_by_hand_is_not_called_rolled_back(second: Site) -> None:
    go(second, weight=100)
    second.controller.promote()
    second.edge.fault = "canceled"
    second.controller.rollback()
    second.edge.stable = {"colour": "blue", "version": "1.2.0"}
    second.controller.status(live=True)
    assert second.stands() == (S.PROMOTED, 100)


def test_a_held_release_that_was_promoted_by_hand_is_promoted_on_record(second: Site) -> None:
    go(second, weight=100)
    People(second.controller, second.store, "alice", bad_feedback=2).hold("wait")  # type: ignore[arg-type]
    second.edge.carry_out("release", {"candidate": "1.1.0", "promote": True})
    second.controller.status(live=True)
    assert second.stands() == (S.PROMOTED, 100)
    versions = [release.version for release in second.controller.journal.all()]
    assert versions == ["1.1.0", "1.0.0"], "it is one release, not two"
