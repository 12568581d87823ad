# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what was measured after a change is better than before, by the Mann-Whitney test. Pure.

Mann, Whitney (1947), On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other. Exact:
every way the measurements could have been dealt to the two sides is counted. Ties share their ranks, which keeps the
test valid. With three rounds of each, better means that every one after beats every one before (1 of 20).
"""

from __future__ import annotations

from collections import Counter
from math import comb
from statistics import median
from typing import Any, Sequence

BEFORE, AFTER = "before", "after"
BETTER, WORSE, SAME = "better", "worse", "no difference"
LEVEL = 0.05
# The ways to deal more than these are not counted in a reasonable time.
MOST_ROUNDS = 40
# What is faster by less than this is taken for as fast.
FASTER = 1.05


def turns(rounds: int) -> list[tuple[int, str]]:
    """Return (round, side) in the order of measuring: before, after, after, before, before, after ...

    The side that begins changes, so that a host which gets slower all the time does so for both. Always before first,
    1.3 times as much noise would be called worse as the level says (3 rounds, noise of 5 %, 1 % slower each time).
    """
    return [(number, side) for number in range(rounds) for side in ((BEFORE, AFTER), (AFTER, BEFORE))[number % 2]]


def compare(
    before: Sequence[float], after: Sequence[float], higher_is_better: bool = True, broken: str = ""
) -> dict[str, Any]:
    """Return {verdict, before, after, ratio, p, rounds, broken}: medians, after / before, p of the verdict's side.

    `broken`: why it could not be measured after the change; then it is worse, whatever has been measured.
    Raises ValueError when a side has fewer than three measurements or both have too many to count.
    """
    if broken:
        return _told(WORSE, before, after, 0.0, broken)
    if min(len(before), len(after)) < 3:
        raise ValueError(f"three rounds of each are the least, there are {len(before)} and {len(after)}")
    if max(len(before), len(after)) > MOST_ROUNDS:
        raise ValueError(f"{len(before)} and {len(after)} rounds are too many; {MOST_ROUNDS} of each are the most")
    rises, falls = _larger(before, after), _larger(after, before)
    good, bad = (rises, falls) if higher_is_better else (falls, rises)
    verdict = BETTER if good <= LEVEL else WORSE if bad <= LEVEL else SAME
    return _told(verdict, before, after, bad if verdict == WORSE else good, broken)


def levelled_off(figures: Sequence[float], higher_is_better: bool = True) -> bool:
    """Whether what gets faster while it is asked has come to its speed: its last two figures beat none before by much.

    A JVM that has just started answers a tenth of what it does 15 s later, when its hot code is compiled (Georges,
    Buytaert, Eeckhout (2007), Statistically Rigorous Java Performance Evaluation: measure in the steady state). One
    figure alone may stand still while the compiler waits for its turn.
    """
    if len(figures) < 3:
        return False
    before, last = figures[:-2], figures[-2:]
    return max(last) <= max(before) * FASTER if higher_is_better else min(last) >= min(before) / FASTER


def _told(verdict: str, before: Sequence[float], after: Sequence[float], p: float, broken: str) -> dict[str, Any]:
    """The verdict with its numbers. A side that was never measured has done nothing: 0."""
    sides = [list(side) or [0.0] for side in (before, after)]
    middle_before, middle_after = (median(side) for side in sides)
    return {
        "verdict": verdict,
        "before": middle_before,
        "after": middle_after,
        "before_range": [min(sides[0]), max(sides[0])],
        "after_range": [min(sides[1]), max(sides[1])],
        "ratio": middle_after / middle_before if middle_before else None,
        "p": p,
        "rounds": [len(before), len(after)],
        "broken": broken,
    }


def _larger(low: Sequence[float], high: Sequence[float]) -> float:
    """How likely `high` would rank so high if there were no difference: P(sum of its ranks >= what it is)."""
    ranks = _doubled_ranks([*low, *high])
    # How many ways there are to choose so many of the ranks with such a sum, one rank after another being allowed.
    ways: list[Counter[int]] = [Counter({0: 1}), *(Counter() for _one in high)]
    for rank in ranks:
        for size in range(len(high), 0, -1):
            for total, count in ways[size - 1].items():
                ways[size][total + rank] += count
    seen = sum(ranks[len(low) :])
    return sum(count for total, count in ways[-1].items() if total >= seen) / comb(len(ranks), len(high))


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each, which is whole where ties share theirs."""
    ordered = sorted(values)
    return [2 * ordered.index(value) + ordered.count(value) + 1 for value in values]
