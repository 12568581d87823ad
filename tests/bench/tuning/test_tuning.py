"""Is a tuned PostgreSQL faster than the distribution's defaults and pgtune's values, and is what harms it taken back?

pytest -s tests/bench/tuning, as root; README.md says how it is measured, and what came of it.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.rounds import compare

from tests.bench.tuning.conftest import ROUNDS, Site, fill, killed, limit_writes
from tests.bench.tuning.pgtune import oltp

pytestmark = pytest.mark.lab
HERE = Path(__file__).parent
SECONDS = int(os.environ.get("SECONDS_A_SIDE", "20"))
CLIENTS = 8
DISK_MB = int(os.environ.get("DISK_MB", "10"))
# A pgbench database takes 15 MB a scale: so many times as large as the largest shared_buffers.
LARGER, SCALE_MB = 1.3, 15


def test_tuned_is_not_worse_than_the_defaults_and_pgtune(site: Site) -> None:
    """pgbench, read and write, on a database that no side's shared_buffers hold, on the machine's own disk."""
    against = compared(site, "as the machine has it")
    assert against["distribution"]["verdict"] != "worse"
    assert against["pgtune"]["verdict"] != "worse"


def test_tuned_beats_the_defaults_on_a_disk_with_little_to_spare(site: Site) -> None:
    """The same where the WAL may be written at DISK_MB a second: a page goes in whole after each checkpoint."""
    limit_writes(site, DISK_MB)
    try:
        against = compared(site, f"{DISK_MB} MB/s")
    finally:
        limit_writes(site, 0)
    assert against["distribution"]["verdict"] == "better"
    assert against["pgtune"]["verdict"] != "worse"


def only_with_postgresql(site: Site) -> None:
    if "db" not in site.groups:
        pytest.skip("PostgreSQL is not on this host")


def compared(site: Site, disk: str) -> dict[str, dict[str, Any]]:
    """What tuned is against each other side; the kernel has killed nothing meanwhile."""
    only_with_postgresql(site)
    tuned: dict[str, Any] = site.tuning()["variables"]["postgresql_settings"]
    sides = {"distribution": {}, "tuned": tuned, "pgtune": oltp(site.memory_mb, int(tuned["max_connections"]))}
    scale = math.ceil(LARGER * (site.memory_mb / 4) / SCALE_MB)
    fill(site, scale)
    before, series = killed(site), measured(site, sides)
    print(f"\n{site.memory_mb} MB, disk {disk}, {CLIENTS} clients, scale {scale}, {ROUNDS} rounds of {SECONDS} s")
    for name, values in series.items():
        print(f"{name}: {', '.join(f'{value:.0f}' for value in values)} transactions/s")
    print(f"killed by the kernel: {killed(site) - before}")
    verdicts = {name: compare(series[name], series["tuned"]) for name in ("distribution", "pgtune")}
    for name, verdict in verdicts.items():
        print(f"tuned against {name}: {verdict['verdict']}, {verdict['ratio']:.2f} times, p = {verdict['p']:.3f}")
    assert killed(site) == before
    return verdicts


@pytest.mark.parametrize("harmful", [{"work_mem": "1MB", "max_connections": "2"}, {"max_connections": "6"}], ids=str)
def test_what_harms_is_recognised_and_taken_back(site: Site, harmful: dict[str, str]) -> None:
    """With two connections PostgreSQL does not start: three are kept for administrators. With six pgbench fails."""
    only_with_postgresql(site)
    kept = site.tuning()["variables"]["postgresql_settings"]
    site.play("impl.lifecycle.tune", tune_profile="oltp", tune_seconds=3, tune_try={"postgresql_settings": harmful})
    told = site.tuning()
    found = told["evidence"]["postgresql"]
    print(f"\n{site.memory_mb} MB, {harmful}: {found['verdict']}, {found['broken']}")
    assert found["verdict"] == "worse"
    assert told["variables"]["postgresql_settings"] == kept
    for name in harmful:
        said = site.inside("runuser", "-u", "postgres", "--", "psql", "-Atc", f"SHOW {name}").strip()
        assert said == kept[name]


def test_noise_alone_takes_nothing_back(site: Site) -> None:
    """Nothing to try, so both sides are as the host is: of twenty verdicts one may say "worse"."""
    found: list[tuple[str, str, list[int]]] = []
    while len(found) < 20:
        site.play("impl.lifecycle.tune", tune_profile="oltp", tune_seconds=3, tune_restart_slots=True)
        told = site.tuning()["evidence"]
        found += [(service, about["verdict"], about["rounds"]) for service, about in told.items()]
    verdicts = Counter(verdict for _service, verdict, _rounds in found)
    print(f"\n{site.memory_mb} MB, {len(found)} verdicts on nothing: {dict(verdicts)}")
    # Twice as many rounds are of those that were called worse first.
    print(f"asked twice: {[(service, verdict) for service, verdict, rounds in found if rounds > [3, 3]]}")
    assert verdicts["worse"] <= len(found) / 20


def measured(site: Site, sides: dict[str, dict[str, Any]]) -> dict[str, list[float]]:
    """Transactions a second of every side. Each begins with a restart, and a third of the time that is not counted."""
    series: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(ROUNDS):
        # The side that begins changes, so that a host which gets slower does so for all of them.
        for name in list(sides)[:: 1 if number % 2 == 0 else -1]:
            site.play(str(HERE / "apply.yml"), side=sides[name])
            site.inside("runuser", "-u", "postgres", "--", "psql", "--quiet", "--command", "CHECKPOINT")
            site.inside("systemctl", "restart", "postgresql@15-main")
            pgbench(site, SECONDS // 3)
            series[name].append(pgbench(site, SECONDS))
    return series


def pgbench(site: Site, seconds: int) -> float:
    options = ("--no-vacuum", "--client", str(CLIENTS), "--jobs", "2", "--time", str(seconds))
    said = site.inside("runuser", "-u", "postgres", "--", "pgbench", *options, "lifecycle_bench")
    found = re.search(r"tps = ([0-9.]+)", said)
    assert found, said
    return float(found[1])
