"""What is on record answers questions: by the real command, on records that it made."""

from __future__ import annotations

import json
import sqlite3
import sys
from typing import Any
from xml.etree import ElementTree as Xml

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
WRITE = """
    - name: Write a note
      ansible.builtin.copy: {{content: "{content}\\n", dest: "{root}/{{{{ inventory_hostname }}}}", mode: "0600"}}
    - name: Keep the rest
      ansible.builtin.debug:
"""


def noted(site: Any, content: str, *arguments: str, code: int = 0) -> None:
    """A run that leaves a note of this content for each host."""
    site.playbook(WRITE.format(root=site.root, content=content))
    outcome = site.run("site.yml", *arguments)
    assert outcome.returncode == code, outcome.stdout


def asked(site: Any, *arguments: str) -> Any:
    outcome = site.lifecycle(*arguments, "--json")
    assert outcome.returncode == 0, outcome.stdout
    return json.loads(outcome.stdout)


def refused(site: Any, *arguments: str) -> str:
    outcome = site.lifecycle(*arguments)
    assert (outcome.returncode, outcome.stdout.count("\n")) == (1, 1), outcome.stdout
    return str(outcome.stdout)


def test_history_is_asked_by_what_a_run_did(site: Any) -> None:
    site.hosts(one=LOCAL, two=LOCAL)
    noted(site, "first")
    noted(site, "first", "--limit", "one")
    site.playbook("- name: Stop here\n  ansible.builtin.fail:", name="broken.yml")
    site.run("broken.yml")

    def found(*arguments: str) -> list[int]:
        return [run["run"] for run in asked(site, "history", *arguments)]

    assert found("--changed") == [1]
    assert found("--host", "two") == [3, 1]
    assert found("--phase", "broken", "--since", "1h") == [3]
    assert found("--status", "successful", "-i", "site-lab") == [2, 1]
    assert found("--until", "1h") == []
    assert "no such run on record" in site.lifecycle("history", "--host", "three").stdout
    assert "'soon' is no date, time or age" in refused(site, "history", "--since", "soon")


def test_two_runs_are_compared_per_host_and_task(site: Any) -> None:
    site.hosts(one=LOCAL, two=LOCAL)
    noted(site, "first", "--diff")
    (site.root / "one").write_text("somebody was here\n")
    noted(site, "first", "--diff")
    compared = asked(site, "diff", "1", "2", "--diff")
    one, two = sorted(compared["differences"], key=lambda each: each["host"])
    assert (one["host"], one["task"], one["what"]) == ("one", "Write a note", ["diff"])
    assert (two["before"]["status"], two["after"]["status"]) == ("changed", "ok")
    assert compared["same"] == 2
    told = site.lifecycle("diff", "1", "2", "--host", "two").stdout
    assert "two                  site: Write a note: changed -> ok" in told
    assert "1 task differs, 1 came to the same" in told
    assert "option digests" not in told
    assert "no run 9" in refused(site, "diff", "1", "9")


def test_the_latest_state_of_each_host_is_told(site: Any) -> None:
    site.hosts(one=LOCAL, two=LOCAL)
    noted(site, "first")
    site.playbook("- name: Stop here\n  ansible.builtin.fail:", name="broken.yml")
    site.run("broken.yml", "--limit", "two")
    noted(site, "second", "--check")
    states = asked(site, "hosts")["hosts"]
    assert [(each["host"], each["run"], each["phase"], each["status"]) for each in states] == [
        ("one", 1, "site", "changed"),
        ("two", 2, "broken", "failed"),
    ]
    assert states[1]["environment"] == "site-lab"
    told = site.lifecycle("hosts", "-i", "site-lab").stdout
    assert "two" in told
    assert "broken failed in run 2" in " ".join(told.split())
    assert "no host is on record" in site.lifecycle("hosts", "-i", "nowhere").stdout


def test_a_run_is_exported_for_programs_and_for_people(site: Any) -> None:
    noted(site, "first", "--diff")
    everything = json.loads(site.lifecycle("export", "1").stdout)
    assert everything == site.show(1, "--diff")
    (suite,) = Xml.fromstring(site.lifecycle("export", "1", "--format", "junit").stdout).findall("testsuite")
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("site on one", "2", "0")
    ticket = site.lifecycle("export", "1", "--format", "markdown").stdout
    assert ticket.startswith("# Run 1: site on site-lab\n")
    assert "+first" in ticket
    assert "no run 9" in refused(site, "export", "9", "--format", "junit")


def test_old_runs_are_taken_off_the_records(site: Any) -> None:
    for content in ("first", "second", "third"):
        noted(site, content)
    assert "what is to be kept was not said" in refused(site, "records", "prune")
    told = asked(site, "records", "prune", "--keep-runs", "2", "--check")
    assert (told["runs"], told["before"]) == ([1], told["after"])
    assert asked(site, "records", "size")["runs"] == 3
    assert site.lifecycle("records", "prune", "--keep-runs", "2").stdout.startswith("1 of 3 runs are taken off")
    assert [run["run"] for run in site.history()] == [3, 2]
    assert "no run is to go" in site.lifecycle("records", "prune", "--keep-days", "1").stdout
    assert asked(site, "records", "size")["results"] == 4
    assert "no run 1 on record" in refused(site, "show", "1")


def test_drift_is_what_the_last_applied_phases_would_change_now(site: Any) -> None:
    site.hosts(one=LOCAL, two=LOCAL)
    assert "nothing that was applied is on record" in refused(site, "drift", "site-lab")
    noted(site, "first")
    # A later run of one host does not narrow the question, nor does a rehearsal answer it.
    noted(site, "first", "--limit", "one")
    noted(site, "other", "--check")
    noted(site, "first", "--check")
    well = site.lifecycle("drift", "site-lab")
    assert (well.returncode, well.stdout.splitlines()[-1]) == (0, "no drift: site of run 2 would change nothing")
    (site.root / "two").write_text("somebody was here\n")
    found = site.lifecycle("drift", "site-lab", "--json")
    assert found.returncode == 5, found.stdout
    data = json.loads(found.stdout)
    (drifted,) = data["drift"]
    assert (drifted["host"], drifted["task"], drifted["applied"]["run"]) == ("two", "Write a note", 1)
    assert "-somebody was here\n+first" in drifted["diff"]
    assert (data["exit_code"], data["applied"], data["since"]) == (5, {"site": 2}, [])
    assert (site.root / "two").read_text() == "somebody was here\n"
    newest = site.history()[0]
    assert (newest["run"], newest["check"], newest["status"]) == (data["run"], True, "successful")
    told = site.lifecycle("drift", "site-lab").stdout
    assert "two                  site: Write a note would change; in run 1 it was changed at" in told
    assert told.endswith("drifted: two (1 task would change)\n")
    assert site.lifecycle("drift", "site-lab", "--limit", "one").returncode == 0


def test_drift_says_what_has_changed_on_our_side_and_fails_as_its_rehearsal_does(site: Any) -> None:
    noted(site, "first", "-e", "answer=42")
    assert "was given answer with -e" in refused(site, "drift", "site-lab")
    site.group_vars("other: 1\n")
    told = site.lifecycle("drift", "site-lab", "-e", "answer=42")
    assert (told.returncode, "inventory or delivery.yml have changed since run 1" in told.stdout) == (0, True)
    site.playbook("- name: Stop here\n  ansible.builtin.fail:")
    broken = site.lifecycle("drift", "site-lab", "-e", "answer=42")
    assert (broken.returncode, "no drift" in broken.stdout) == (2, False)


def test_two_environments_are_compared_by_what_is_on_record(site: Any) -> None:
    tell = """
        - name: Tell what an inspection tells
          ansible.builtin.set_stats:
            data:
              lifecycle_inspect:
                hosts: {{"{{{{ inventory_hostname }}}}": {{os: "Debian {release}", settings: {settings}}}}}
    """
    settings = "{postgresql: {fsync: 'off', port: '5432'}, redis: {appendonly: 'no'}}"
    site.playbook(tell.format(release=12, settings=settings), name="inspect.yml")
    assert site.run("inspect.yml").returncode == 0
    assert "prod: nothing that was applied is on record" in refused(site, "compare", "site-lab", "prod")
    site.playbook(tell.format(release=13, settings="{postgresql: {port: '5433'}}"), name="inspect.yml")
    assert site.run("inspect.yml").returncode == 0
    with sqlite3.connect(site.var / "lifecycle.db") as connection:
        connection.execute("UPDATE run SET environment = 'prod' WHERE id = 2")
    compared = asked(site, "compare", "site-lab", "prod")
    assert compared["differences"] == [
        {"fact": "operating system", "left": ["Debian 12"], "right": ["Debian 13"], "by_machine": False},
        {"fact": "setting postgresql fsync", "left": ["off"], "right": [], "by_machine": False},
        {"fact": "setting postgresql port", "left": ["5432"], "right": ["5433"], "by_machine": True},
    ]
    assert compared["settings_not_told"] == [{"service": "redis", "environment": "prod"}]
    told = site.lifecycle("compare", "site-lab", "prod").stdout
    assert "Debian 12 | Debian 13" in told
    assert "note: what redis has set is not known of prod, so it is not compared" in told
    lines = told.splitlines()
    assert lines[-3] == "by address or size of the machines:"
    assert lines[-2].split() == ["setting", "postgresql", "port", "5432", "|", "5433"]
    assert lines[-1] == "site-lab and prod differ in 2 of 4 facts, and in 1 that follow from the machines"
