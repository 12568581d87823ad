"""What ansible tells through lifecycle's callback: by a real ansible-playbook and the pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import ansible_runner
import pytest

from orchestrator.engine.channel import CHANNEL, channel
from orchestrator.engine.environ import compose

CALLBACKS = Path(ansible_runner.__file__).parent / "display_callback" / "callback"
PLAY = """
- name: First play
  hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ 'long' * 20 }}"
    - name: Hidden
      no_log: true
      block:
        - name: A loop
          ansible.builtin.assert: {that: item < 3}
          loop: [1, 2, 3]
          ignore_errors: true
- hosts: all
  gather_facts: false
  tasks:
    - name: Ask
      ansible.builtin.command: "true"
"""


def told(place: Path, limit: int = 1_000_000) -> list[dict[str, Any]]:
    """The events of PLAY on two hosts."""
    (place / "play.yml").write_text(PLAY, encoding="utf-8")
    needed = {"ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS), "AWX_ISOLATED_DATA_DIR": str(place)}
    env = {**compose(os.environ, needed, "mark"), CHANNEL: str(place / "channel"), "MAX_EVENT_RES": str(limit)}
    lines: list[bytes] = []
    program = Path(sys.executable).parent / "ansible-playbook"
    with channel(place / "channel", lines.append):
        subprocess.run(
            [program, "-i", "a,b", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", "play.yml"],
            cwd=place, env=env, check=True, capture_output=True,
        )  # fmt: skip
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return told(tmp_path_factory.mktemp("events"))


def test_events_are_numbered_and_those_nobody_reads_are_not_sent(events: list[dict[str, Any]]) -> None:
    assert [event["counter"] for event in events] == list(range(1, len(events) + 1))
    names = [event["event"] for event in events]
    assert (names[0], names[-1]) == ("playbook_on_start", "playbook_on_stats")
    assert set(names[1:-1]) == {
        "playbook_on_play_start", "playbook_on_task_start", "runner_on_ok", "runner_on_failed", "runner_item_on_failed",
    }  # fmt: skip
    assert names.count("runner_item_on_failed") == 2, "items that did not fail are in the loop's own result"


def test_a_task_has_its_names_its_place_and_whether_it_is_to_be_shown(events: list[dict[str, Any]]) -> None:
    tasks = [event["event_data"] for event in events if event["event"] == "playbook_on_task_start"]
    about = [(task["play"], task["name"], task["action"], task["no_log"]) for task in tasks]
    assert about == [
        ("First play", "ansible.builtin.debug", "ansible.builtin.debug", False),
        ("First play", "A loop", "ansible.builtin.assert", True),
        ("all", "Ask", "ansible.builtin.command", False),
    ]
    lines = [PLAY.splitlines()[int(task["task_path"].rpartition(":")[2]) - 1].strip() for task in tasks]
    assert lines == ["- ansible.builtin.debug:", "- name: A loop", "- name: Ask"]
    results = [event["event_data"] for event in events if event["event"].startswith("runner_on")]
    asked = {(one["task"], one["host"]) for one in results if one["task_uuid"] == tasks[2]["task_uuid"]}
    assert asked == {("Ask", "a"), ("Ask", "b")}
    assert all(one["duration"] > 0 for one in results)
    assert {one["ignore_errors"] for one in results if one["task"] == "A loop"} == {True}


def test_a_result_above_the_limit_is_empty_and_told_all_the_same(tmp_path: Path) -> None:
    events = told(tmp_path, limit=550)
    results = [event["event_data"] for event in events if event["event"].startswith("runner_on")]
    empty = {one["task"] for one in results if one["res"] == {}}
    assert empty >= {"Ask"}
    assert len(results) == 6
    assert any(one["res"] for one in results)
