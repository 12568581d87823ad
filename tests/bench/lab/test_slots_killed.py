"""Both slots of one of two hosts are killed at once, again and again, with users on both versions.

nginx repeats a GET whose server died, and a POST only when nothing of it was sent: what a POST has begun may have
happened, and repeating it would do it twice. So of the POSTs those in flight fail at most, and of the GETs only one
whose answer had begun: its head is with the client already, and the connection ends in the middle of the page.
Two minutes: pytest -s tests/bench/lab/test_slots_killed.py, as root.
"""

from __future__ import annotations

import time

import pytest

from demo.load import Load
from tests.bench.lab.conftest import ENV, inside
from tests.e2e.conftest import URL, Lifecycle, eventually

pytestmark = pytest.mark.lab
KILLS = 5
CLIENTS = 50
SLOTS = "tomcat@clinic-blue tomcat@clinic-green"


def up() -> bool:
    asked = "curl -fs -o /dev/null localhost:8080/health && curl -fs -o /dev/null localhost:8180/health && echo well"
    return inside("app1", asked, check=False) == "well"


def test_only_posts_in_flight_are_lost_when_both_slots_are_killed(two_good_versions: Lifecycle) -> None:
    two_good_versions.json("release", "widen", "50", *ENV)
    with (
        Load(URL + "/", clients=CLIENTS, think=0.05, timeout=30, max_seconds=300, paths=["/"]) as readers,
        Load(URL + "/", clients=CLIENTS, think=0.05, timeout=30, max_seconds=300) as visitors,
    ):
        for _ in range(KILLS):
            time.sleep(3)
            inside("app1", f"systemctl kill --signal=KILL {SLOTS}")
            time.sleep(3)
            inside("app1", f"systemctl start {SLOTS}")
            assert eventually(up, 60)
    reading, mixed = readers.report(), visitors.report()
    print(f"{KILLS} kills of both slots: {reading.failures} of {reading.requests} GET failed,")
    print(f"{mixed.failures} of {mixed.requests} requests of visitors, who also POST: {mixed.statuses}")
    cut = reading.lost + mixed.lost
    print(f"{cut} answers were cut in the middle")
    assert (reading.errors_5xx, reading.refused, reading.timed_out) == (0, 0, 0), reading.samples
    assert (mixed.refused, mixed.timed_out) == (0, 0), mixed.samples
    assert cut <= 2 * KILLS, [*reading.samples, *mixed.samples]
    assert mixed.errors_5xx <= KILLS * CLIENTS
    assert set(mixed.versions) >= {"1.0.0", "1.1.0"}
