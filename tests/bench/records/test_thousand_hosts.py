"""A run over a thousand hosts: no result is lost, and the orchestrator's memory neither is large nor grows.
Nor is the database large.

1,000 hosts with a local connection x 50 tasks, 50,000 results; 20 minutes on two cores.
Usage: pytest -s tests/bench/records/test_thousand_hosts.py; HOSTS=100 for a tenth of it.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import time
from pathlib import Path

from tests.integration.conftest import HOST, Site

HOSTS, TASKS = int(os.environ.get("HOSTS", "1000")), 50
LIMIT_MIB = 300
LIMIT_BYTES = 150


def resident_mib(pid: int) -> float:
    """What a process has in memory; without its children, which are Ansible's."""
    (line,) = (each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def test_a_thousand_hosts(site: Site) -> None:
    site.hosts(**{f"host{number}": HOST for number in range(HOSTS)})
    play = site.playbook(
        "\n".join(f'- name: Say {number}\n  ansible.builtin.debug:\n    msg: "{number}"' for number in range(TASKS))
    )
    site.env["ANSIBLE_FORKS"] = "20"
    started = time.monotonic()
    with (site.root / "output").open("w") as output:
        process = site.start("run", play, "-i", "site-lab", to=output)
        memory = []
        while process.poll() is None:
            try:
                memory.append(resident_mib(process.pid))
            except (ValueError, FileNotFoundError):
                break
            time.sleep(1)
        assert process.wait() == 0, (site.root / "output").read_text()[-2000:]
    took = time.monotonic() - started
    (run,) = site.history()
    assert (run["status"], run["recorded"]) == ("successful", "full")
    database = site.var / "lifecycle.db"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        results = connection.execute("SELECT count(*) FROM result").fetchone()[0]
        each = connection.execute("SELECT count(*) FROM (SELECT DISTINCT host, task_uuid FROM result)").fetchone()[0]
    assert results == each == HOSTS * TASKS
    tenth = max(1, len(memory) // 10)
    early, late = (statistics.median(part) for part in (memory[tenth : 3 * tenth], memory[-3 * tenth : -tenth]))
    size = database.stat().st_size / results
    print(
        f"{results} results in {took:.0f} s; memory at most {max(memory):.0f} MiB, {early:.0f} early, {late:.0f} late"
    )
    print(f"{size:.0f} bytes a result")
    assert max(memory) < LIMIT_MIB
    assert late < early + 20
    # A small run is mostly what a run has once: its schema, its tasks.
    assert HOSTS < 1000 or size < LIMIT_BYTES
