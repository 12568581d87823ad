"""`lifecycle release` with its real engine and real processes; the edge is a file on this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit" / "release"))

from release_site import make_environment  # noqa: E402

# What the engine runs around the phases, as it is.
MARKER = (
    "playbooks/marker_take.yml",
    "playbooks/marker_release.yml",
    "plugins/action/environment_marker.py",
    "plugins/modules/environment_marker.py",
)
COLLECTION = ROOT / "collections" / "ansible_collections" / "impl" / "lifecycle"
# A collection of the same name whose playbooks move a file instead of an edge.
EDGE = """
import json, pathlib, sys, time
state, phase, given = pathlib.Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
edge = json.loads(state.read_text())
def save(): state.write_text(json.dumps(edge))
slow = state.with_name("slow")
if phase == "release":
    version = given["candidate"]
    if (state.with_name("ill")).exists() and int(given.get("weight") or 0) > 10:
        sys.exit("the candidate does not get well")
    if edge["stable"] is None:
        edge["stable"] = {"colour": "blue", "version": version}
    else:
        edge["candidate"] = edge["candidate"] or {"colour": "green", "version": version}
        edge["weight"] = int(given.get("weight") or edge["weight"])
        if given.get("promote"):
            edge.update(stable=edge["candidate"], previous=edge["stable"], candidate=None, weight=0)
    save()
    if slow.exists():
        slow.with_name("reached").touch()
        time.sleep(60)
elif phase == "rollback":
    edge.update(candidate=None, weight=0)
    save()
print(json.dumps(edge))
"""
PLAYBOOK = """\
- hosts: edge
  gather_facts: false
  tasks:
    - name: Move the edge
      ansible.builtin.command:
        argv:
          - "{{ ansible_playbook_python }}"
          - PLACE/edge.py
          - PLACE/edge.json
          - PHASE
          - >-
            {{ {'candidate': candidate | default(none), 'weight': weight | default(none),
                'promote': promote | default(false)} | to_json }}
      register: moved
    - name: Tell
      ansible.builtin.set_stats:
        aggregate: false
        per_host: false
        data:
          lifecycle_release: "{{ moved.stdout | from_json }}"
"""
DRIVER = """\
import sys
from pathlib import Path
import orchestrator.paths as paths
paths.collections_dir = lambda: Path(sys.argv[1])
from orchestrator.cli.main import main
main(sys.argv[2:])
"""


class Site:
    """An environment, the file that is its edge, and the command in a process of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.environment = make_environment(place)
        (self.environment.path / "hosts.yml").write_text(
            f"edge:\n  hosts:\n    edge1: {{ansible_connection: local, ansible_python_interpreter: {sys.executable}}}\n"
            f"  vars: {{lifecycle_marker_directory: {place}/marks}}\n"
        )
        playbooks = place / "collections" / "ansible_collections" / "impl" / "lifecycle" / "playbooks"
        playbooks.mkdir(parents=True)
        (playbooks.parent / "galaxy.yml").write_text("namespace: impl\nname: lifecycle\nversion: 0.0.1\n")
        for name in MARKER:
            (playbooks.parent / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(COLLECTION / name, playbooks.parent / name)
        for phase in ("release", "rollback", "release_status"):
            (playbooks / f"{phase}.yml").write_text(PLAYBOOK.replace("PLACE", str(place)).replace("PHASE", phase))
        (place / "edge.py").write_text(EDGE)
        (place / "driver.py").write_text(DRIVER)
        nothing = {"stable": None, "candidate": None, "previous": None, "weight": 0, "set_id": "s"}
        (place / "edge.json").write_text(json.dumps(nothing))

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(self.place / "driver.py"), str(self.place / "collections"), "release"]
        given = {**os.environ, "LIFECYCLE_VAR": str(self.place / "var"), "PYTHONPATH": str(ROOT)}
        given.pop("LIFECYCLE_DATABASE_URL", None)
        return subprocess.Popen(
            [*command, *arguments, "-i", str(self.environment.path)],
            cwd=self.place,
            env=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def release(self, *arguments: str) -> tuple[int, str, str]:
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    @property
    def edge(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.place / "edge.json").read_text())
        return told


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    code, out, err = site.release("start", "1.0.0")
    assert code == 0, out + err
    code, out, err = site.release("start", "1.1.0", "--weight", "10")
    assert code == 0, out + err
    return site


def test_a_step_that_fails_is_taken_back_and_ends_with_exit_code_3(site: Site) -> None:
    (site.place / "ill").touch()
    code, out, err = site.release("widen")
    assert code == 3, out + err
    assert "was taken back; all users have 1.0.0" in out
    assert "the candidate does not get well" in err
    assert site.edge["candidate"] is None


def test_kill_nine_during_a_widening_leaves_a_trace_and_the_next_command_goes_on(site: Site) -> None:
    (site.place / "slow").touch()
    process = site.begin("widen")
    deadline = time.monotonic() + 60
    while not (site.place / "reached").exists():
        assert time.monotonic() < deadline, "the widening never reached the edge"
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    (site.place / "slow").unlink()

    assert "NOT SURE   widen to 50 % by" in site.release("status")[1]
    code, out, err = site.release("widen")
    assert code == 0, out + err
    assert "the edge has it at 50 %" in err
    assert site.edge["weight"] == 100
