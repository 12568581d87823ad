"""Does a tuned host live with its memory? README.md says what is counted, and what came of it."""

from __future__ import annotations

import subprocess

import pytest

from tests.bench.tuning.conftest import HOST, TWO_SLOTS_MB, Site, fill, killed

pytestmark = pytest.mark.lab
UNITS = ("postgresql@15-main", "redis-server", "nginx")
SLOTS = ("tomcat@demo-blue", "tomcat@demo-green")
TOGETHER_SECONDS = 20


def processes(site: Site, *units: str) -> dict[str, str]:
    found = {unit: site.main_process(unit) for unit in units}
    assert "0" not in found.values(), found
    return found


def test_every_service_survives_its_own_benchmark(site: Site) -> None:
    """PostgreSQL, Redis, the slot and nginx, one after another: the kernel kills nothing, and each is what it was."""
    before, running = killed(site), processes(site, *UNITS)
    # Nothing to try: both sides are as the host is. Only the slot restarts, which has been allowed.
    site.play("impl.lifecycle.tune", tune_profile="oltp", tune_seconds=5, tune_restart_slots=True)
    found = site.tuning()["evidence"]
    print()
    for service, about in found.items():
        print(f"{site.memory_mb} MB, {service}: {about['verdict']}, {about['series']} {about['unit']}")
    assert killed(site) == before
    assert found.keys() == {"postgresql", "redis", "nginx", "tomcat"}
    assert processes(site, *UNITS) == running
    processes(site, SLOTS[0])


def test_two_slots_and_everything_else_survive_at_the_same_time(site: Site) -> None:
    """A release at half its weight, so that both slots have users, while the database and the cache are busy too."""
    if site.memory_mb < TWO_SLOTS_MB:
        pytest.skip("two slots do not fit into it, as the budget says")
    fill(site, 10)
    site.play("impl.lifecycle.release", candidate="2.0.0", weight=50)
    before, running = killed(site), processes(site, *UNITS, *SLOTS)
    seconds = str(TOGETHER_SECONDS)
    busy = [
        ("runuser", "-u", "postgres", "--", "pgbench", "--client", "8", "--time", seconds, "lifecycle_bench"),
        # Larger than what Redis may keep, so that it is full to its limit, and saves meanwhile.
        (
            "sh",
            "-c",
            f"timeout {seconds} redis-benchmark -q --user lifecycle -a $REDISCLI_AUTH"
            " -r 1000000 -n 9000000 -d 1000 -t set",
        ),
        ("wrk", "--threads=1", "--connections=64", f"--duration={seconds}s", "http://127.0.0.1/index.jsp"),
    ]
    password = "REDISCLI_AUTH=scenario-cache-5f1b"
    started = [
        subprocess.Popen(
            ["podman", "exec", "--env", password, HOST, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for command in busy
    ]
    said = [one.communicate(timeout=TOGETHER_SECONDS * 6)[0] for one in started]
    print(f"\n{site.memory_mb} MB, all at once: " + "; ".join(text.strip().splitlines()[-1] for text in said))
    assert started[0].returncode == 0, said[0]
    assert started[2].returncode == 0, said[2]
    assert killed(site) == before
    assert processes(site, *UNITS, *SLOTS) == running
