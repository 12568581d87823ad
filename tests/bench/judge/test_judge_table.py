"""The figures that must hold, with a modest number of seeded runs. The whole table: simulate.py."""

from __future__ import annotations

import pytest
from simulate import SCENARIOS, one_run, rows

from judge_traffic import Site  # isort: skip
from judge_policies import Ours  # isort: skip

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
HEALTHY = [scenario for scenario in SCENARIOS if scenario.healthy]
RUNS = 100


@pytest.mark.parametrize("scenario", HEALTHY, ids=lambda scenario: scenario.name)
def test_a_healthy_release_is_taken_back_in_one_percent_at_most(scenario) -> None:
    (row,) = rows(scenario, RUNS if scenario.minutes <= 60 else 30, ("judge",))
    assert row.back <= 0.01 + row.error


@pytest.mark.parametrize(
    ("name", "found", "seconds"),
    [
        ("20 % fail 20/s 10 %", 1.0, 30),
        ("0.1 -> 0.5 % 20/s 10 %", 0.95, 1200),
        ("0.5 -> 2.5 % 20/s 10 %", 0.95, 400),
        ("0.5 -> 2.5 % in incidents", 0.9, 480),
        ("all answers slower", 1.0, 120),
        ("slowest answers only", 0.9, 600),
    ],
)
def test_a_harmful_release_is_found_in_time(name: str, found: float, seconds: float) -> None:
    (row,) = rows(BY_NAME[name], 30, ("judge",))
    assert row.back >= found
    assert row.seconds <= seconds


def test_a_fault_after_four_hours_is_found_sooner_than_without_restarts() -> None:
    ours, plain = rows(BY_NAME["0.5 -> 2.5 % after 4 h"], 15, ("judge", "plain e-process"))
    assert (ours.early, ours.back) == (0, 1)
    assert ours.seconds < plain.seconds


def test_the_same_seed_is_the_same_run() -> None:
    scenario = BY_NAME["20 % fail 20/s 10 %"]
    assert one_run(scenario, 3, ("judge", "mSPRT")) == one_run(scenario, 3, ("judge", "mSPRT"))


def test_without_the_rule_of_one_event_a_minute_bursts_take_healthy_releases_back() -> None:
    scenario, back = BY_NAME["healthy, bursts"], 0
    for number in range(30):
        site = Site(scenario, f"{scenario.name}/{number}", distinct=False)
        judge = Ours(site)
        back += any(judge.back(tick, raw) for tick, raw in site.ticks())
    assert back / 30 > 0.05
