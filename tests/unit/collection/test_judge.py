"""The judge: what must hold for every stream of counts, and how often it cries wolf."""

from __future__ import annotations

import json
import math
import random
import re
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import evidence as e
from ansible_collections.impl.lifecycle.plugins.module_utils.counts import Arm, Tick, pre_rate
from ansible_collections.impl.lifecycle.plugins.module_utils.harm import Policy
from ansible_collections.impl.lifecycle.plugins.module_utils.judge import HARM, INCONCLUSIVE, OK, Judge
from hypothesis import given, settings
from hypothesis import strategies as st

POLICY = Policy()
# The hard guard is one sentence of its own; most tests are about the evidence.
EVIDENCE_ONLY = Policy(hard_failing=10**9, hard_first=10**9)

counts = st.integers(-2, 300)
arms = st.builds(Arm, counts, counts, st.tuples(counts, counts, counts))
pairs = st.dictionaries(st.sampled_from(["book", "read", "static"]), st.tuples(arms, arms), max_size=3)
spans = st.lists(st.tuples(st.integers(1, 200), pairs), max_size=25)


def stream(spans: list[tuple[int, Any]], begin: int = 1_700_000_000) -> list[Tick]:
    ticks, at = [], begin
    for steps, routes in spans:
        at += 10 * steps
        ticks.append(Tick(at, routes))
    return ticks


def judged(ticks: list[Tick], policy: Policy = POLICY) -> Judge:
    judge = Judge(policy)
    for tick in ticks:
        judge.add(tick)
    return judge


def steady(stable: Arm, candidate: Arm, ticks: int, begin: int = 0) -> list[Tick]:
    return [Tick(begin + 10 * number, {"book": (stable, candidate)}) for number in range(ticks)]


def binomial(rng: random.Random, trials: int, chance: float) -> int:
    return sum(rng.random() < chance for _ in range(trials))


# What it says


def test_nothing_seen_is_inconclusive_and_excludes_nothing() -> None:
    opinion = Judge(POLICY).opinion()
    assert (opinion.verdict, opinion.metric, opinion.excluded) == (INCONCLUSIVE, "", 0.0)
    assert opinion.harm_odds == {"failed": pytest.approx(1), "slow": pytest.approx(1)}
    assert "no request yet" in opinion.reason


def test_a_candidate_that_fails_five_times_as_often_is_harm_with_the_figures_in_the_reason() -> None:
    opinion = judged(steady(Arm(900, 9), Arm(100, 5), 10)).opinion()
    assert (opinion.verdict, opinion.metric) == (HARM, "failed")
    assert ": 1 that the candidate fails more than 1.5 times as often" in opinion.reason
    assert re.search(r"\(\d+ of \d+ failed, stable: \d+ of \d+\)$", opinion.reason)


def test_a_slow_candidate_is_harm_by_latency_alone() -> None:
    opinion = judged(steady(Arm(900, 0, (450, 45, 9)), Arm(100, 0, (95, 40, 20)), 10)).opinion()
    assert (opinion.verdict, opinion.metric) == (HARM, "slow")
    assert opinion.harm_odds["failed"] == pytest.approx(1)


def test_an_equal_candidate_with_enough_events_is_ok() -> None:
    opinion = judged(steady(Arm(900, 9, (450, 45, 9)), Arm(100, 1, (50, 5, 1)), 60)).opinion()
    assert opinion.verdict == OK
    assert "less than 2 times worse" in opinion.reason


def test_clearing_an_equal_candidate_takes_tens_of_its_events_not_hundreds() -> None:
    needed = next(
        number for number in range(1, 300) if judged(steady(Arm(900, 9), Arm(100, 1), number)).opinion().verdict == OK
    )
    assert 15 < needed < 60


def test_without_any_failure_the_reason_says_what_is_excluded_and_a_person_decides() -> None:
    opinion = judged(steady(Arm(900), Arm(100), 30)).opinion()
    assert opinion.verdict == INCONCLUSIVE
    assert opinion.excluded == pytest.approx(3 / 3000)
    assert "a failure rate above 0.001 is excluded" in opinion.reason


def test_one_failure_of_the_candidate_excludes_nothing() -> None:
    assert judged(steady(Arm(900), Arm(100, 1), 1)).opinion().excluded == 0.0


def test_ok_needs_every_metric_cleared() -> None:
    opinion = judged(steady(Arm(900, 9, (450, 45, 9)), Arm(100, 1, (60, 9, 2)), 60)).opinion()
    assert opinion.ok_odds["failed"] > 100
    assert opinion.verdict != OK


def test_the_median_cannot_vouch_for_the_slowest_requests() -> None:
    opinion = judged(steady(Arm(900, 0, (450, 0, 0)), Arm(100, 0, (50, 0, 0)), 60)).opinion()
    assert opinion.ok_odds["slow"] == pytest.approx(1)


def test_a_candidate_that_was_fine_and_turns_bad_is_not_ok_on_the_way_to_harm() -> None:
    judge = judged(steady(Arm(900, 9), Arm(100, 1), 200))
    assert judge.opinion().verdict == OK
    between = []
    for tick in steady(Arm(900, 9), Arm(100, 3), 100, begin=2000):
        judge.add(tick)
        opinion = judge.opinion()
        if 10 <= opinion.harm_odds["failed"] < POLICY.proof("failed") and opinion.ok_odds["failed"] >= 100:
            between.append(opinion)
    assert between
    assert {opinion.verdict for opinion in between} == {INCONCLUSIVE}
    assert all("a sign of harm (failed) that is no proof" in opinion.reason for opinion in between)


def test_the_metrics_share_the_chance_of_a_false_alarm() -> None:
    chances = [1 / POLICY.proof(metric) for metric in ("failed", "slow")]
    assert chances == [pytest.approx(0.0095), pytest.approx(0.0005)]


def test_harm_is_said_when_the_failures_share_of_one_percent_is_reached() -> None:
    judge, before = Judge(POLICY), 1.0
    for tick in steady(Arm(900, 2), Arm(100, 1), 500):
        judge.add(tick)
        opinion = judge.opinion()
        assert (opinion.verdict == HARM) == (opinion.harm_odds["failed"] >= POLICY.proof("failed"))
        if opinion.verdict == HARM:
            break
        before = opinion.harm_odds["failed"]
    assert 50 < before < POLICY.proof("failed") == pytest.approx(105.26, abs=0.01)


# The hard guard


def test_five_of_the_first_ten_failing_is_harm_at_once() -> None:
    opinion = judged([Tick(0, {"book": (Arm(0), Arm(10, 5))})]).opinion()
    assert (opinion.verdict, opinion.metric) == (HARM, "failed")
    assert opinion.reason == "5 of the candidate's first 10 requests failed"


def test_four_of_the_first_ten_failing_is_not() -> None:
    assert judged([Tick(0, {"book": (Arm(0), Arm(10, 4))})]).opinion().verdict == INCONCLUSIVE


def test_a_first_tick_beyond_the_first_ten_needs_the_same_share() -> None:
    assert judged([Tick(0, {"book": (Arm(0), Arm(100, 49))})]).opinion().verdict == INCONCLUSIVE
    assert judged([Tick(0, {"book": (Arm(0), Arm(100, 50))})]).opinion().verdict == HARM


def test_the_hard_guard_is_over_after_the_first_requests() -> None:
    ticks = [Tick(0, {"book": (Arm(0), Arm(10))}), Tick(10, {"book": (Arm(0), Arm(30, 30))})]
    assert judged(ticks).opinion().verdict == INCONCLUSIVE


def test_first_failures_spread_over_routes_and_ticks_add_up() -> None:
    one = {"book": (Arm(0), Arm(1, 1)), "read": (Arm(0), Arm(2, 1))}
    ticks = [Tick(0, one), Tick(10, one), Tick(20, {"book": (Arm(0), Arm(1, 1))})]
    assert judged(ticks).opinion().verdict == HARM


# What must hold for every stream


@given(spans)
def test_no_stream_of_counts_makes_it_fall_over(spans: list[Any]) -> None:
    opinion = judged(stream(spans)).opinion()
    assert opinion.verdict in (HARM, OK, INCONCLUSIVE)
    assert all(0 <= odds < math.inf for odds in (*opinion.harm_odds.values(), *opinion.ok_odds.values()))
    assert opinion.candidate.failed <= opinion.candidate.requests


@given(spans, st.integers(0, 25))
def test_kept_and_read_again_it_has_the_same_opinion_then_and_later(spans: list[Any], cut: int) -> None:
    ticks = stream(spans)
    through = judged(ticks)
    kept = judged(ticks[:cut])
    again = Judge.from_data(POLICY, json.loads(json.dumps(kept.as_data())))
    assert again.opinion() == kept.opinion()
    for tick in ticks[cut:]:
        again.add(tick)
    assert again.opinion() == through.opinion()
    assert again.as_data() == through.as_data()


@given(spans, st.lists(st.tuples(st.integers(0, 3000), pairs), max_size=5))
def test_ticks_of_the_past_change_nothing(spans: list[Any], late: list[Any]) -> None:
    ticks = stream([(1, {}), *spans])
    judge = judged(ticks)
    before = judge.as_data()
    for back, routes in late:
        judge.add(Tick(ticks[-1].at - 10 * back, routes))
    assert judge.as_data() == before


@given(spans, st.lists(arms, max_size=20))
def test_ticks_of_the_stable_slot_alone_never_raise_harm(spans: list[Any], lonely: list[Arm]) -> None:
    judge = judged(stream(spans))
    before = judge.opinion().harm_odds
    for number, arm in enumerate(lonely):
        judge.add(Tick(1_800_000_000 + 600 * number, {"book": (arm, Arm())}))
    after = judge.opinion().harm_odds
    assert all(after[metric] <= before[metric] * (1 + 1e-9) for metric in before)


@given(spans)
def test_ok_is_never_said_beside_evidence_of_harm(spans: list[Any]) -> None:
    opinion = judged(stream(spans), EVIDENCE_ONLY).opinion()
    if opinion.verdict == OK:
        assert max(opinion.harm_odds.values()) < 10


@given(spans, spans)
def test_harm_stays_harm(first: list[Any], later: list[Any]) -> None:
    judge = judged(stream(first))
    said = judge.opinion()
    for tick in stream(later, begin=1_800_000_000):
        judge.add(tick)
    if said.verdict == HARM:
        assert judge.harmful
        assert (judge.opinion().verdict, judge.opinion().reason) == (HARM, said.reason)


@given(spans)
def test_the_order_of_the_route_groups_does_not_matter(spans: list[Any]) -> None:
    ticks = stream(spans)
    turned = [Tick(tick.at, dict(reversed(list(tick.routes.items())))) for tick in ticks]
    one, two = judged(ticks, EVIDENCE_ONLY).opinion(), judged(turned, EVIDENCE_ONLY).opinion()
    assert one.harm_odds == pytest.approx(two.harm_odds)
    assert one.ok_odds == pytest.approx(two.ok_odds)


@given(arms, st.integers(1, 50))
def test_an_event_counted_too_often_weighs_no_more_than_all_requests(arm: Arm, more: int) -> None:
    full = replace(arm, failed=max(arm.requests, 0))
    over = replace(arm, failed=max(arm.requests, 0) + more)
    stable = Arm(50, 1)
    assert (
        judged([Tick(0, {"book": (stable, over)})]).as_data() == judged([Tick(0, {"book": (stable, full)})]).as_data()
    )


def test_what_is_kept_does_not_grow_with_the_release() -> None:
    def size(ticks: int) -> int:
        rng = random.Random(7)
        judge = Judge(POLICY)
        for number in range(ticks):
            noise = Arm(20, binomial(rng, 20, 0.01), (binomial(rng, 20, 0.5), 1, 0))
            judge.add(Tick(600 * number, {"book": (noise, noise)}))
        return len(json.dumps(judge.as_data()))

    # 8,000 restarts; only the digits of the totals may get more.
    assert size(8000) < size(10) + 200
    assert size(8000) < 4000


@pytest.mark.parametrize("first", [0.5, 0.85])
def test_the_sum_that_is_kept_is_the_mixture_of_processes_kept_one_by_one(first: float) -> None:
    rng = random.Random(11)
    ratios, weights = (1.5, 3.0, 10.0), (0.2, 0.7, 0.1)
    merged, apart = e.RestartedEvidence(1.5, ratios, weights, first), [e.Evidence(1.5, ratios, weights)]
    for number in range(300):
        restart = number // 10
        merged.begin(restart)
        while len(apart) <= restart:
            apart.append(e.Evidence(1.5, ratios, weights))
        tick = (90, 10, binomial(rng, 90, 0.01), binomial(rng, 10, 0.05))
        merged.add(*tick)
        for process in apart:
            process.add(*tick)
    parts = [first, *((1 - first) / (j * (j + 1)) for j in range(1, len(apart)))]
    mixture = sum(math.exp(process.log_odds) * part for part, process in zip(parts, apart, strict=True))
    assert math.exp(merged.log_odds) == pytest.approx(mixture + 1 - sum(parts))


def test_the_margin_is_for_ten_users_and_shrinks_with_their_number() -> None:
    policy = Policy(margin=1.5)
    found = [policy.harm_ratio("failed", crowd) for crowd in (0, 1, 10, 40, 1000)]
    assert found == [1.5, 1.5, 1.5, 1.125, pytest.approx(1.005)]
    assert replace(policy, pre_rate={"failed": 2.0}).harm_ratio("failed", 40) == 2.25


def test_what_a_tick_brings_does_not_choose_its_own_yardstick() -> None:
    bad = {"/": (Arm(90, 1), Arm(10, 3))}
    alone, crowded = Judge(POLICY), Judge(POLICY)
    alone.add(Tick(0, bad))
    crowded.add(Tick(0, bad, crowd=1000))
    assert alone.opinion().harm_odds == crowded.opinion().harm_odds
    alone.add(Tick(10, bad))
    crowded.add(Tick(10, bad))
    assert alone.opinion().harm_odds["failed"] < crowded.opinion().harm_odds["failed"]
    assert Judge.from_data(POLICY, crowded.as_data()).as_data() == crowded.as_data()


# Why it may look after every tick


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.6])
@pytest.mark.parametrize(("null", "steps"), [(1.5, (1.5, 30.0)), (2.0, (1 / 1.5, 1 / 30))])
def test_the_mean_of_one_bet_never_exceeds_one_under_the_hypothesis(
    rate: float, null: float, steps: tuple[float, ...]
) -> None:
    """Summed over all outcomes of a small tick, at the edge of the hypothesis, for rare and for everyday events."""
    stable, candidate = 12, 5
    worst = min(1.0, rate * null)

    def chance(trials: int, hits: int, p: float) -> float:
        return math.comb(trials, hits) * p**hits * (1 - p) ** (trials - hits)

    for step in steps:
        mean = 0.0
        for mine in range(candidate + 1):
            for theirs in range(stable + 1):
                process = e.Evidence(null, (step,))
                process.add(stable, candidate, theirs, mine)
                weight = chance(candidate, mine, worst) * chance(stable, theirs, rate)
                mean += weight * math.exp(process.log_odds)
        # A rate of 0.6 cannot be exceeded twice: 1.0 is then below the mirrored hypothesis's edge and not covered.
        if rate * null <= 1:
            assert mean <= 1 + 1e-12


def false_alarms(policy: Policy, ratio: float, runs: int, ticks: int = 150) -> float:
    """The share of seeded streams with equal users, looked at after every tick, that end in HARM."""
    rng = random.Random(20_221_114)
    wrong = 0
    for _ in range(runs):
        judge = Judge(policy)
        for number in range(ticks):
            rate = 0.02 if number % 50 else 0.3  # an incident of both slots now and then
            weight = 10 if number < 75 else 50  # widened half way
            stable = Arm(100 - weight, binomial(rng, 100 - weight, rate))
            candidate = Arm(weight, binomial(rng, weight, min(1.0, rate * ratio)))
            judge.add(Tick(10 * number, {"book": (stable, candidate)}))
        wrong += judge.opinion().verdict == HARM
    return wrong / runs


def test_at_the_edge_of_the_margin_it_cries_wolf_no_more_often_than_promised() -> None:
    # alpha 20 % shared by two metrics is 10 % for failures; 200 runs have a standard error of 2.1 %.
    policy = replace(EVIDENCE_ONLY, alpha=0.2, restart_seconds=300)
    assert false_alarms(policy, ratio=1.5, runs=200) <= 0.10 + 2 * math.sqrt(0.1 * 0.9 / 200)


def test_beyond_the_margin_it_does_find_harm() -> None:
    assert false_alarms(EVIDENCE_ONLY, ratio=6, runs=20) == 1.0


def test_a_fault_after_hours_of_health_is_found_within_minutes() -> None:
    healthy = steady(Arm(180, 1), Arm(20, 0), 24 * 60)  # 4 h at 20 requests a second
    faulty = steady(Arm(180, 1), Arm(20, 1), 60, begin=4 * 3600)
    restarted = judged(healthy + faulty)
    assert restarted.opinion().verdict == HARM
    plain = judged(healthy + faulty, replace(POLICY, restart_seconds=10**9))
    assert plain.opinion().verdict != HARM


# The policy


def test_users_who_failed_more_before_get_a_wider_margin() -> None:
    assert Policy(pre_rate={"failed": 2.0}).harm_ratio("failed") == 3.0
    assert Policy(pre_rate={"failed": 2.0}).harm_ratio("slow") == 1.5


def test_users_who_failed_less_before_do_not_narrow_the_margin() -> None:
    assert Policy(pre_rate={"failed": 0.1}).harm_ratio("failed") == 1.5


def test_a_handful_of_counts_cannot_blind_the_judge() -> None:
    assert Policy(pre_rate={"failed": 400.0}).harm_ratio("failed") == 7.5


def test_the_rate_before_the_release_is_a_ratio_even_where_nothing_failed() -> None:
    assert pre_rate(Arm(), Arm(10, 1)) == {}
    rates = pre_rate(Arm(1000, 0, (500, 50, 10)), Arm(9000, 9, (4500, 450, 90)))
    assert rates["failed"] == pytest.approx(0.5 / 9.5 * 9)
    assert rates["slow"] == pytest.approx(10.5 / 90.5 * 9)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 1.0}, "alpha"),
        ({"margin": 0.9}, "margin"),
        ({"margin": math.inf}, "margin"),
        ({"worse_ratio": 1.0}, "worse_ratio"),
        ({"ratios": ()}, "ratios"),
        ({"ratios": (1.0,)}, "ratios"),
        ({"bets": ()}, "bets"),
        ({"bets": ((2, 0.5), (4, 0.4))}, "add up to 1"),
        ({"bets": ((1, 1.0),)}, "bets"),
        ({"restart_seconds": 0}, "restart_seconds"),
        ({"hard_failing": 11}, "hard_failing"),
        ({"pre_rate": {"failed": math.nan}}, "pre_rate"),
        ({"pre_rate": {"speed": 1.0}}, "pre_rate"),
    ],
)
def test_a_policy_that_judges_nothing_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Policy(**change)


# What is read back is not believed blindly


def broken(**change: Any) -> dict[str, Any]:
    return {**judged(steady(Arm(90, 1), Arm(10), 3)).as_data(), **change}


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        None,
        "HARM",
        broken(schema=1),
        broken(crowd=-1),
        broken(policy=Policy(margin=2.0).as_data()),
        broken(first="yesterday"),
        broken(first=None),
        broken(first=10**9),
        broken(last=True),
        broken(stable=[1, 2, 3]),
        broken(stable=[1, 0, 0, 0, -1]),
        broken(candidate=[1.5, 0, 0, 0, 0]),
        broken(harm={"metric": "mood", "reason": ""}),
        broken(harm={"metric": "slow", "reason": "x" * 10_000}),
        broken(harm="yes"),
        broken(against_fine=[]),
        broken(against_fine=7),
        broken(against_fine=[{"logs": [0.0] * 4}] * 4),
        broken(against_fine=[{"logs": [0.0] * 4, "begun": 0}] * 4),
        broken(against_worse=[{"logs": [0.0] * 5}] * 4),
        broken(against_worse=[{"logs": [0.0, 0.0, 0.0, 0.0, 0.0, math.nan]}] * 4),
        broken(against_worse=[{"logs": ["0"] * 6}] * 4),
    ],
)
def test_anything_else_than_its_own_data_is_refused(data: Any) -> None:
    with pytest.raises(ValueError):
        Judge.from_data(POLICY, data)


def test_evidence_of_another_policy_is_refused_in_plain_words() -> None:
    kept = judged(steady(Arm(90, 1), Arm(10), 3)).as_data()
    with pytest.raises(ValueError, match="another policy"):
        Judge.from_data(Policy(pre_rate={"failed": 2.0}), kept)


@settings(max_examples=30)
@given(st.integers(1, 10**12), st.integers(1, 10**6))
def test_a_long_silence_is_as_good_as_its_restarts_one_by_one(begin: int, silence: int) -> None:
    at_once, stepwise = (e.RestartedEvidence(1.5, (2.0,)) for _ in range(2))
    for process in (at_once, stepwise):
        process.add(9, 1, 0, 1)
    at_once.begin(40)
    for restart in range(1, 41):
        stepwise.begin(restart)
    assert at_once.log_odds == pytest.approx(stepwise.log_odds)
    judge = judged(steady(Arm(90, 1), Arm(10, 1), 1, begin=begin))
    judge.add(Tick(begin + 600 * silence, {}))
    assert 0 < judge.opinion().harm_odds["failed"] < 10
