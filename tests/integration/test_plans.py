"""What was shown and approved is what is done, or nothing is."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

WRITE = """
    - name: Write a note
      ansible.builtin.copy: {{content: "{content}\\n", dest: {root}/note, mode: "0600"}}
    - name: Keep the rest
      ansible.builtin.debug:
"""


@pytest.fixture
def plan(site: Any) -> dict[str, Any]:
    """Plan 1: writes a note. Made by somebody else than whoever runs this test."""
    site.playbook(WRITE.format(root=site.root, content="as planned"))
    made = site.lifecycle("run", "site.yml", "-i", "site-lab", "--plan", "--json")
    assert made.returncode == 0, made.stdout
    say(site, "UPDATE run SET operator = 'somebody-else@' || host")
    found: dict[str, Any] = json.loads(made.stdout)["plan"]
    return found


def say(site: Any, statement: str) -> None:
    with sqlite3.connect(site.var / "lifecycle.db") as connection:
        connection.execute(statement)


def refused(site: Any, *arguments: str) -> str:
    outcome = site.lifecycle(*arguments)
    assert (outcome.returncode, (site.root / "note").exists()) == (1, False), outcome.stdout
    line: str = outcome.stdout.splitlines()[-1]
    assert line.startswith("lifecycle: ")
    return line


def test_an_approved_plan_is_applied_once_and_on_record(site: Any, plan: dict[str, Any]) -> None:
    assert (plan["plan"], plan["changes"], plan["approvals"]) == (1, 1, [])
    assert not (site.root / "note").exists()
    assert "plan 1 is not approved" in refused(site, "apply", "1")
    assert site.lifecycle("approve", "1", "--reason", "seen").returncode == 0
    assert "approved by" in site.lifecycle("show", "1").stdout
    assert site.show(1)["plan"]["approvals"][0]["reason"] == "seen"
    applied = site.lifecycle("apply", "1")
    assert applied.returncode == 0, applied.stdout
    assert (site.root / "note").read_text() == "as planned\n"
    runs = site.history()
    assert [(run["check"], run["applies"], run["changed"]) for run in runs] == [
        (False, 1, True),
        (True, None, True),
        (True, None, True),
    ]
    again = site.lifecycle("apply", "1")
    assert (again.returncode, "plan 1 was applied by run 3" in again.stdout) == (1, True)


def test_who_made_a_plan_does_not_approve_it_under_whatever_name(site: Any) -> None:
    site.playbook(WRITE.format(root=site.root, content="x"))
    site.run("site.yml", "--plan")
    assert "another person must approve it" in refused(site, "approve", "1")
    site.env |= {"USER": "ann", "LOGNAME": "ann"}
    assert "another person must approve it" in refused(site, "approve", "1")
    assert "made no plan" in refused(site, "approve", "9")


def test_an_approval_expires(site: Any, plan: dict[str, Any]) -> None:
    site.lifecycle("approve", "1", "--hours", "2")
    say(site, "UPDATE approval SET expires_at = datetime('now', '-1 minute')")
    assert "has expired" in refused(site, "apply", "1")


def test_a_plan_that_would_be_another_one_now_is_refused(site: Any, plan: dict[str, Any]) -> None:
    site.lifecycle("approve", "1")
    (site.root / "note").write_text("somebody was here\n")
    outcome = site.lifecycle("apply", "1")
    assert outcome.returncode == 1
    assert "plan 1 would be another one now: one: Write a note; nothing was changed" in outcome.stdout
    assert (site.root / "note").read_text() == "somebody was here\n"


def test_a_plan_whose_inventory_or_playbook_changed_is_refused(site: Any, plan: dict[str, Any]) -> None:
    site.lifecycle("approve", "1")
    site.group_vars("answer: 42\n")
    site.playbook(WRITE.format(root=site.root, content="other"))
    line = refused(site, "apply", "1")
    assert "inventory or delivery.yml have changed and site.yml has changed since plan 1 was made" in line
    assert len(site.history()) == 1


def test_a_plan_without_a_change_is_applied_without_approval(site: Any) -> None:
    site.playbook(WRITE.format(root=site.root, content="x"))
    site.run("site.yml")
    made = site.run("site.yml", "--plan")
    assert made.stdout.endswith("plan 2 changes nothing\n")
    assert "it needs no approval" in site.lifecycle("approve", "2").stdout
    assert site.lifecycle("apply", "2").returncode == 0
    (site.root / "note").unlink()
    drifted = site.lifecycle("apply", "2")
    assert (drifted.returncode, "would be another one now" in drifted.stdout) == (1, True)
    assert not (site.root / "note").exists()


def test_a_rehearsal_that_fails_makes_no_plan(site: Any) -> None:
    site.playbook("- name: Stop here\n  ansible.builtin.fail:")
    assert site.run("site.yml", "--plan").returncode == 2
    assert "made no plan" in refused(site, "approve", "1")
