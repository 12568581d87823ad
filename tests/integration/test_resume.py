"""A run that did not end well is gone on with where it stopped, and only there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
NOTHING = "- name: Nothing\n  ansible.builtin.debug:"
# Fails on host two until the file `mended` is there.
PICKY = """
    - name: Refuse the second host until it is mended
      ansible.builtin.stat: {{path: {root}/mended}}
      register: mended
      failed_when: inventory_hostname == "two" and not mended.stat.exists
    - name: Finish
      ansible.builtin.debug:
"""


def picky(site: Any, *, play: str = "") -> None:
    """A run of first.yml and second.yml, the second of which failed on host two, now mended."""
    site.hosts(one=LOCAL, two=LOCAL, three=LOCAL)
    site.playbook(NOTHING, name="first.yml")
    site.playbook(PICKY.format(root=site.root), name="second.yml")
    if play:
        text = (site.root / "second.yml").read_text()
        site.write("second.yml", text.replace("  hosts: all\n", f"  hosts: all\n  {play}\n"))
    site.playbook(NOTHING, name="third.yml")
    assert site.run("first.yml", "second.yml", "third.yml", "--reason", "rollout").returncode == 2
    (site.root / "mended").touch()


def hosts_of(step: dict[str, Any]) -> set[str]:
    return set(step["hosts"])


def test_the_first_unfinished_phase_runs_on_the_hosts_that_failed_and_later_ones_on_all(site: Any) -> None:
    picky(site)
    outcome = site.lifecycle("resume")
    assert outcome.returncode == 0, outcome.stdout
    resumed, first = site.history()
    assert (first["status"], resumed["status"], resumed["resumes"]) == ("failed", "successful", 1)
    assert [(step["phase"], hosts_of(step)) for step in resumed["steps"]] == [
        ("second", {"two"}),
        ("third", {"one", "two", "three"}),
    ]
    assert "[resumes 1]" in site.lifecycle("history").stdout
    assert "every phase of run 2 succeeded" in site.lifecycle("resume").stdout
    assert "run 1 was resumed by run 2; lifecycle resume 2" in site.lifecycle("resume", "1").stdout


@pytest.mark.parametrize("play", ["any_errors_fatal: true", "serial: 1", "max_fail_percentage: 10"])
def test_hosts_that_were_stopped_with_the_failed_one_are_not_taken_for_finished(site: Any, play: str) -> None:
    picky(site, play=play)
    assert site.lifecycle("resume", "1").returncode == 0
    assert hosts_of(site.history()[0]["steps"][0]) == {"one", "two", "three"}


def test_a_run_that_was_interrupted_goes_on_with_all_hosts(site: Any, until: Callable[..., None]) -> None:
    site.hosts(one=LOCAL, two=LOCAL)
    site.playbook(
        f"- name: Slow at first\n  ansible.builtin.shell: test -e {site.root}/mended || sleep 63", name="slow.yml"
    )
    process = site.start("run", "slow.yml", "-i", "site-lab", "--limit", "one")
    until(lambda: any("sleep 63" in line for line in site.at_work()))
    running = site.lifecycle("resume")
    assert "run 1 is still running" in running.stdout
    site.stop_at_once(process)
    (site.root / "mended").touch()
    assert site.lifecycle("resume", "-i", "site-lab").returncode == 0
    assert [hosts_of(step) for step in site.history()[0]["steps"]] == [{"one"}]


def test_what_changed_since_is_told_and_refused_unless_forced(site: Any) -> None:
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "one"]):
        git(site, *command)
    picky(site)
    site.group_vars("answer: 42\n")
    git(site, "commit", "-q", "--allow-empty", "-m", "two")
    site.write("second.yml", (site.root / "second.yml").read_text() + "\n")
    refused = site.lifecycle("resume")
    assert (refused.returncode, refused.stdout.count("\n")) == (1, 1)
    for words in ("the commit has changed", "inventory or delivery.yml have changed", "second.yml has changed"):
        assert words in refused.stdout
    assert len(site.history()) == 1
    forced = site.lifecycle("resume", "--force", "--json")
    assert forced.returncode == 0, forced.stdout
    assert "resumed although the commit has changed" in json.loads(forced.stdout)["notices"]
    assert len(site.history()[0]["options"]["despite"]) == 3


def test_variables_given_on_the_command_line_are_given_again(site: Any) -> None:
    site.playbook("- name: Ask\n  ansible.builtin.assert: {that: word == 'right'}")
    assert site.run("site.yml", "-e", "word=wrong", "--diff").returncode == 2
    refused = site.lifecycle("resume")
    assert "run 1 was given word with -e" in refused.stdout
    assert site.lifecycle("resume", "-e", "word=right").returncode == 0
    assert site.history()[0]["options"]["diff"] is True


def git(site: Any, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", site.environment, *who, *arguments], check=True)
