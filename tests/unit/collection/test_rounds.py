"""The verdict over two series of measurements, beside scipy's figures for the same test."""

from __future__ import annotations

import random

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.compare_rounds import compare_rounds
from ansible_collections.impl.lifecycle.plugins.module_utils.rounds import compare, levelled_off, turns
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
        # Ties: 10 and 5 of the 70 ways to deal these eight, counted one by one.
        ([1, 2, 2, 3], [2, 3, 3, 4], True, "no difference", 10 / 70),
        ([1, 1, 1, 3], [2, 2, 2, 2], True, "no difference", 5 / 70),
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


def measured(chance: random.Random, rounds: int, noise: float, drift: float, factor: float = 1.0) -> list[str]:
    """The verdicts over rounds as a host gives them: lognormal noise, a drift from one to the next, `factor` after.

    As `tune` does: one that says "worse" is followed by the one over as many rounds again.
    """
    series: dict[str, list[float]] = {"before": [], "after": []}
    verdicts: list[str] = []
    while verdicts in ([], ["worse"]):
        for number, (_round, side) in enumerate(turns(rounds)):
            value = 1000 * chance.lognormvariate(0, noise) * (1 + drift) ** (number + len(verdicts) * 2 * rounds)
            series[side].append(value * (factor if side == "after" else 1))
        verdicts.append(str(compare(series["before"], series["after"])["verdict"]))
    return verdicts


@pytest.mark.parametrize("rounds", [3, 7])
@pytest.mark.parametrize("drift", [-0.03, -0.01, 0.0, 0.01, 0.03])
@pytest.mark.parametrize("noise", [0.03, 0.05, 0.10])
def test_noise_and_drift_alone_are_called_worse_once_in_twenty_at_most(noise: float, drift: float, rounds: int) -> None:
    chance, runs = random.Random(7), 2000 if rounds == 3 else 200
    worse = sum(measured(chance, rounds, noise, drift)[0] == "worse" for _ in range(runs))
    assert worse <= runs * 0.05 + 2 * (runs * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize("drift", [-0.03, 0.0, 0.03])
@pytest.mark.parametrize("noise", [0.03, 0.10, 0.8])
def test_what_is_taken_back_for_noise_alone_is_one_in_thirty_at_most(noise: float, drift: float) -> None:
    chance, runs = random.Random(7), 2000
    worse = sum(measured(chance, 3, noise, drift)[-1] == "worse" for _ in range(runs))
    assert worse <= runs / 30


@pytest.mark.parametrize("drift", [-0.01, 0.0, 0.01])
@pytest.mark.parametrize(("noise", "found"), [(0.03, 0.99), (0.05, 0.99), (0.10, 0.9)])
def test_a_loss_of_thirty_percent_is_called_worse(noise: float, drift: float, found: float) -> None:
    chance = random.Random(7)
    worse = sum(measured(chance, 3, noise, drift, factor=0.7)[-1] == "worse" for _ in range(500))
    assert worse >= 500 * found


def test_as_many_rounds_as_are_allowed_twice_over_are_compared() -> None:
    # scipy.stats.mannwhitneyu(range(21, 101, 2), range(0, 80, 2), alternative="greater", method="exact").pvalue
    assert compare(list(range(0, 80, 2)), list(range(21, 101, 2)))["p"] == pytest.approx(0.0001751641286328)


# Thousands of requests/s of a slot in the seconds after its start on one processor: alone, and beside six processes.
STARTS = [
    [2.6, 4.1, 5.3, 7.4, 6.8, 9.8, 7.8, 10.1, 9.1, 11.0, 10.4, 12.9, 18.7, 22.2, 21.7, 19.7, 20.4, 19.4],
    [2.2, 3.1, 5.1, 8.2, 7.8, 6.2, 7.0, 7.8, 7.5, 8.5, 9.3, 10.5, 12.5, 21.2, 21.3, 19.8, 19.9, 20.3],
    [1.9, 2.8, 5.5, 7.7, 8.1, 7.5, 7.6, 7.1, 8.4, 12.9, 15.5, 24.9, 23.9, 25.2, 22.9, 25.3, 18.3, 18.4],
    [2.6, 4.1, 7.2, 7.9, 7.7, 8.1, 11.3, 10.2, 13.8, 12.0, 9.8, 14.9, 15.7, 19.9, 24.5, 24.1, 25.2, 24.2],
    [2.3, 3.2, 4.7, 9.0, 11.2, 11.4, 13.0, 14.2, 15.6, 17.7, 19.5, 16.3, 16.4, 21.7, 20.3, 18.3, 26.6, 23.5],
]  # fmt: skip


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("seconds", [3, 5])
def test_a_slot_has_come_to_its_speed_when_it_is_measured(start: list[float], seconds: int) -> None:
    """As the playbook asks: part after part until it has levelled off, later ones being as fast as the last is."""
    speed = sum(start[-4:]) / 4
    every = [*start, *[speed] * 60]
    parts: list[float] = []
    while not levelled_off(parts):
        at = len(parts) * seconds
        parts.append(sum(every[at : at + seconds]) / seconds)
    assert parts[-1] >= 0.8 * speed
    assert levelled_off([1 / part for part in parts], higher_is_better=False)
    assert len(parts) < 12


def test_two_figures_cannot_tell_and_one_that_stands_still_is_not_enough() -> None:
    assert not levelled_off([10, 10])
    assert not levelled_off([10, 20, 20])
    assert not levelled_off([10, 10, 20])
    assert levelled_off([10, 10, 10.4])


def test_the_side_that_begins_changes() -> None:
    assert [side for _round, side in turns(3)] == ["before", "after", "after", "before", "before", "after"]


def test_what_does_not_work_is_worse_however_little_was_measured() -> None:
    found = compare([100.0], [], True, "too many connections")
    assert (found["verdict"], found["before"], found["after"], found["rounds"]) == ("worse", 100.0, 0.0, [1, 0])
    assert found["broken"] == "too many connections"


@pytest.mark.parametrize(("before", "after"), [([1, 2], [3, 4, 5]), ([1.0] * 41, [2.0] * 41), (["x"] * 3, [1, 2, 3])])
def test_what_cannot_be_compared_is_one_line(before: list[float], after: list[float]) -> None:
    with pytest.raises(AnsibleFilterError, match="compare_rounds: "):
        compare_rounds(before, after)
