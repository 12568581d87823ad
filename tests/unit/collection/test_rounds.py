"""The verdict over two series of measurements, beside scipy's figures for the same test."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.compare_rounds import compare_rounds
from ansible_collections.impl.lifecycle.plugins.module_utils.rounds import compare
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


def test_noise_alone_is_rarely_called_a_difference() -> None:
    import random

    chance = random.Random(7)
    verdicts = [
        compare([chance.gauss(100, 5) for _ in range(4)], [chance.gauss(100, 5) for _ in range(4)])["verdict"]
        for _ in range(400)
    ]
    assert verdicts.count("better") <= 400 * 0.05 + 2 * (400 * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize(("before", "after"), [([1, 2], [3, 4, 5]), ([1.0] * 12, [2.0] * 12), (["x"] * 3, [1, 2, 3])])
def test_what_cannot_be_compared_is_one_line(before: list[float], after: list[float]) -> None:
    with pytest.raises(AnsibleFilterError, match="compare_rounds: "):
        compare_rounds(before, after)
