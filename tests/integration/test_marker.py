"""Two controllers with records of their own see each other by a mark on a host of the environment."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
NOTHING = "- name: Nothing\n  ansible.builtin.debug:"
SLOW = "- name: Slow\n  ansible.builtin.command: sleep 64"


def mark(site: Any) -> Path:
    return Path(site.root / "marks" / "site-lab.json")


def other_controller(site: Any) -> None:
    """From here on `lifecycle` has other records, as on another machine."""
    site.var = site.root / "other"
    site.env["LIFECYCLE_VAR"] = str(site.var)


@pytest.fixture
def busy(site: Any, until: Callable[..., None]) -> Any:
    """A run of the first controller in the middle of its slow task."""
    site.hosts(one=LOCAL, two=LOCAL)
    site.playbook(NOTHING)
    process = site.start("run", site.playbook(SLOW, name="slow.yml"), "-i", "site-lab")
    until(lambda: any("sleep 64" in line for line in site.at_work()))
    yield process
    if process.poll() is None:
        site.stop_at_once(process)


def test_another_controller_is_refused_with_who_since_when_and_what(site: Any, busy: Any) -> None:
    said = json.loads(mark(site).read_text())
    assert (said["pid"], said["what"], said["run"]) == (busy.pid, "run slow", 1)
    other_controller(site)
    refused = site.run("site.yml", "--limit", "two")
    assert refused.returncode == 1
    assert f"{said['operator']} is at work here since {said['since']}: run slow, process {busy.pid}" in refused.stdout
    (run,) = site.history()
    assert (run["status"], run["steps"][0]["hosts"]) == ("failed", {})
    assert mark(site).exists(), "what belongs to another controller stays"
    assert site.run("site.yml", "--check").returncode == 0, "a rehearsal takes nothing and is not in the way"


def test_a_run_leaves_no_mark_and_nothing_of_it_is_on_record(site: Any) -> None:
    site.hosts(one=LOCAL, two=LOCAL)
    site.playbook(
        f"- name: Look\n  ansible.builtin.stat: {{path: {mark(site)}}}\n  failed_when: false", name="look.yml"
    )
    site.playbook(NOTHING)
    outcome = site.run("look.yml", "site.yml", "--tags", "all")
    assert outcome.returncode == 0, outcome.stdout
    run = site.show(1)
    assert [result["task"] for result in run["results"]] == ["Look", "Look", "Nothing", "Nothing"]
    assert run["results"][0]["output"]["stat"]["exists"] is True
    assert [step["hosts"]["one"]["ok"] for step in run["steps"]] == [1, 1]
    assert (run["changed"], mark(site).exists()) == (False, False)
    assert site.run("look.yml", "--check").returncode == 0
    assert site.show(2)["results"][0]["output"]["stat"]["exists"] is False


@pytest.mark.parametrize("task", ["ansible.builtin.fail:", "ansible.builtin.command: 'false'"])
def test_a_run_that_fails_gives_the_environment_back(site: Any, task: str) -> None:
    assert site.run(site.playbook(f"- name: Stop here\n  {task}")).returncode == 2
    assert (mark(site).parent.exists(), mark(site).exists()) == (True, False)


def test_a_run_that_was_let_finish_gives_it_back_and_one_that_was_cut_does_not(
    site: Any, until: Callable[..., None]
) -> None:
    site.playbook("- name: Nap\n  ansible.builtin.command: sleep 3.5\n- name: Nothing\n  ansible.builtin.debug:")
    for stop, kept in ((lambda process: process.send_signal(signal.SIGINT), False), (site.stop_at_once, True)):
        process = site.start("run", "site.yml", "-i", "site-lab")
        until(lambda: any("sleep 3.5" in line for line in site.at_work()))
        stop(process)
        process.wait(timeout=20)
        assert (process.returncode, mark(site).exists()) == (99, kept)


def test_what_a_killed_run_left_is_taken_over_by_its_own_records_only(
    site: Any, busy: Any, until: Callable[..., None]
) -> None:
    busy.kill()
    busy.wait()
    until(lambda: not site.at_work(), seconds=10)
    first = site.var
    other_controller(site)
    assert "--force REASON" in site.run("site.yml").stdout
    site.env["LIFECYCLE_VAR"] = str(first)
    assert site.run("site.yml").returncode == 0
    assert not mark(site).exists()


def test_the_mark_of_another_controller_is_shown_and_removed_with_a_reason(
    site: Any, busy: Any, until: Callable[..., None]
) -> None:
    busy.kill()
    busy.wait()
    until(lambda: not site.at_work(), seconds=10)
    other_controller(site)
    stays = site.lifecycle("lock", "release", "-i", "site-lab")
    assert (stays.returncode, mark(site).exists()) == (1, True)
    assert "the mark on one stays: it is that of " in stays.stdout
    removed = site.lifecycle("lock", "release", "-i", "site-lab", "--force", "its machine is gone", "--json")
    assert removed.returncode == 0, removed.stdout
    assert (json.loads(removed.stdout)["mark"]["released"], mark(site).exists()) == (True, False)
    assert site.run("site.yml").returncode == 0


def test_an_anchor_that_cannot_be_reached_is_said_and_the_run_goes_on(site: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    site.hosts(far={"ansible_host": "127.0.0.1", "ansible_port": port, "ansible_user": "nobody"}, one=LOCAL)
    site.playbook(NOTHING)
    outcome = site.run("site.yml", "--limit", "one")
    assert outcome.returncode == 0, outcome.stdout
    assert "other controllers are not told that this run is at work: " in outcome.stdout
    assert "Connection refused" in outcome.stdout
    site.group_vars("lifecycle_anchor: one\n")
    named = site.run("site.yml", "--limit", "one")
    assert "not told" not in named.stdout
    site.group_vars("lifecycle_anchor: ''\n")
    mark(site).write_text("{}")
    assert site.run("site.yml", "--limit", "one").returncode == 0, "no anchor is wanted, so none is asked"
