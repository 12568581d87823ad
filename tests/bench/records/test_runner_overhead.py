"""How much CPU do `lifecycle run` and ARA take over plain `ansible-playbook` for the same play?

Interleaved rounds of each on tasks that do nothing; CPU of the process and of all its children, from wait4. The figure
is the ratio of the medians. ARA comes from PyPI into an environment of its own, with the same ansible-core, and keeps
its records in SQLite without a server, as its documentation has it for one user.

Usage: make bench, or pytest -s tests/bench/records/test_runner_overhead.py; ROUNDS=9 for more rounds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import venv
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pytest

ROUNDS = int(os.environ.get("ROUNDS", "5"))
ARA = "ara[server]==1.8.0"
PROGRAMS = Path(sys.executable).parent
PLAIN = [str(PROGRAMS / "ansible-playbook"), "-i", "inventories/bench-lab/hosts.yml", "nothing.yml"]
OURS = [str(PROGRAMS / "lifecycle"), "run", "nothing.yml", "-i", "bench-lab"]

DELIVERY = """\
schema: 1
client: bench
stage: lab
application: {name: nothing, context_path: /, health: {path: /}, slots: {blue: 8080, green: 8180}}
"""


def prepare(directory: Path, hosts: int, tasks: int) -> None:
    environment = directory / "inventories" / "bench-lab"
    environment.mkdir(parents=True)
    names = "".join(f"    host{number}: {{}}\n" for number in range(hosts))
    inventory = f"all:\n  vars: {{ansible_connection: local, lifecycle_marker_directory: {directory}/marks}}\n"
    (environment / "hosts.yml").write_text(f"{inventory}  hosts:\n{names}", encoding="utf-8")
    (environment / "delivery.yml").write_text(DELIVERY, encoding="utf-8")
    listed = "".join(
        f"    - name: Nothing {number}\n      ansible.builtin.debug:\n        msg: nothing {number}\n"
        for number in range(tasks)
    )
    play = f"- name: Nothing much\n  hosts: all\n  gather_facts: false\n  tasks:\n{listed}"
    (directory / "nothing.yml").write_text(play, encoding="utf-8")


def cpu_seconds(argv: list[str], directory: Path, settings: Mapping[str, str]) -> float:
    """Run argv in `directory` with its output in a file, and return its CPU seconds, children included."""
    pid = os.fork()
    if pid == 0:
        os.chdir(directory)
        os.environ.update({"LIFECYCLE_VAR": str(directory / "var"), "ANSIBLE_FORKS": "20", **settings})
        output = os.open(directory / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.execv(argv[0], argv)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"{argv[0]} failed:\n{(directory / 'output').read_text(encoding='utf-8')}")
    return usage.ru_utime + usage.ru_stime


@pytest.fixture(scope="module")
def with_ara(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], dict[str, str]]:
    """The command line and the settings of a run that ARA records."""
    place = tmp_path_factory.mktemp("ara")
    venv.create(place / "venv", with_pip=True)
    programs = place / "venv" / "bin"
    core = f"ansible-core=={version('ansible-core')}"
    subprocess.run([programs / "pip", "install", "-q", ARA, core], check=True, capture_output=True)
    asked = [programs / "python", "-m", "ara.setup.callback_plugins"]
    plugins = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    settings = {"ANSIBLE_CALLBACK_PLUGINS": plugins, "ARA_BASE_DIR": str(place / "records")}
    return [str(programs / "ansible-playbook"), *PLAIN[1:]], settings


@pytest.mark.parametrize(("hosts", "tasks", "limit"), [(1, 200, 1.10), (20, 50, 1.05)])
def test_recording_costs_little_and_less_than_ara(
    tmp_path: Path, with_ara: tuple[list[str], dict[str, str]], hosts: int, tasks: int, limit: float
) -> None:
    prepare(tmp_path, hosts, tasks)
    sides: dict[str, tuple[list[str], dict[str, str]]] = {
        "ansible-playbook": (PLAIN, {}),
        "lifecycle run": (OURS, {}),
        "ARA": with_ara,
    }
    found: dict[str, list[float]] = {name: [] for name in sides}
    # The first round fills caches and makes the databases.
    for number in range(ROUNDS + 1):
        for name, (argv, settings) in sides.items():
            seconds = cpu_seconds(argv, tmp_path, settings)
            found[name] += [seconds] if number else []
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    base = medians["ansible-playbook"]
    print(f"\n{hosts} hosts x {tasks} tasks, medians of {ROUNDS}:")
    for name, median in medians.items():
        print(
            f"  {name}: {median:.2f} s of CPU, ratio {median / base:.3f} ({', '.join(f'{s:.2f}' for s in found[name])})"
        )
    assert medians["lifecycle run"] / base <= limit
    assert medians["lifecycle run"] < medians["ARA"]
