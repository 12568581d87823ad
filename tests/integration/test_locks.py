"""Who holds an environment is shown, waited for, and taken away only when nothing of it is at work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SLOW = "- name: Slow\n  ansible.builtin.command: sleep 62"


@pytest.fixture
def busy(site: Any, until: Callable[..., None]) -> Any:
    """A run in the middle of its slow task."""
    process = site.start("run", site.playbook(SLOW, name="slow.yml"), "-i", "site-lab")
    until(lambda: any("sleep 62" in line for line in site.at_work()))
    yield process
    if process.poll() is None:
        site.stop_at_once(process)


def locks(site: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.lifecycle("lock", "status", "--json").stdout)
    return found


def test_a_lock_says_who_where_since_and_why_and_is_kept_while_its_holder_lives(site: Any, busy: Any) -> None:
    (lock,) = locks(site)["locks"]
    assert (lock["environment"], lock["pid"], lock["run"]) == ("site-lab", busy.pid, 1)
    assert (lock["what"], lock["standing"]) == ("run slow", "at_work")
    shown = site.lifecycle("lock", "status", "-i", "inventories/site-lab").stdout
    assert f"site-lab: {lock['operator']} since 20" in shown
    assert f"process {busy.pid} on {lock['host']} is at work" in shown
    refused = site.lifecycle("lock", "release", "-i", "site-lab")
    assert (refused.returncode, refused.stdout.count("\n")) == (1, 1)
    assert "--force REASON" in refused.stdout
    assert site.lifecycle("lock", "release", "-i", "site-lab", "--force", " ").returncode == 1
    assert len(locks(site)["locks"]) == 1


def test_a_forced_release_is_on_record_and_the_forced_run_ends_as_it_ends(site: Any, busy: Any) -> None:
    forced = site.lifecycle("lock", "release", "-i", "site-lab", "--force", "it hangs")
    assert forced.returncode == 0, forced.stdout
    assert site.run(site.playbook("- name: Nothing\n  ansible.builtin.debug:")).returncode == 0
    site.stop_at_once(busy)
    assert [run["status"] for run in site.history()] == ["successful", "canceled_unclean"]
    (kept,) = locks(site)["taken_away"]
    assert (kept["environment"], kept["reason"], kept["run_id"]) == ("site-lab", "it hangs", 1)
    assert "forced: it hangs" in site.lifecycle("lock", "status").stdout


def test_what_a_killed_run_left_is_shown_and_released(site: Any, busy: Any, until: Callable[..., None]) -> None:
    busy.kill()
    busy.wait()
    until(lambda: locks(site)["locks"][0]["standing"] == "left", seconds=10)
    released = site.lifecycle("lock", "release", "-i", "site-lab", "--json")
    assert json.loads(released.stdout)["released"]["run"] == 1
    assert site.lifecycle("lock", "status", "-i", "site-lab").stdout.startswith("site-lab is free\n")
    assert "nothing to take away" in site.lifecycle("lock", "release", "-i", "site-lab").stdout


def test_a_run_waits_for_another_and_gives_up_in_time(site: Any, busy: Any, until: Callable[..., None]) -> None:
    site.playbook("- name: Nothing\n  ansible.builtin.debug:")
    gave_up = site.run("site.yml", "--wait", "1")
    assert gave_up.returncode == 1
    assert "note: waiting up to 1 s: " in gave_up.stdout
    waiting = site.start("run", "site.yml", "-i", "site-lab", "--wait", "60")
    until(lambda: Path(f"/proc/{waiting.pid}/wchan").exists())
    site.stop_at_once(busy)
    output, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, output
    assert [run["status"] for run in site.history()] == ["successful", "canceled_unclean"]
