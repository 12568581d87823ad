"""Does a tuned host live with its memory? README.md says what is counted, and what came of it."""

from __future__ import annotations

import subprocess

import pytest

from tests.bench.tuning.conftest import Site, fill, killed

pytestmark = pytest.mark.lab
# Group -> what runs on its hosts, and the services that are measured there.
UNITS = {"db": "postgresql@15-main", "cache": "redis-server", "edge": "nginx"}
MEASURED = {"db": "postgresql", "cache": "redis", "edge": "nginx", "app": "tomcat"}
SLOTS = ("tomcat@demo-blue", "tomcat@demo-green")
SECONDS = 20
PASSWORD = "REDISCLI_AUTH=scenario-cache-5f1b"
BUSY = {
    "db": f"runuser -u postgres -- pgbench --client 8 --time {SECONDS} lifecycle_bench",
    # Larger than what Redis may keep, so that it is full to its limit.
    "cache": f"timeout {SECONDS} redis-benchmark --user lifecycle -a $REDISCLI_AUTH -r 999999 -n 9999999 -d 999 -t set",
    "app": f"wrk --threads=1 --connections=64 --duration={SECONDS}s http://127.0.0.1/index.jsp",
}


def processes(site: Site, *units: str) -> dict[str, str]:
    found = {unit: site.main_process(unit) for unit in units}
    assert "0" not in found.values(), found
    return found


def test_every_service_survives_its_own_benchmark(site: Site) -> None:
    """PostgreSQL, Redis, the slot and nginx, one after another: the kernel kills nothing, and each is what it was."""
    units = [unit for group, unit in (UNITS | {"app": SLOTS[0]}).items() if group in site.groups]
    before, running = killed(site), processes(site, *units)
    # Nothing to try: both sides are as the host is, so not even the slot restarts, which has been allowed.
    site.play("impl.lifecycle.tune", tune_profile="oltp", tune_seconds=5, tune_restart_slots=True)
    found = site.tuning()["evidence"]
    print()
    for service, about in found.items():
        print(f"{site.memory_mb} MB, {service}: {about['verdict']}, {about['series']} {about['unit']}")
    assert killed(site) == before
    assert found.keys() == {MEASURED[group] for group in site.groups}
    assert processes(site, *units) == running


def test_two_slots_and_everything_else_survive_at_the_same_time(site: Site) -> None:
    """A release at half its weight, so that both slots have users, while the database and the cache are busy too."""
    units = [unit for group, unit in UNITS.items() if group in site.groups]
    if "db" in site.groups:
        fill(site, 10)
    if "app" in site.groups:
        site.play("impl.lifecycle.release", candidate="2.0.0", weight=50)
        units += SLOTS
    before, running = killed(site), processes(site, *units)
    started = {
        group: subprocess.Popen(
            ["podman", "exec", "--env", PASSWORD, site.host, "sh", "-c", command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for group, command in BUSY.items() if group in site.groups
    }  # fmt: skip
    said = {group: one.communicate(timeout=SECONDS * 6)[0] for group, one in started.items()}
    for group, text in said.items():
        print(f"{site.memory_mb} MB, all at once, {group}: {text.strip().splitlines()[-1]}")
        # redis-benchmark ends with an error once Redis is full to its limit.
        assert started[group].returncode == 0 or group == "cache", text
    assert killed(site) == before
    assert processes(site, *units) == running
