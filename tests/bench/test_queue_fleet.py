"""How long do two workers take for `submit --all-environments` over fifty environments, each exactly once?

A light phase (one ping of this machine, `connection: local`) on a PostgreSQL that the test starts: what is measured is
what the queue and a run cost, not what a host does. Beside it the same phase by `lifecycle run`, one environment after
the other, on a sample. Usage: make bench, or pytest -s tests/bench/test_queue_fleet.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

SIZE = 50
SAMPLE = 6
WORKERS = 2
PROGRAM = Path(sys.executable).parent / "lifecycle"

DELIVERY = """\
schema: 1
client: bench
stage: lab
application: {name: nothing, context_path: /, health: {path: /}, slots: {blue: 8080, green: 8180}}
"""
HOSTS = json.dumps(
    {"all": {"hosts": {"one": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}}
)
PLAY = "- name: Look\n  hosts: all\n  gather_facts: false\n  tasks:\n    - name: Look\n      ansible.builtin.ping:\n"


def test_fifty_environments_with_two_workers_each_once(postgresql: str, tmp_path: Path) -> None:
    names = prepare(tmp_path)
    env = {**os.environ, "LIFECYCLE_DATABASE_URL": postgresql, "LIFECYCLE_VAR": str(tmp_path / "var")}

    def lifecycle(*arguments: str) -> str:
        argv = [PROGRAM, *arguments]
        return subprocess.run(argv, cwd=tmp_path, env=env, check=True, capture_output=True, text=True).stdout

    lifecycle("history")
    began = time.monotonic()
    for name in names[:SAMPLE]:
        lifecycle("run", "look.yml", "-i", name)
    one = (time.monotonic() - began) / SAMPLE
    lifecycle("submit", "look.yml", "--all-environments")
    began = time.monotonic()
    worker = [PROGRAM, "worker", "--until-empty", "--json"]
    both = [subprocess.Popen(worker, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) for _ in range(WORKERS)]
    told = [process.communicate()[0].splitlines() for process in both]
    took = time.monotonic() - began
    shares = [sum('"ended"' in line for line in lines) for lines in told]
    runs = [run for run in json.loads(lifecycle("history", "--limit", "1000", "--json")) if run["job"]]
    print(
        f"\n{SIZE} environments, {WORKERS} workers ({shares[0]} and {shares[1]} runs): {took:.1f} s,"
        f" {took / SIZE:.2f} s each; `lifecycle run` one after the other: {one:.2f} s each"
    )
    assert sorted(run["environment"] for run in runs) == names
    assert {run["status"] for run in runs} == {"successful"}
    assert all(shares)


def prepare(directory: Path) -> list[str]:
    (directory / "look.yml").write_text(PLAY, encoding="utf-8")
    first = directory / "inventories" / "bench00-lab"
    first.mkdir(parents=True)
    (first / "hosts.yml").write_text(HOSTS, encoding="utf-8")
    (first / "delivery.yml").write_text(DELIVERY, encoding="utf-8")
    marks = first / "group_vars" / "all"
    marks.mkdir(parents=True)
    (marks / "marks.yml").write_text(f"lifecycle_marker_directory: {directory}/marks\n", encoding="utf-8")
    for number in range(1, SIZE):
        shutil.copytree(first, first.parent / f"bench{number:02d}-lab")
    return sorted(path.name for path in first.parent.iterdir())
