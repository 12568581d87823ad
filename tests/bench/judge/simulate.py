"""How often is a healthy release taken back, and how fast a harmful one? Ours and what others document, side by side.

Usage: python tests/bench/judge/simulate.py [--runs N] [--only TEXT] [--json]
Seeded by scenario and run, so a run is the same everywhere; a run is decided every 10 s until its end.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from dataclasses import dataclass

from judge_policies import POLICIES
from judge_traffic import Scenario, Site

SCENARIOS = (
    Scenario("healthy 20/s 10 % 0.5 %"),
    Scenario("healthy 20/s 50 % 1 %", share=0.5, base=0.01),
    Scenario("healthy 5/s 5 % 0.1 %", rate=5, share=0.05, base=0.001),
    Scenario("healthy 1/s 50 % 1 %", rate=1, share=0.5, base=0.01),
    Scenario("healthy 1/s 5 % 1 %", rate=1, share=0.05, base=0.01),
    Scenario("healthy, bursts", bursts=6),
    Scenario("healthy, shared incidents", incidents=2),
    Scenario("healthy, 10 of 200 users", rate=5, share=0.05, users=200, spread=1.0, known_cohort=True),
    Scenario("healthy, 10 of 200, bursts", rate=5, share=0.05, users=200, spread=1.0, known_cohort=True, bursts=6),
    Scenario("healthy, 10 of 200, 20/s", share=0.05, users=200, spread=1.0, known_cohort=True),
    Scenario("healthy, 50 of 1000, 20/s", share=0.05, users=1000, spread=1.0, known_cohort=True),
    Scenario("healthy, 200 of 2000, 20/s, not known before", spread=1.0),
    Scenario("healthy, 8 hours", rate=5, minutes=480),
    Scenario("20 % fail 20/s 10 %", base=0.001, fault=0.20),
    Scenario("20 % fail 1/s 10 %", rate=1, base=0.001, fault=0.20),
    Scenario("0.1 -> 0.5 % 20/s 10 %", base=0.001, fault=0.005, minutes=120),
    Scenario("0.5 -> 2.5 % 20/s 10 %", fault=0.025),
    Scenario("5 times, 10 of 200 users", rate=5, share=0.05, users=200, spread=1.0, known_cohort=True, fault=0.025),
    Scenario("5 times, 10 of 200, 20/s", share=0.05, users=200, spread=1.0, known_cohort=True, fault=0.025),
    Scenario("0.5 -> 2.5 % in incidents", fault=0.025, incidents=2),
    Scenario("0.5 -> 2.5 % after 4 h", fault=0.025, onset=240, minutes=330),
    Scenario("one route of three 20 %", fault=0.20, fault_route="report"),
    Scenario("all answers slower", slow=(0.8, 0.3, 0.1)),
    Scenario("slowest answers only", slow=(0.5, 0.06, 0.05)),
)


@dataclass(frozen=True)
class Row:
    """One policy in one scenario. Seconds count from the onset of the fault."""

    scenario: str
    healthy: bool
    policy: str
    runs: int
    back: float
    early: float
    seconds: float

    @property
    def error(self) -> float:
        """Two standard errors of a true 1 %."""
        return 2 * math.sqrt(0.01 * 0.99 / self.runs)


def one_run(scenario: Scenario, number: int, policies: tuple[str, ...]) -> dict[str, float]:
    """Policy -> the second at which it rolled back, or infinity."""
    site = Site(scenario, f"{scenario.name}/{number}")
    open_ones = {name: POLICIES[name](site) for name in policies}
    found = dict.fromkeys(policies, math.inf)
    for tick, raw in site.ticks():
        for name in [name for name, decider in open_ones.items() if decider.back(tick, raw)]:
            found[name] = tick.at + 10
            del open_ones[name]
        if not open_ones:
            break
    return found


def rows(scenario: Scenario, runs: int, policies: tuple[str, ...] = tuple(POLICIES)) -> list[Row]:
    found = [one_run(scenario, number, policies) for number in range(runs)]
    table, onset = [], scenario.onset * 60
    for name in policies:
        times = [run[name] for run in found]
        caught = [at - onset for at in times if onset < at < math.inf]
        early = sum(at <= onset for at in times) / runs
        delay = statistics.median(caught) if caught else math.nan
        table.append(Row(scenario.name, scenario.healthy, name, runs, len(caught) / runs, early, delay))
    return table


def shown(row: Row) -> str:
    early = f" (+{row.early:.1%} before)" if row.early else ""
    delay = (
        "" if row.healthy or math.isnan(row.seconds) else f"  median {row.seconds:.0f} s = {row.seconds / 60:.1f} min"
    )
    what = "rolled back" if row.healthy else "found"
    return f"  {row.policy:22} {what} {row.back:6.1%}{early}{delay}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=200)
    options.add_argument("--only", default="", help="scenarios whose name has this text")
    options.add_argument("--policies", nargs="*", default=list(POLICIES), choices=list(POLICIES))
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    for scenario in SCENARIOS:
        if given.only not in scenario.name:
            continue
        if not given.json:
            print(f"{scenario.name}", flush=True)
        for row in rows(scenario, given.runs, tuple(given.policies)):
            finite = {**vars(row), "seconds": None if math.isnan(row.seconds) else row.seconds}
            print(json.dumps(finite) if given.json else shown(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
