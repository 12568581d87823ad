"""What happens to a run that is killed, interrupted, refused, or whose records fail. Every fault is caused for real."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.delivery import load_environment
from orchestrator.engine import RunRequest, carry, carry_out
from orchestrator.errors import EngineError
from orchestrator.records import open_store

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
PROGRAM = Path(sys.executable).parent / "lifecycle"
SHARED_MEMORY = Path("/dev/shm")
SLOW = """
    - name: Quick
      ansible.builtin.command: "true"
    - name: Slow
      ansible.builtin.command: sleep 61
    - name: Never reached
      ansible.builtin.command: "true"
"""


def start_slow(site: Any, until: Callable[..., None]) -> Any:
    """A run in the middle of its slow task."""
    process = site.start("run", site.playbook(SLOW, name="slow.yml"), "-i", "site-lab")
    until(lambda: any("sleep 61" in line for line in site.at_work()))
    return process


def test_kill_nine_leaves_no_ansible_and_the_run_is_lost_and_the_next_one_starts(
    site: Any, until: Callable[..., None]
) -> None:
    process = start_slow(site, until)
    # Looked at while it is alive: once it is dead, any other run on this machine sweeps it away.
    assert list(SHARED_MEMORY.glob(f"lifecycle-{process.pid}-*"))
    process.kill()
    process.wait()
    until(lambda: not site.at_work(), seconds=20)
    assert [run["status"] for run in site.history()] == ["lost"]
    site.playbook("- name: Nothing\n  ansible.builtin.debug:")
    assert site.run("site.yml").returncode == 0
    assert [run["status"] for run in site.history()] == ["successful", "lost"]
    assert site.history()[1]["steps"][0]["status"] == "lost"
    assert not list(SHARED_MEMORY.glob(f"lifecycle-{process.pid}-*")), "the next run sweeps"


def test_kill_nine_of_lifecycle_and_of_ansible_leaves_no_task_at_work(site: Any, until: Callable[..., None]) -> None:
    process = start_slow(site, until)
    # As a machine without memory does it. Ansible has no time to tell the processes of its tasks.
    os.kill(_controller(process.pid), signal.SIGKILL)
    process.kill()
    process.wait()
    until(lambda: not site.at_work(), seconds=20)
    assert [run["status"] for run in site.history()] == ["lost"]


def test_one_interrupt_lets_the_running_task_finish_and_starts_no_other(site: Any, until: Callable[..., None]) -> None:
    site.hosts(one=LOCAL, two=LOCAL)
    process = site.start(
        "run",
        site.playbook(f"""
            - name: Quick
              ansible.builtin.command: "true"
            - name: Slow
              ansible.builtin.shell: sleep 3; touch {site.root}/{{{{ inventory_hostname }}}}
            - name: Never reached
              ansible.builtin.command: touch {site.root}/never
        """),
        "-i",
        "site-lab",
    )
    until(lambda: any("sleep 3" in line for line in site.at_work()))
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=15)
    assert process.returncode == 99, output
    assert "note: the running task is let finish; interrupt again to stop at once" in output
    assert site.at_work() == []
    assert [name for name in ("one", "two", "never") if (site.root / name).exists()] == ["one", "two"]
    (run,) = site.history()
    assert (run["status"], run["steps"][0]["status"]) == ("canceled", "canceled")
    # What had been done before is on record.
    assert [result["task"] for result in site.show(1)["results"]] == ["Quick", "Quick", "Slow", "Slow"]


def test_an_interrupt_while_ansible_is_still_starting_is_not_lost(site: Any, until: Callable[..., None]) -> None:
    process = site.start("run", site.playbook(SLOW, name="slow.yml"), "-i", "site-lab")
    until(lambda: any("ansible-playbook" in line for line in site.at_work()))
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=15)
    assert process.returncode == 99, output
    assert site.at_work() == []
    assert site.show(1)["results"] == []


def test_a_second_interrupt_stops_at_once_and_says_that_it_was_unclean(site: Any, until: Callable[..., None]) -> None:
    process = start_slow(site, until)
    began = time.monotonic()
    site.stop_at_once(process)
    assert process.returncode == 99
    assert time.monotonic() - began < 15
    until(lambda: not site.at_work(), seconds=20)
    assert site.history()[0]["status"] == "canceled_unclean"


def test_a_controller_that_does_not_answer_a_second_interrupt_is_killed(site: Any, until: Callable[..., None]) -> None:
    process = start_slow(site, until)
    # Stopped, it cannot handle an interrupt.
    controller = _controller(process.pid)
    os.kill(controller, signal.SIGSTOP)
    # Until it has really stopped, an interrupt overtakes the stop and is handled before it.
    until(lambda: _status(controller, "State").startswith("T"))
    output = site.stop_at_once(process)
    assert process.returncode == 99, output
    until(lambda: not site.at_work(), seconds=20)
    assert site.history()[0]["status"] == "canceled_unclean"


def test_a_second_run_is_refused_with_who_since_when_and_what(site: Any, until: Callable[..., None]) -> None:
    process = start_slow(site, until)
    site.playbook("- name: Nothing\n  ansible.builtin.debug:")
    refused = site.run("site.yml")
    site.stop_at_once(process)
    assert refused.returncode == 1
    assert refused.stdout.count("\n") == 1
    operator = site.history()[0]["operator"]
    assert f"site-lab: {operator} is at work here since 20" in refused.stdout
    assert f"run slow (run 1), process {process.pid}" in refused.stdout
    assert len(site.history()) == 1
    assert site.run("site.yml").returncode == 0


def test_a_store_that_fails_in_the_middle_does_not_stop_the_play(site: Any, until: Callable[..., None]) -> None:
    go_on = site.root / "go-on"
    site.playbook(f"""
        - name: Before
          ansible.builtin.command: "true"
        - name: Wait until the records are broken
          ansible.builtin.wait_for: {{path: {go_on}, timeout: 60}}
        - name: After
          ansible.builtin.copy: {{content: done, dest: {site.root}/after, mode: "0600"}}
    """)
    process = site.start("run", "site.yml", "-i", "site-lab")
    database = site.var / "lifecycle.db"
    until(lambda: database.exists() and _results(database) == 1)
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE result RENAME TO moved_away")
    go_on.touch()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert (site.root / "after").read_text() == "done"
    assert "recorded only in part" in output
    spilled = [json.loads(line) for line in (site.var / "spill" / "run-1.ndjson").read_text().splitlines()]
    assert [row["task"] for row in spilled if row["kind"] == "result"] == ["Wait until the records are broken", "After"]
    assert (site.history()[0]["status"], site.history()[0]["recorded"]) == ("successful", "partial")


def test_a_run_whose_ansible_is_killed_is_incomplete_and_leaves_nothing_at_work(
    site: Any, until: Callable[..., None]
) -> None:
    process = start_slow(site, until)
    os.kill(_controller(process.pid), signal.SIGKILL)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 2, output
    assert "ansible ended without its final report" in output
    until(lambda: not site.at_work(), seconds=2)
    (run,) = site.history()
    assert (run["status"], run["steps"][0]["status"]) == ("incomplete", "incomplete")
    assert site.lifecycle("lock", "status").stdout == "every environment is free\n"


def test_a_run_that_cannot_start_ansible_is_closed_as_failed(site: Any) -> None:
    empty = site.root / "bin"
    empty.mkdir()
    site.env["PATH"] = str(empty)
    outcome = site.run(site.playbook("- name: Nothing\n  ansible.builtin.debug:"))
    assert (outcome.returncode, "setpriv is missing" in outcome.stdout) == (1, True)
    (run,) = site.history()
    assert (run["status"], run["steps"][0]["status"]) == ("failed", "failed")


def test_a_run_without_room_for_its_directory_is_closed_and_says_so(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_actor: object) -> None:
        raise OSError(28, "No space left on device", "/dev/shm")

    monkeypatch.chdir(site.root)
    monkeypatch.setenv("LIFECYCLE_VAR", str(site.var))
    monkeypatch.setattr(carry, "workspace", full)
    name = site.playbook("- name: Nothing\n  ansible.builtin.debug:")
    request = RunRequest(environment=load_environment("site-lab"), phases=(name,))
    with pytest.raises(EngineError, match="/dev/shm: run 1 could not go on: No space left on device"):
        carry_out(request, open_store())
    assert site.history()[0]["status"] == "failed"


def test_unusable_records_are_one_clear_line(site: Any) -> None:
    site.playbook("- name: Nothing\n  ansible.builtin.debug:")
    site.var.mkdir()
    (site.var / "lifecycle.db").write_text("this is no database, however one looks at it\n" * 100)
    outcome = site.run("site.yml")
    assert outcome.returncode == 1
    remedy = "`lifecycle records repair` brings back what it can"
    assert outcome.stdout == f"lifecycle: {site.var}/lifecycle.db: is no database; {remedy}\n"
    looked = site.lifecycle("records", "repair", "--check")
    assert (looked.returncode, looked.stdout.splitlines()[0]) == (1, "damaged: file is not a database")
    repaired = site.lifecycle("records", "repair")
    assert (repaired.returncode, "the damaged file is kept as" in repaired.stdout) == (0, True)
    assert site.run("site.yml").returncode == 0


def _results(database: Path) -> int:
    try:
        with sqlite3.connect(database) as connection:
            return int(connection.execute("SELECT count(*) FROM result").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _controller(parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return int(children[0])


def _status(pid: int, field: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{field}:")).split(maxsplit=1)[1]


@pytest.mark.parametrize("end", ["| true", ">/dev/full", "--json >/dev/full", ">&- 2>&-"])
def test_a_run_that_nobody_can_be_shown_is_carried_out_and_recorded_whole(site: Any, end: str) -> None:
    book = site.playbook("""
        - name: Wait until whoever reads is gone
          ansible.builtin.command: sleep 1
        - name: Say
          ansible.builtin.debug: {msg: hello}
    """)
    command = f"{PROGRAM} run {book} -i site-lab {end}; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(
        ["bash", "-c", command], cwd=site.root, env=site.env, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 0
    run = site.show(1)
    assert (run["status"], run["recorded"], len(run["results"])) == ("successful", "full", 2)
