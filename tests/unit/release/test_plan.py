"""The step plan: percents in, percents out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import ReleaseError
from orchestrator.release.plan import StepPlan

plans = st.sets(st.integers(1, 99), max_size=8).map(lambda steps: StepPlan((*sorted(steps), 100)))
weights = st.integers(0, 100)


@given(plans)
def test_following_the_steps_ends_with_all_users(plan: StepPlan) -> None:
    weight, taken = 0, []
    while (following := plan.next_after(weight)) is not None:
        taken.append(weight := following)
    assert tuple(taken) == plan.steps


@given(plans, weights)
def test_a_step_always_widens(plan: StepPlan, weight: int) -> None:
    following = plan.next_after(weight)
    assert (following is None) == (weight == 100)
    assert following is None or following > weight


@given(plans, weights)
def test_every_step_is_either_done_or_still_to_come(plan: StepPlan, weight: int) -> None:
    done, following = plan.done(weight), plan.next_after(weight)
    assert plan.steps[: len(done)] == done
    assert plan.steps[len(done) : len(done) + 1] == (() if following is None else (following,))


@given(plans, weights, st.one_of(st.none(), st.integers(-10, 110)))
def test_a_target_is_wider_or_refused(plan: StepPlan, present: int, wanted: int | None) -> None:
    try:
        target = plan.target(present, wanted)
    except ReleaseError:
        assert present == 100 or (wanted is not None and not present < wanted <= 100)
    else:
        assert present < target <= 100
        assert wanted in (None, target)


@pytest.mark.parametrize("steps", [(), (50,), (50, 20, 100), (10, 10, 100), (0, 100), (10, 100, 110)])
def test_steps_that_do_not_rise_to_100_are_no_plan(steps: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rise"):
        StepPlan(steps)


def test_narrowing_names_the_way_back_and_the_way_on() -> None:
    with pytest.raises(ReleaseError) as caught:
        StepPlan((10, 50, 100)).target(50, 10)
    assert "10 % is less than the 50 %" in caught.value.line()
    assert "rollback" in caught.value.line()
    assert "next step is 100 %" in caught.value.line()
