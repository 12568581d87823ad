"""Does a tuned host live with its memory, and is it faster than the distribution's defaults and pgtune's values?

pytest -s tests/bench/tuning, as root; README.md says how it is measured, and what came of it.
"""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.rounds import compare

from tests.bench.tuning.conftest import Site, killed
from tests.bench.tuning.pgtune import oltp

pytestmark = pytest.mark.lab
HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = int(os.environ.get("SECONDS_A_SIDE", "20"))
CLIENTS = 8
# A pgbench database takes 15 MB a scale: so many times as large as the largest shared_buffers.
LARGER, SCALE_MB = 1.3, 15
UNITS = ("postgresql@15-main", "redis-server", "nginx", "tomcat@demo-blue")


def test_every_service_survives_its_own_benchmark(site: Site) -> None:
    """PostgreSQL, Redis, nginx and the slot behind it: the kernel kills nothing, and each is the process it was."""
    pids = {unit: site.inside("systemctl", "show", "--value", "--property=MainPID", unit).strip() for unit in UNITS}
    assert "0" not in pids.values(), pids
    before = killed(site)
    # Nothing to try: both sides are as the host is, so that nothing restarts.
    site.play("impl.lifecycle.tune", tune_profile="oltp", tune_seconds=5)
    found = site.tuning()["evidence"]
    for service, about in found.items():
        print(f"{site.memory_mb} MB, {service}: {about['verdict']}, {about['series']} {about['unit']}")
    assert killed(site) == before
    assert found.keys() == {"postgresql", "redis", "nginx"}
    after = {unit: site.inside("systemctl", "show", "--value", "--property=MainPID", unit).strip() for unit in UNITS}
    assert after == pids


def test_tuned_beats_the_defaults_and_is_not_worse_than_pgtune(site: Site) -> None:
    """pgbench, read and write, on a database that no side's shared_buffers hold."""
    tuned: dict[str, Any] = site.tuning()["variables"]["postgresql_settings"]
    sides = {"distribution": {}, "tuned": tuned, "pgtune": oltp(site.memory_mb, int(tuned["max_connections"]))}
    scale = math.ceil(LARGER * (site.memory_mb / 4) / SCALE_MB)
    fill(site, scale)
    before, series = killed(site), measured(site, sides)
    print(f"\n{site.memory_mb} MB, {CLIENTS} clients, scale {scale}, {ROUNDS} rounds of {SECONDS} s, transactions/s")
    for name, values in series.items():
        print(f"{name}: {', '.join(f'{value:.0f}' for value in values)}")
    print(f"killed by the kernel: {killed(site) - before}")
    verdicts = {name: compare(series[name], series["tuned"]) for name in ("distribution", "pgtune")}
    for name, verdict in verdicts.items():
        print(f"tuned against {name}: {verdict['verdict']}, {verdict['ratio']:.2f} times, p = {verdict['p']:.3f}")
    assert killed(site) == before
    assert verdicts["distribution"]["verdict"] == "better"
    assert verdicts["pgtune"]["verdict"] != "worse"


def fill(site: Site, scale: int) -> None:
    run = ("runuser", "-u", "postgres", "--")
    site.inside(*run, "psql", "--command", "DROP DATABASE IF EXISTS lifecycle_bench")
    site.inside(*run, "createdb", "lifecycle_bench")
    site.inside(*run, "pgbench", "--initialize", "--quiet", "--scale", str(scale), "lifecycle_bench")


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
