"""A/A splits of a site's own log: nothing changed, so every HARM is a false one."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import replay as r
from ansible_collections.impl.lifecycle.plugins.module_utils.harm import Policy
from hypothesis import given
from hypothesis import strategies as st

BEGIN = 1_700_000_040  # a minute's start


def a_log(seconds: int = 3600, users: int = 100, seed: int = 1, failing: float = 0.01) -> list[r.Entry]:
    rng = random.Random(seed)
    return [
        r.Entry(
            BEGIN + number / 2,
            f"u{rng.randrange(users)}",
            rng.choice(["read", "book"]),
            rng.random() < failing,
            rng.expovariate(10),
        )
        for number in range(2 * seconds)
    ]


def total(ticks: list[r.Tick]) -> list[int]:
    arms = [arm for tick in ticks for pair in tick.routes.values() for arm in pair]
    return [sum(arm.requests for arm in arms), sum(arm.failed for arm in arms)]


def test_a_healthy_log_is_rarely_taken_back() -> None:
    found = r.replay(a_log(), Policy(), splits=50)
    assert (found.splits, len(found.worst_odds["failed"]), len(found.worst_odds["slow"])) == (50, 50, 50)
    assert found.rate <= 0.01 + 2 * math.sqrt(0.01 * 0.99 / 50)


def test_the_evidence_of_each_split_agrees_with_how_it_ended() -> None:
    policy = Policy(alpha=0.9, hard_failing=10**9, hard_first=10**9)
    found = r.replay(a_log(failing=0.05), policy, splits=60, share=0.3)
    assert 0 < found.rolled_back < found.splits
    assert found.rolled_back == sum(
        any(found.worst_odds[metric][number] >= policy.proof(metric) for metric in ("failed", "slow"))
        for number in range(found.splits)
    )
    assert found.rate == found.rolled_back / found.splits


def test_a_user_whose_every_request_starts_to_fail_shows_in_the_splits_that_have_them() -> None:
    log = [entry._replace(failed=entry.user == "u7" and entry.at > BEGIN + 1800) for entry in a_log(users=10)]
    policy = replace(Policy(), hard_failing=10**9, hard_first=10**9)
    found = r.replay(log, policy, splits=40)
    users = sorted({entry.user for entry in log})
    has = ["u7" in r.chosen(users, 0.10, f"replay/{number}") for number in range(40)]
    loud = [odds > 100 for odds in found.worst_odds["failed"]]
    assert any(has)
    assert loud == has


def test_one_user_hammering_a_broken_page_is_one_event_a_minute() -> None:
    log = [r.Entry(BEGIN + second, "u1", "book", True, 0.1) for second in range(180)]
    ticks = list(r._Counted(log, {}).split({"u1"}))
    assert total(ticks) == [180, 3]
    assert [tick.at for tick in ticks if tick.routes["book"][1].failed] == [BEGIN, BEGIN + 60, BEGIN + 120]


def test_the_same_user_on_two_routes_is_two_events() -> None:
    log = [r.Entry(BEGIN, "u1", route, True, 0.1) for route in ("book", "read")]
    assert total(list(r._Counted(log, {}).split(set()))) == [2, 2]


def test_slow_is_counted_against_each_limit() -> None:
    log = [r.Entry(BEGIN, f"u{number}", "book", False, seconds) for number, seconds in enumerate((0.1, 0.6, 1.1, 2.1))]
    (tick,) = r._Counted(log, {"book": (0.5, 1.0, 2.0)}).split(set())
    assert tick.routes["book"][0].slow == (3, 2, 1)


def test_limits_need_enough_answers_and_leave_failures_out() -> None:
    log = [r.Entry(BEGIN, "u", "book", False, number / 100) for number in range(100)]
    failures = [r.Entry(BEGIN, "u", "book", True, 99.0)] * 50
    assert r.limits(log + failures) == {"book": (0.5, 0.95, 0.99)}
    assert r.limits(log[:99] + failures) == {}


@given(st.sets(st.integers(0, 19)), st.integers(0, 5))
def test_a_split_moves_counts_and_neither_makes_nor_loses_any(cohort: set[int], seed: int) -> None:
    counted = r._Counted(a_log(120, 20, seed, failing=0.3), {})
    assert total(list(counted.split({f"u{number}" for number in cohort}))) == total(list(counted.split(set())))


def test_the_order_of_the_log_does_not_matter() -> None:
    log = a_log(600)
    shuffled = random.Random(3).sample(log, len(log))
    assert r.replay(shuffled, Policy(), splits=5) == r.replay(log, Policy(), splits=5)


def test_a_seed_means_the_same_users_everywhere() -> None:
    users = [f"u{number}" for number in range(1000)]
    assert sorted(r.chosen(users[:60], 0.1, "replay/0")) == sorted(r.chosen(users, 0.1, "replay/0") & set(users[:60]))
    assert 60 < len(r.chosen(users, 0.1, "replay/0")) < 140
    assert r.chosen(users, 0.1, "replay/0") != r.chosen(users, 0.1, "replay/1")


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.0}, {"before": 1.0}, {"splits": 0}])
def test_a_split_that_splits_nothing_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="parts of a whole"):
        r.replay(a_log(60), Policy(), **wrong)  # type: ignore[arg-type]


def test_an_empty_log_is_refused() -> None:
    with pytest.raises(ValueError, match="no request"):
        r.replay([], Policy())
