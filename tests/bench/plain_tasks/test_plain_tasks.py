"""What does a run that changes nothing cost, against the same end state by one plain task a file, setting and service?

About a quarter of an hour on two cores: pytest -s tests/bench/plain_tasks, as root. README.md says what is compared.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bench.plain_tasks.conftest import LAB, Site
from tests.e2e.conftest import ROOT

pytestmark = pytest.mark.lab
HERE = Path(__file__).parent
HOSTS = ("edge1", "app1", "app2", "cache1", "db1")
PLAYBOOKS = {"collection": "impl.lifecycle.provision", "plain": str(HERE / "plain.yml")}
ROUNDS = int(os.environ.get("ROUNDS", "3"))
IDLE_SECONDS = 20
# The plain tasks have to need at least so many times what the collection needs.
LIMIT = 3.0


@dataclass(frozen=True)
class Cost:
    """Seconds of one run."""

    wall: float
    controller: float
    hosts: float

    @property
    def total(self) -> float:
        """CPU of the controller and of all hosts."""
        return self.controller + self.hosts


def run(site: Site, playbook: str, *arguments: str, **environment: str) -> tuple[str, float, float]:
    """The output, wall seconds and CPU seconds of the controller of a run."""
    with tempfile.TemporaryDirectory(prefix="plain-") as name:
        # Connections of its own: each run logs in anew, and none finds what another left open.
        alone = {**site.environment, "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{name}/cp", **environment}
        measured = (sys.executable, str(HERE / "measured.py"), f"{name}/result.json")
        command = (*measured, "ansible-playbook", playbook, "-i", str(site.inventory), *arguments)
        output = Site(site.inventory, alone)(*command).stdout
        taken = json.loads(Path(name, "result.json").read_text())
    return output, taken["wall"], taken["cpu"]


def assert_unchanged(output: str) -> None:
    """Every host says changed=0; what changed is shown otherwise."""
    told = dict(re.findall(r"^(\w+) +: ok=\d+ +changed=(\d+) ", output, flags=re.MULTILINE))
    changed = re.findall(r"^TASK \[(?:(?!^TASK ).*\n)*?changed: .*$", output, flags=re.MULTILINE)
    assert told == dict.fromkeys(HOSTS, "0"), (told, changed)


def cpu_of_hosts() -> float:
    """CPU seconds that all processes of all lab hosts have had so far, by the kernel's own count."""
    pids = subprocess.run(
        ["podman", "inspect", "--format", "{{.State.Pid}}", *(f"{LAB}-{host}" for host in HOSTS)],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert len(pids) == len(HOSTS)
    return sum(cpu_of_group(int(pid)) for pid in pids)


def cpu_of_group(pid: int) -> float:
    """CPU seconds of the control group that a host's first process, its systemd in init.scope, has below."""
    group = Path(f"/proc/{pid}/cgroup").read_text().rpartition("0::/")[2].strip().removesuffix("/init.scope")
    mounted = Path("/sys/fs/cgroup/unified")
    told = ((mounted if mounted.is_dir() else mounted.parent) / group / "cpu.stat").read_text()
    return int(dict(line.split() for line in told.splitlines())["usage_usec"]) / 1e6


def idle_rate() -> float:
    """CPU seconds that all hosts together use in a second in which nobody asks them for anything."""
    began, before = time.monotonic(), cpu_of_hosts()
    time.sleep(IDLE_SECONDS)
    return (cpu_of_hosts() - before) / (time.monotonic() - began)


def measure(site: Site, playbook: str, idle: float) -> Cost:
    began, before = time.monotonic(), cpu_of_hosts()
    output, wall, controller = run(site, playbook)
    hosts = cpu_of_hosts() - before - idle * (time.monotonic() - began)
    assert_unchanged(output)
    return Cost(wall, controller, hosts)


def calls(site: Site, playbook: str, directory: Path) -> int:
    """How many tasks a run does on its hosts, a loop's every item being one; what is skipped or done here is none."""
    told = directory / "calls.json"
    output, _, _ = run(
        site, playbook, MODULE_CALLS=str(told),
        ANSIBLE_CALLBACK_PLUGINS=str(ROOT / "tests/e2e/callback"), ANSIBLE_CALLBACKS_ENABLED="module_calls",
    )  # fmt: skip
    assert_unchanged(output)
    return sum(json.loads(told.read_text())["calls"].values())


def test_plain_tasks_find_the_end_state_of_the_collection(provisioned: Site) -> None:
    """Neither has anything to change on what the other made: this is what makes the figures comparable."""
    for arguments in ((PLAYBOOKS["plain"],), (PLAYBOOKS["plain"], "--check"), (PLAYBOOKS["collection"], "--check")):
        output, _, _ = run(provisioned, *arguments)
        assert_unchanged(output)


def test_a_run_without_changes_costs_a_third_of_plain_tasks(provisioned: Site, tmp_path: Path) -> None:
    # These runs are the warm ones, too.
    counted = {name: calls(provisioned, playbook, tmp_path) for name, playbook in PLAYBOOKS.items()}
    idle = idle_rate()
    found: dict[str, list[Cost]] = {name: [] for name in PLAYBOOKS}
    for _ in range(ROUNDS):
        for name, playbook in PLAYBOOKS.items():
            found[name].append(measure(provisioned, playbook, idle))
            print(f"{name}: {found[name][-1]}")
    ratios = table(counted, idle, found)
    assert ratios["total"] >= LIMIT
    assert ratios["wall"] >= LIMIT


def table(counted: Mapping[str, int], idle: float, found: Mapping[str, list[Cost]]) -> dict[str, float]:
    """Print medians with their spread, and return the ratio of the medians of each figure."""
    ratios = {}
    print(f"\n{ROUNDS} rounds, {os.cpu_count()} cores, five hosts; idle hosts use {idle:.3f} CPU s a second")
    print(f"{'':<12}{'collection':>24}{'plain tasks':>24}{'ratio':>8}")
    ours, theirs = counted["collection"], counted["plain"]
    print(f"{'calls':<12}{ours:>24}{theirs:>24}{theirs / ours:>8.2f}")
    for figure in ("controller", "hosts", "total", "wall"):
        values = {name: [getattr(cost, figure) for cost in costs] for name, costs in found.items()}
        medians = {name: statistics.median(taken) for name, taken in values.items()}
        ratios[figure] = medians["plain"] / medians["collection"]
        shown = [f"{medians[name]:.1f} s ({min(taken):.1f}-{max(taken):.1f})" for name, taken in values.items()]
        print(f"{figure:<12}{shown[0]:>24}{shown[1]:>24}{ratios[figure]:>8.2f}")
    return ratios
