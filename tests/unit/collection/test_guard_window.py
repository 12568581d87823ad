"""A promoted version against what the one before it left room for: how often it is wrong, how soon it is right."""

from __future__ import annotations

import json
import random

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_window import Window

ALPHA, MARGIN, TICK = 0.01, 1.5, 2
ENVELOPE = {"/": (0.004, (0.0, 0.06, 0.0))}


def run(rate: float, ticks: int, seed: int, requests: int = 40) -> int | None:
    """The tick after which harm is said; None when it never is."""
    chance = random.Random(seed)
    window = Window("1.1.0", "1.0.0", ENVELOPE, 0.0, 1e9)
    for number in range(ticks):
        failed = sum(chance.random() < rate for _ in range(requests))
        window.add(number * TICK, {"/": [requests, failed, 0, 0, 0]}, MARGIN)
        if window.harm(ALPHA):
            return number
    return None


def test_a_version_at_the_edge_of_the_envelope_is_left_alone() -> None:
    # 0.006 is envelope times margin, the worst rate that is no harm. Ville: at most 1 % of all watches; 100 seeds
    # allow 1 + 2 standard errors = 3.
    wrong = sum(run(0.006, 900, seed) is not None for seed in range(100))
    assert wrong <= 3


def test_a_version_that_got_worse_is_found_in_minutes() -> None:
    found = [run(0.03, 900, seed) for seed in range(20)]
    assert None not in found
    assert sorted(one for one in found if one is not None)[10] * TICK < 120


def test_a_version_that_breaks_down_is_found_in_seconds() -> None:
    assert (run(0.5, 30, 1) or 0) * TICK < 6


def test_routes_it_knows_nothing_about_say_nothing() -> None:
    window = Window("1.1.0", "1.0.0", ENVELOPE, 0.0, 1e9)
    window.add(0, {"/new": [100, 100, 100, 100, 100]}, MARGIN)
    assert window.harm(ALPHA) == ""


def test_slowness_is_told_and_does_not_decide() -> None:
    window = Window("1.1.0", "1.0.0", ENVELOPE, 0.0, 1e9)
    for number in range(60):
        window.add(number * TICK, {"/": [40, 0, 40, 40, 40]}, MARGIN)
    assert window.odds["slow"] > 1 / ALPHA
    assert window.harm(ALPHA) == ""


def test_it_goes_on_from_what_was_kept() -> None:
    one = Window("1.1.0", "1.0.0", ENVELOPE, 0.0, 1e9)
    for number in range(10):
        one.add(number * TICK, {"/": [40, number % 2, 1, 0, 0]}, MARGIN)
    two = Window.from_data(json.loads(json.dumps(one.as_data())))
    for window in (one, two):
        window.add(400 * TICK, {"/": [40, 3, 1, 0, 0]}, MARGIN)
    assert two.odds == one.odds
    assert two.as_data() == one.as_data()
    with pytest.raises(ValueError, match="not the watch"):
        Window.from_data({"version": "1"})
