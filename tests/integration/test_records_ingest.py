"""What a run could not record is taken in later, and only what is whole is called whole."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

# A play on this machine that breaks the records of its own run: a table is away.
BREAK = """
    - name: Break the records
      ansible.builtin.command:
        argv: ["{{{{ ansible_python_interpreter }}}}", "-c", "{code}"]
    - name: Look
      ansible.builtin.debug:
    - name: Wait for the writer
      ansible.builtin.command: sleep 1
"""


def spilled(site: Any, table: str) -> Path:
    """The spill file of a run of two phases, the first of which took `table` away; it is back again."""
    database = site.var / "lifecycle.db"
    code = f"import sqlite3; sqlite3.connect('{database}').execute('ALTER TABLE {table} RENAME TO away')"
    site.playbook(BREAK.format(code=code), name="break.yml")
    site.playbook("- name: After\n  ansible.builtin.debug:", name="after.yml")
    outcome = site.run("break.yml", "after.yml")
    assert outcome.returncode == 0, outcome.stdout
    assert "`lifecycle records ingest` takes it in" in outcome.stdout
    with sqlite3.connect(database) as connection:
        connection.execute(f"ALTER TABLE away RENAME TO {table}")
    return Path(site.var / "spill" / "run-1.ndjson")


@pytest.mark.parametrize("table", ["result", "step", "run"])
def test_whatever_was_away_the_record_is_whole_afterwards(site: Any, table: str) -> None:
    file = spilled(site, table)
    taken = site.lifecycle("records", "ingest", "--json")
    assert taken.returncode == 0, taken.stdout
    assert json.loads(taken.stdout)["ingested"][0]["recorded"] == "full"
    run = site.show(1)
    assert (run["status"], run["recorded"]) == ("successful", "full")
    assert [(step["phase"], step["status"], step["hosts"]["one"]["failed"]) for step in run["steps"]] == [
        ("break", "successful", 0),
        ("after", "successful", 0),
    ]
    assert [result["task"] for result in run["results"]] == [
        "Break the records",
        "Look",
        "Wait for the writer",
        "After",
    ]
    assert not file.exists()
    assert site.lifecycle("records", "ingest").stdout == "nothing waits to be taken in\n"
    # Taken in twice it changes nothing.
    again = site.lifecycle("records", "ingest", f"{file}.taken-in")
    assert again.returncode == 0, again.stdout
    assert (len(site.show(1)["steps"]), len(site.show(1)["results"])) == (2, 4)


def test_a_file_that_was_cut_off_leaves_the_run_recorded_in_part(site: Any) -> None:
    file = spilled(site, "result")
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:-2]) + "\n" + lines[-2][:40])
    told = site.lifecycle("records", "ingest").stdout
    assert "recorded partial; 1 lines or events are lost" in told
    assert site.show(1)["recorded"] == "partial"


def test_what_is_no_spill_or_belongs_to_other_records_is_refused(site: Any) -> None:
    file = spilled(site, "result")
    text = file.read_text()
    pid = json.loads(text.splitlines()[0])["pid"]
    file.write_text(text.replace(f'"pid": {pid}', '"pid": 1'))
    refused = site.lifecycle("records", "ingest")
    assert (refused.returncode, refused.stdout.count("\n")) == (1, 1)
    assert "was spilled by another run 1 than the one in these records" in refused.stdout
    for words in ("nonsense\n", "", '{"kind": "spill"}\n'):
        file.write_text(words)
        assert "is no spill of a run" in site.lifecycle("records", "ingest").stdout
    assert "cannot be read" in site.lifecycle("records", "ingest", "nowhere").stdout


def test_durations_are_those_of_the_hosts(site: Any) -> None:
    local = site.environment / "hosts.yml"
    host = json.loads(local.read_text())["all"]["hosts"]["one"]
    site.hosts(quick=host | {"nap": 0.1}, slow=host | {"nap": 2})
    site.playbook("- name: Nap\n  ansible.builtin.command: sleep {{ nap }}")
    assert site.run("site.yml").returncode == 0
    seconds = {result["host"]: result["seconds"] for result in site.show(1)["results"]}
    assert seconds["slow"] >= 2 > seconds["quick"]
