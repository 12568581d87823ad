"""The verdict over two series of measurements, beside scipy's figures for the same test."""

from __future__ import annotations

import random

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.compare_rounds import compare_rounds
from ansible_collections.impl.lifecycle.plugins.module_utils.rounds import compare, turns
from hypothesis import given
from hypothesis import strategies as st

SERIES = st.lists(st.floats(0.1, 1e6), min_size=3, max_size=6)


@pytest.mark.parametrize(
    ("before", "after", "higher", "verdict", "p"),
    [
        # scipy.stats.mannwhitneyu(after, before, alternative="greater", method="exact").pvalue
        ([1, 2, 3], [4, 5, 6], True, "better", 0.05),
        ([1, 2, 3], [4, 5, 6], False, "worse", 0.05),
        ([1, 2, 5], [4, 3, 6], True, "no difference", 0.2),
        ([10, 12, 11, 13, 9], [12.5, 14, 15, 11.5, 16], True, "better", 0.0277777777777778),
    ],
)
def test_the_verdict_is_that_of_the_exact_test(
    before: list[float], after: list[float], higher: bool, verdict: str, p: float
) -> None:
    found = compare(before, after, higher)
    assert found["verdict"] == verdict
    assert found["p"] == pytest.approx(p)


def test_equal_measurements_are_no_difference() -> None:
    assert compare([5, 5, 5], [5, 5, 5])["verdict"] == "no difference"


@given(SERIES, SERIES)
def test_sides_changed_over_change_the_verdict_over(before: list[float], after: list[float]) -> None:
    other = {"better": "worse", "worse": "better", "no difference": "no difference"}
    assert compare(after, before)["verdict"] == other[compare(before, after)["verdict"]]
    assert compare(before, after, False)["verdict"] == other[compare(before, after)["verdict"]]


def measured(chance: random.Random, rounds: int, noise: float, drift: float, factor: float = 1.0) -> str:
    """The verdict over rounds as a host gives them: lognormal noise, a drift from one to the next, `factor` after."""
    series: dict[str, list[float]] = {"before": [], "after": []}
    for number, (_round, side) in enumerate(turns(rounds)):
        value = 1000 * chance.lognormvariate(0, noise) * (1 + drift) ** number
        series[side].append(value * (factor if side == "after" else 1))
    return str(compare(series["before"], series["after"])["verdict"])


@pytest.mark.parametrize("rounds", [3, 7])
@pytest.mark.parametrize("drift", [-0.03, -0.01, 0.0, 0.01, 0.03])
@pytest.mark.parametrize("noise", [0.03, 0.05, 0.10])
def test_noise_and_drift_alone_are_called_worse_once_in_twenty_at_most(noise: float, drift: float, rounds: int) -> None:
    chance, runs = random.Random(7), 2000 if rounds == 3 else 40
    worse = sum(measured(chance, rounds, noise, drift) == "worse" for _ in range(runs))
    assert worse <= runs * 0.05 + 2 * (runs * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize("drift", [-0.01, 0.0, 0.01])
@pytest.mark.parametrize(("noise", "found"), [(0.03, 0.99), (0.05, 0.99), (0.10, 0.9)])
def test_a_loss_of_thirty_percent_is_called_worse(noise: float, drift: float, found: float) -> None:
    chance = random.Random(7)
    worse = sum(measured(chance, 3, noise, drift, factor=0.7) == "worse" for _ in range(500))
    assert worse >= 500 * found


def test_the_side_that_begins_changes() -> None:
    assert [side for _round, side in turns(3)] == ["before", "after", "after", "before", "before", "after"]


def test_what_does_not_work_is_worse_however_little_was_measured() -> None:
    found = compare([100.0], [], True, "too many connections")
    assert (found["verdict"], found["before"], found["after"], found["rounds"]) == ("worse", 100.0, 0.0, [1, 0])
    assert found["broken"] == "too many connections"


@pytest.mark.parametrize(("before", "after"), [([1, 2], [3, 4, 5]), ([1.0] * 12, [2.0] * 12), (["x"] * 3, [1, 2, 3])])
def test_what_cannot_be_compared_is_one_line(before: list[float], after: list[float]) -> None:
    with pytest.raises(AnsibleFilterError, match="compare_rounds: "):
        compare_rounds(before, after)
