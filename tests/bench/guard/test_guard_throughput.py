"""How much of one core does the guard need at 5,000 requests a second, beside the peer that only reads the same lines?

The real service as a process of its own; a writer appends 5,000 lines a second for half a minute, ten percent to the
candidate, one in 200 failing. CPU seconds come from the kernel. The peer is mtail's job at its simplest: a Python
process that follows the same file and parses each line as JSON.
Usage: make bench, or python tests/bench/guard/test_guard_throughput.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
COLLECTIONS = ROOT / "collections"
sys.path.insert(0, str(ROOT))

from tests.unit.collection.guard_lines import PORTS, line  # noqa: E402

RATE, SECONDS, BATCHES = 5_000, 30, 20
MODULE = "ansible_collections.impl.lifecycle.plugins.module_utils.guard"
PEER = """
import json, sys, time
log = open(sys.argv[1], "rb")
seen = 0
while True:
    for line in log:
        json.loads(line); seen += 1
    time.sleep(0.25)
"""


def settings(root: Path) -> dict[str, Any]:
    return {
        "application": "clinic",
        "log": str(root / "gray.log"),
        "root": str(root / "gray" / "clinic"),
        "state": str(root / "state"),
        "run": str(root / "run"),
        "ports": PORTS,
        "acts": False,
        "false_alarm_percent": 1,
        "margin": 1.5,
        "window_minutes": 60,
        "lease_minutes": 0,
    }


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_lines(log: Path) -> int:
    """RATE lines a second in BATCHES a second; returns how many."""
    begin, number = time.monotonic(), 0
    with log.open("ab", buffering=0) as file:
        for batch in range(SECONDS * BATCHES):
            time.sleep(max(0.0, begin + batch / BATCHES - time.monotonic()))
            lines = []
            for _ in range(RATE // BATCHES):
                number += 1
                bad = number % 200 == 0
                colour = "green" if number % 10 == 0 else "blue"
                route = f"/page{number % 20}/"
                user = number * 7919 % 2_000
                lines.append(line(time.time(), colour, "500" if bad else "200", user=user, route=route))
            file.write(b"\n".join(lines) + b"\n")
    return number


def prepare(place: Path) -> None:
    """A candidate at ten percent. In a process of its own: this one may know the collection by Ansible's own finder."""
    code = (
        "from ansible_collections.impl.lifecycle.plugins.module_utils import routing as r\n"
        "from ansible_collections.impl.lifecycle.plugins.module_utils.routing_store import Store\n"
        f"store = Store({str(place)!r}, 'clinic')\n"
        f"store.prepare({os.getgid()}, check=False)\n"
        "store.put_in_force(r.weigh(r.stage(r.State('clinic', r.Placed('blue', '1')), '2'), 10))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(COLLECTIONS)})


def measure() -> tuple[float, float]:
    """Print and return the shares of one core that guard and peer took."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for part in ("state", "run"):
            (root / part).mkdir()
        (root / "gray.log").touch()
        prepare(root / "gray" / "clinic")
        (root / "guard.json").write_text(json.dumps(settings(root)))
        environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
        guard = subprocess.Popen([sys.executable, "-m", MODULE, str(root / "guard.json")], env=environment)
        peer = subprocess.Popen([sys.executable, "-c", PEER, str(root / "gray.log")])
        try:
            time.sleep(2)
            before = cpu_seconds(guard.pid), cpu_seconds(peer.pid)
            written = write_lines(root / "gray.log")
            time.sleep(3)
            used = cpu_seconds(guard.pid) - before[0], cpu_seconds(peer.pid) - before[1]
            memory = Path(f"/proc/{guard.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
            told = json.loads((root / "run" / "status.json").read_text())
        finally:
            for process in (guard, peer):
                process.terminate()
                process.wait()
    counted = sum(told["step"][side]["requests"] for side in ("stable", "candidate"))
    assert counted == written, f"{counted} of {written} lines were counted: {told['troubles']}"
    ours, theirs = (seconds / SECONDS for seconds in used)
    print(f"guard {ours:.1%} of a core at {RATE}/s, {int(memory) / 1024:.0f} MB; reading alone {theirs:.1%}")
    print(f"ratio {ours / theirs:.2f}")
    return ours, theirs


def test_five_thousand_requests_a_second_fit_on_one_core() -> None:
    assert measure()[0] < 0.9


if __name__ == "__main__":
    sys.exit(measure()[0] >= 0.9)
