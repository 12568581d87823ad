"""The table of what may be done to a release."""

from __future__ import annotations

import itertools

import pytest

from orchestrator.errors import ReleaseError
from orchestrator.records.entities import ReleaseState
from orchestrator.release.machine import COMMANDS, TRANSITIONS, Action, after, commands

S, A = ReleaseState, Action


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(ReleaseState)


def test_every_open_state_has_a_way_out_for_a_person() -> None:
    for state in ReleaseState:
        assert state.is_open == ({A.ABORT, A.ROLL_BACK} <= set(TRANSITIONS[state]))


@pytest.mark.parametrize("state", [S.ROLLED_BACK, S.ABORTED, S.FAILED])
def test_what_has_ended_stays_ended(state: ReleaseState) -> None:
    assert TRANSITIONS[state] == {}
    assert commands(state, 0) == ()


@pytest.mark.parametrize(("state", "action"), [*itertools.product(ReleaseState, Action)])
def test_what_the_table_does_not_have_is_refused_with_what_may_be_done(state: ReleaseState, action: Action) -> None:
    following = TRANSITIONS[state].get(action)
    if following:
        assert after("1.1.0", state, 100, action) is following
        return
    with pytest.raises(ReleaseError) as caught:
        after("1.1.0", state, 50, action)
    assert "1.1.0 is" in caught.value.what
    assert all(command in caught.value.remedy for command in commands(state, 50))
    assert "may be done" in caught.value.remedy or "start a version" in caught.value.remedy


def test_nobody_meets_a_version_for_the_first_time_by_promotion() -> None:
    with pytest.raises(ReleaseError, match="widen 100"):
        after("1.1.0", S.WIDENING, 50, A.PROMOTE)
    assert "promote" not in commands(S.WIDENING, 50)
    assert "promote" in commands(S.WIDENING, 100)


def test_only_what_a_person_can_type_is_offered() -> None:
    offered = {command for state in ReleaseState for weight in (0, 50, 100) for command in commands(state, weight)}
    assert offered == set(COMMANDS.values())
