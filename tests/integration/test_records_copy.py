"""`lifecycle records copy` from SQLite to a real PostgreSQL: everything is told the same there."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest


@pytest.fixture
def target(postgresql: str, site: Any) -> str:
    """The address of an empty database."""
    name = f"copy_{os.getpid()}_{abs(hash(site.root)) % 10**6}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return postgresql.replace("/postgres?", f"/{name}?")


def filled(site: Any) -> None:
    """Two runs that differ, with a diff and a failure."""
    for text in ("one", "two"):
        site.playbook(f"""
            - name: Write a note
              ansible.builtin.copy: {{content: "{text}\\n", dest: {site.root}/note, mode: "0600"}}
            - name: Fail the second time
              ansible.builtin.assert: {{that: "'{text}' == 'one'"}}
        """)
        site.run("site.yml", "--diff", "--reason", text)


def told(site: Any) -> list[Any]:
    questions = (
        ("history",),
        ("show", "1", "--diff"),
        ("show", "2", "--diff"),
        ("diff", "1", "2", "--diff"),
        ("hosts",),
    )
    return [json.loads(site.lifecycle(*question, "--json").stdout) for question in questions]


def test_history_show_and_diff_say_the_same_there(site: Any, target: str) -> None:
    filled(site)
    here = told(site)
    copied = site.lifecycle("records", "copy", target, "--json")
    assert copied.returncode == 0, copied.stdout
    assert json.loads(copied.stdout)["rows"]["result"] == 4
    again = site.lifecycle("records", "copy", target)
    assert (again.returncode, "0 of them new" in again.stdout) == (0, True), again.stdout
    site.env["LIFECYCLE_DATABASE_URL"] = target
    assert told(site) == here
    site.playbook("- name: Nothing\n  ansible.builtin.debug:")
    assert site.run("site.yml").returncode == 0
    assert [run["run"] for run in site.history()] == [3, 2, 1]
    # What has gone its own way since takes no further copy.
    del site.env["LIFECYCLE_DATABASE_URL"]
    refused = site.lifecycle("records", "copy", target)
    assert (refused.returncode, refused.stdout.count("\n")) == (1, 1)
    assert "there is run 3 of site-lab, which is not in the records here; copy into an empty database" in refused.stdout


def test_killed_in_the_middle_it_left_nothing_and_is_done_again(
    site: Any, target: str, until: Callable[..., None]
) -> None:
    filled(site)
    site.env["LIFECYCLE_DATABASE_URL"] = target
    assert site.history() == []
    del site.env["LIFECYCLE_DATABASE_URL"]
    # A table that somebody holds stops the copy when most of the rows are there.
    with psycopg.connect(target) as holder:
        holder.execute("LOCK TABLE task IN ACCESS EXCLUSIVE MODE")
        copy = site.start("records", "copy", target)
        until(lambda: _waits(target))
        time.sleep(0.2)
        os.kill(copy.pid, signal.SIGKILL)
        copy.communicate()
    with psycopg.connect(target) as look:
        assert look.execute("SELECT count(*) FROM run").fetchone() == (0,)
    assert site.lifecycle("records", "copy", target).returncode == 0
    here = told(site)
    site.env["LIFECYCLE_DATABASE_URL"] = target
    assert told(site) == here


def _waits(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
    return row is not None and row[0] > 0


def test_a_password_in_the_address_and_a_wrong_address_are_one_line(site: Any, target: str) -> None:
    for address in ("postgresql://ann:hunter22@db/x", "postgresql://ann@db/x?password=hunter22"):
        refused = site.lifecycle("records", "copy", address)
        assert (refused.returncode, refused.stdout.count("\n")) == (1, 1)
        assert "PGPASSWORD" in refused.stdout
        assert "hunter22" not in refused.stdout
    for address in ("nonsense", "mysql://x/y", "postgresql://nobody@127.0.0.1:1/x"):
        refused = site.lifecycle("records", "copy", address)
        assert (refused.returncode, refused.stdout.count("\n")) == (1, 1), refused.stdout
    themselves = site.lifecycle("records", "copy", f"sqlite:///{site.var}/lifecycle.db")
    assert "onto themselves" in themselves.stdout
