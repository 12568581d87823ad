"""How much CPU does `lifecycle run` take over plain `ansible-playbook` for the same play?

Interleaved pairs on 200 tasks that do nothing; CPU of the process and of all its children, from wait4. The figure is
the ratio of the medians; it must not exceed 1.15. Usage: make bench, or
python tests/bench/test_runner_overhead.py [PAIRS]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

TASKS = 200
LIMIT = 1.15

DELIVERY = """\
schema: 1
client: bench
stage: lab
application: {name: nothing, context_path: /, health: {path: /}, slots: {blue: 8080, green: 8180}}
"""
HOSTS = "all: {hosts: {one: {ansible_connection: local}}}\n"


def prepare(directory: Path) -> None:
    environment = directory / "inventories" / "bench-lab"
    environment.mkdir(parents=True)
    (environment / "hosts.yml").write_text(HOSTS, encoding="utf-8")
    (environment / "delivery.yml").write_text(DELIVERY, encoding="utf-8")
    tasks = "".join(
        f"    - name: Nothing {number}\n      ansible.builtin.debug:\n        msg: nothing {number}\n"
        for number in range(TASKS)
    )
    play = f"- name: Nothing much\n  hosts: all\n  gather_facts: false\n  tasks:\n{tasks}"
    (directory / "nothing.yml").write_text(play, encoding="utf-8")


def cpu_seconds(argv: list[str], directory: Path) -> float:
    """Run argv in `directory` with its output in a file, and return its CPU seconds, children included."""
    pid = os.fork()
    if pid == 0:
        os.chdir(directory)
        os.environ["LIFECYCLE_VAR"] = str(directory / "var")
        output = os.open(directory / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.execv(argv[0], argv)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"{argv[0]} failed:\n{(directory / 'output').read_text(encoding='utf-8')}")
    return usage.ru_utime + usage.ru_stime


def measure(pairs: int) -> float:
    """Print every pair and return the ratio of the medians."""
    programs = Path(sys.executable).parent
    plain = [str(programs / "ansible-playbook"), "-i", "inventories/bench-lab/hosts.yml", "nothing.yml"]
    ours = [str(programs / "lifecycle"), "run", "nothing.yml", "-i", "bench-lab"]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        prepare(directory)
        # The first run of each fills caches and makes the database.
        cpu_seconds(plain, directory)
        cpu_seconds(ours, directory)
        found = [(cpu_seconds(plain, directory), cpu_seconds(ours, directory)) for _ in range(pairs)]
    base, with_record = (statistics.median(side) for side in zip(*found, strict=True))
    for number, (left, right) in enumerate(found, start=1):
        print(f"pair {number}: ansible-playbook {left:.2f} s, lifecycle run {right:.2f} s")
    print(f"CPU medians: {base:.2f} s and {with_record:.2f} s, ratio {with_record / base:.3f} (at most {LIMIT})")
    return with_record / base


def test_recording_a_run_costs_at_most_fifteen_percent_of_its_cpu() -> None:
    assert measure(pairs=7) <= LIMIT


if __name__ == "__main__":
    sys.exit(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 7) > LIMIT)
