"""impl.lifecycle.assert_all as a play has it: what is judged, what is told, and what is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]

TASKS: dict[str, Any] = {
    "all_hold": [
        {"name": "a", "that": "port != 80", "fail_msg": "no"},
        {"name": "b", "that": ["port is defined", "port > 1"], "fail_msg": "{{ not_defined_anywhere }}"},
    ],
    "two_wrong": [
        {"name": "a", "that": "port == 80", "fail_msg": "port is {{ port }}, not 80"},
        {"name": "b", "that": "true", "fail_msg": "never told"},
        {"that": ["true", "double == 3"], "fail_msg": "double is {{ double }}\n"},
    ],
    "not_asked": [
        {"name": "a", "when": "nothing is defined", "that": "nothing > 3", "fail_msg": "{{ nothing }}"},
        {"name": "b", "when": ["port is defined", "port == 81"], "that": "port == 80", "fail_msg": "asked"},
    ],
    "cannot_be_judged": [{"name": "a", "that": "nothing > 3", "fail_msg": "no"}],
    "judged_after_a_refusal": [
        {"name": "a", "that": "port == 80", "fail_msg": "port is {{ port }}"},
        {"name": "b", "that": "nothing > 3", "fail_msg": "no"},
    ],
    "misspelt": [{"name": "a", "that": "true", "fail_message": "no"}],
    "no_message": [{"that": "true"}],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each of TASKS comes to, in one play on this machine."""
    directory = tmp_path_factory.mktemp("play")
    tasks = [
        {
            "name": name,
            "impl.lifecycle.assert_all": {"checks": checks},
            "register": name,
            "ignore_errors": True,
            "vars": {"double": "{{ port * 2 }}"},
        }
        for name, checks in TASKS.items()
    ]
    answers = "{{ dict(names | zip(names | map('extract', vars))) | to_json }}"
    tasks.append({"name": "Tell", "ansible.builtin.copy": {"content": answers, "dest": str(directory / "told.json")}})
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"port": 81, "names": list(TASKS)},
        "tasks": tasks,
    }
    (directory / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(directory / "play.yml")]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False, timeout=120)
    assert (directory / "told.json").exists(), ended.stdout + ended.stderr
    answered: dict[str, Any] = json.loads((directory / "told.json").read_text())
    return answered


def test_what_holds_changes_nothing_and_its_message_is_never_made(told: dict[str, Any]) -> None:
    assert not told["all_hold"]["failed"]
    assert not told["all_hold"]["changed"]
    assert told["all_hold"]["refused"] == []


def test_everything_that_is_wrong_is_told_at_once(told: dict[str, Any]) -> None:
    assert told["two_wrong"]["failed"]
    assert told["two_wrong"]["msg"] == "port is 81, not 80\ndouble is 162"
    assert told["two_wrong"]["refused"] == ["a", "check 3"]


def test_what_is_not_to_be_asked_is_not_judged(told: dict[str, Any]) -> None:
    assert told["not_asked"]["refused"] == ["b"]
    assert told["not_asked"]["msg"] == "asked"


def test_what_cannot_be_judged_is_no_success(told: dict[str, Any]) -> None:
    assert told["cannot_be_judged"]["failed"]
    assert told["cannot_be_judged"]["msg"].startswith("a: ")
    assert "nothing" in told["cannot_be_judged"]["msg"]


def test_a_refusal_says_more_than_what_it_made_undefined(told: dict[str, Any]) -> None:
    assert told["judged_after_a_refusal"]["msg"] == "port is 81"


@pytest.mark.parametrize("name", ["misspelt", "no_message"])
def test_a_check_that_is_none_is_named(told: dict[str, Any], name: str) -> None:
    assert told[name]["failed"]
    assert told[name]["msg"].startswith("check 1 of assert_all has to have that and fail_msg")
