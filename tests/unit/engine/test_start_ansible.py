"""Ansible is started without the garbage collections of its start, and with nothing else that is different."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator.engine import runner
from orchestrator.errors import UsageError

TELLS = """
import gc, json, secrets, sys
print(json.dumps([__name__, sys.argv, gc.get_threshold()[0], secrets.__file__]))
"""


def test_the_program_is_run_as_if_it_had_been_called_itself(tmp_path: Path) -> None:
    program = tmp_path / "ansible-playbook"
    program.write_text(TELLS)
    start = runner._program()[:-1]
    done = subprocess.run([*start, program, "-i", "hosts.yml"], capture_output=True, text=True, check=True)
    name, argv, threshold, of_secrets = json.loads(done.stdout)
    assert (name, argv) == ("__main__", [str(program), "-i", "hosts.yml"])
    assert threshold > 100_000
    assert of_secrets == secrets.__file__, "the orchestrator's own modules are in nobody's way"


FORKS = """
import os, time
if (child := os.fork()) == 0:
    if (grandchild := os.fork()) == 0:
        time.sleep(60)
    print(os.getpid(), grandchild, flush=True)
    time.sleep(60)
time.sleep(60)
"""


def test_what_the_program_forks_ends_with_it_and_what_that_forks_with_that(tmp_path: Path) -> None:
    program = tmp_path / "ansible-playbook"
    program.write_text(FORKS)
    with subprocess.Popen([*runner._program()[:-1], program], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        forked = [int(pid) for pid in started.stdout.readline().split()]
        assert len([pid for pid in forked if _alive(pid)]) == 2, "a process that forks again is no orphan"
        started.kill()
        deadline = time.monotonic() + 10
        while any(_alive(pid) for pid in forked):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


READS = """
import json, sys
from ansible.utils.collection_loader import _collection_finder as finder
from ansible.utils.collection_loader import _collection_meta as meta
yaml = []
import yaml as loader
load = loader.load
loader.load = lambda *args, **options: yaml.append(1) or load(*args, **options)
text = "plugin_routing: {lookup: {a: {redirect: b.c.d}, '1.10': {tombstone: {removal_version: 3.0.0}}}}"
print(json.dumps([finder._meta_yml_to_dict(text, ("a", "b")), meta._meta_yml_to_dict(text, None), len(yaml)]))
"""


def test_routing_is_read_as_yaml_once_and_is_the_same_ever_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ansible-playbook"
    program.write_text(READS)
    cache = tmp_path / "var" / "cache"

    def read() -> tuple[bool, int]:
        argv = [*runner._program()[:-1], program]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        ours, theirs, times = json.loads(done.stdout)
        return ours == theirs, times

    assert read() == (True, 2), "without a place to remember nothing is"
    monkeypatch.setenv("LIFECYCLE_CACHE", str(cache))
    assert read() == (True, 2)
    assert read() == (True, 1)
    assert cache.stat().st_mode & 0o777 == 0o700
    (kept,) = cache.iterdir()
    kept.write_text('{"plugin_rou')
    assert read() == (True, 2), "what was cut is read again"
    assert read() == (True, 1)
    kept.unlink()
    kept.mkdir()
    assert read() == (True, 2), "no room, and it goes on"


def test_another_pythons_ansible_is_started_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ansible-playbook").write_text("")
    (tmp_path / "ansible-playbook").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert runner._program() == [str(tmp_path / "ansible-playbook")]
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(UsageError, match="ansible-playbook is not installed"):
        runner._program()
