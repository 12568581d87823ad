"""The table of what may be done to a release."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from orchestrator.errors import ReleaseError
from orchestrator.records.entities import ReleaseState
from orchestrator.release import window
from orchestrator.release.machine import COMMANDS, TRANSITIONS, Action, after, commands

S, A = ReleaseState, Action
BEFORE = {"colour": "blue", "version": "1.0.0"}


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(ReleaseState)


def test_every_open_state_has_a_way_out_for_a_person() -> None:
    for state in ReleaseState:
        assert state.is_open == ({A.ABORT, A.ROLL_BACK} <= set(TRANSITIONS[state]))


@pytest.mark.parametrize("state", [S.ROLLED_BACK, S.ABORTED, S.FAILED])
def test_what_has_ended_stays_ended(state: ReleaseState) -> None:
    assert TRANSITIONS[state] == {Action.SETTLE: state}, "hosts that were left behind do not change what it came to"
    assert commands(state, 0, {Action.SETTLE}) == ()


@pytest.mark.parametrize(("state", "action"), [*itertools.product(ReleaseState, Action)])
def test_what_the_table_does_not_have_is_refused_with_what_may_be_done(state: ReleaseState, action: Action) -> None:
    following = TRANSITIONS[state].get(action)
    if following:
        assert after("1.1.0", state, 100, action) is following
        return
    with pytest.raises(ReleaseError) as caught:
        after("1.1.0", state, 50, action)
    assert "1.1.0 is" in caught.value.what
    assert all(command in caught.value.remedy for command in commands(state, 50, {Action.SETTLE}))
    assert "may be done" in caught.value.remedy or "start a version" in caught.value.remedy


def test_nobody_meets_a_version_for_the_first_time_by_promotion() -> None:
    with pytest.raises(ReleaseError, match="widen 100"):
        after("1.1.0", S.WIDENING, 50, A.PROMOTE)
    assert "promote" not in commands(S.WIDENING, 50)
    assert "promote" in commands(S.WIDENING, 100)


def test_a_version_with_nothing_before_it_is_not_offered_a_way_back() -> None:
    def offered(told: dict[str, object], *, in_turn: bool = False) -> tuple[str, ...]:
        return commands(S.PROMOTED, 100, window.pointless(told, promoted=True, in_turn=in_turn))

    assert offered({"previous": None}) == ()
    assert offered({"previous": BEFORE}) == ("rollback", "close")
    assert offered({"previous": BEFORE, "closed": True}) == ("rollback",)
    assert offered({"previous": BEFORE, "closed": True}, in_turn=True) == (), "its slot cannot run beside the other one"


def test_hosts_left_behind_are_settled_whatever_the_release_came_to() -> None:
    waiting = {"previous": None, "hosts": {"blue": ["app2"], "green": [], "waiting": ["app1"]}}
    for state in (S.ROLLED_BACK, S.ABORTED, S.FAILED):
        assert commands(state, 0, window.pointless(waiting, promoted=False)) == ("settle",)
        assert commands(state, 0, window.pointless({"hosts": None}, promoted=False)) == ()


def test_the_window_is_counted_from_the_promotion() -> None:
    promoted = {"previous": BEFORE, "flipped_at": "2026-01-01T10:00:00.000+00:00"}
    assert window.end(promoted, 90) == datetime(2026, 1, 1, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize("told", [None, {}, {"previous": None}, {"previous": {"version": "1.0.0"}, "closed": True}])
def test_without_a_warm_version_before_there_is_no_window(told: dict[str, object] | None) -> None:
    assert window.end({**told, "flipped_at": "2026-01-01T10:00:00+00:00"} if told else told, 90) is None


def test_only_what_a_person_can_type_is_offered() -> None:
    offered = {command for state in ReleaseState for weight in (0, 50, 100) for command in commands(state, weight)}
    assert offered == set(COMMANDS.values())
