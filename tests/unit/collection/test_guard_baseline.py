"""What is normal for a version: quantiles, rates, and how lucky a cohort was before."""

from __future__ import annotations

import json
import math
import random

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import guard_baseline
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_baseline import (
    ALL,
    ENOUGH_FOR_RATE,
    GENERATION_SECONDS,
    NOTICEABLE_SECONDS,
    Baseline,
    highest_rate,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_histogram import (
    LAST_BIN,
    Histogram,
    bin_of,
    upper_edge,
)


def measured(seconds: list[float], route: str = "/a/") -> Baseline:
    made = Baseline("1.0.0", 0.0)
    for one in seconds:
        made.measure(route, one)
    return made


def test_a_time_lies_in_its_bin_and_bins_are_ten_percent_wide() -> None:
    for ms in [*range(3000), 10_000, 100_000, 10**9]:
        number = bin_of(ms / 1000)
        if ms < 10**6:
            assert ms / 1000 <= upper_edge(number) + 0.0005
            assert upper_edge(number) <= ms / 1000 * 1.1 + 0.0005
        else:
            assert number == LAST_BIN


def test_quantiles_are_those_of_the_sample_within_a_bin() -> None:
    dice = random.Random(1)
    sample = sorted(dice.lognormvariate(-3, 1) for _ in range(5000))
    histogram = Histogram()
    for one in sample:
        histogram.add(one)
    for share, found in zip((0.5, 0.95, 0.99), histogram.quantiles(0.5, 0.95, 0.99), strict=True):
        assert sample[int(share * 5000)] == pytest.approx(found, rel=0.12)


def test_a_route_with_few_answers_is_compared_with_all_routes() -> None:
    made = measured([0.01] * 200)
    made.measure("/rare/", 5.0)
    assert set(made.taus()) == {"/a/", ALL}


def test_frozen_taus_stay_whatever_is_measured_later() -> None:
    made = measured([0.01] * 200)
    assert made.freeze()
    before = dict(made.taus())
    for _ in range(5000):
        made.measure("/a/", 3.0)
    made.age(GENERATION_SECONDS + 1)
    assert made.taus() == before
    made.thaw()
    assert made.taus() != before


def test_with_too_few_answers_nothing_is_frozen() -> None:
    assert not measured([0.01] * 99).freeze()


def test_what_was_normal_long_ago_is_forgotten() -> None:
    made = measured([3.0] * 200)
    for now in (GENERATION_SECONDS + 1, 2 * GENERATION_SECONDS + 2):
        made.age(now)
        for _ in range(200):
            made.measure("/a/", 0.005)
    assert made.taus()["/a/"] == (NOTICEABLE_SECONDS,) * 3, "not 3 s any more, and nobody notices 5 ms"


def test_the_highest_rate_is_near_the_exact_bound() -> None:
    # Exact upper 95 % bounds of a Poisson mean: chi-square(0.95, 2(e+1))/2 for e = 0, 1, 5, 100.
    for events, exact in ((0, 2.996), (1, 4.744), (5, 10.513), (100, 118.08)):
        assert highest_rate(events, 10_000) * 10_000 == pytest.approx(exact, rel=0.12)
    assert highest_rate(5, 3) == 1.0


def test_the_envelope_leaves_out_routes_with_few_requests() -> None:
    made = Baseline("1.0.0", 0.0)
    made.absorb({"/a/": [ENOUGH_FOR_RATE, 3, 0, 0, 0], "/rare/": [ENOUGH_FOR_RATE - 1, 0, 0, 0, 0]}, {}, released=False)
    assert made.envelope() == {"/a/": (highest_rate(3, ENOUGH_FOR_RATE), (0.0, 0.0, 0.0))}


def test_slow_rates_count_only_what_was_counted_with_the_frozen_taus() -> None:
    made = measured([0.01] * 200)
    made.absorb({"/a/": [1000, 0, 900, 900, 900]}, {}, released=False)
    made.freeze()
    made.absorb({"/a/": [1000, 0, 500, 50, 10]}, {}, released=True)
    assert made.envelope()["/a/"][1] == tuple(highest_rate(count, 1000) for count in (500, 50, 10))


def test_an_unlucky_cohort_is_known_from_before_the_release() -> None:
    made = Baseline("1.0.0", 0.0)
    buckets = {bucket: [1000, 20 if bucket < 10 else 10, 50] for bucket in range(100)}
    made.absorb({}, buckets, released=False)
    assert made.pre_rates(range(10)) == {"failed": pytest.approx(2.0), "slow": pytest.approx(1.0)}
    assert made.pre_rates(range(10, 20))["failed"] == 1.0  # lucky: the margin does not shrink


def test_a_cohort_with_few_events_says_nothing() -> None:
    made = Baseline("1.0.0", 0.0)
    made.absorb({}, {0: [10, 9, 0], 1: [1000, 5, 0]}, released=False)
    assert made.pre_rates([0]) == {"failed": 1.0, "slow": 1.0}


def test_a_flood_of_routes_is_bounded() -> None:
    made = Baseline("1.0.0", 0.0)
    for number in range(5000):
        made.measure(f"/{number}", 0.01)
        made.absorb({f"/{number}": [1, 0, 0, 0, 0]}, {}, released=False)
    assert len(made.measured[0]) <= guard_baseline.MOST_ROUTES + 1
    assert len(made.counted[0]) <= guard_baseline.MOST_ROUTES
    assert made.measured[0][ALL].count == 5000


def test_a_baseline_survives_the_disk() -> None:
    made = measured([0.01, 0.5, math.pi] * 100)
    made.absorb({"/a/": [900, 3, 0, 0, 0]}, {7: [900, 3, 1]}, released=False)
    made.freeze()
    made.age(GENERATION_SECONDS + 1)
    again = Baseline.from_data(json.loads(json.dumps(made.as_data())))
    assert again.as_data() == made.as_data()
    assert again.taus() == made.taus()
    assert again.envelope() == made.envelope()


@pytest.mark.parametrize(
    "data", [{}, {"version": "1", "since": 0, "measured": [], "counted": [], "buckets": [], "frozen": {}, "during": {}}]
)
def test_what_is_no_baseline_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="baseline"):
        Baseline.from_data(data)
