"""`lifecycle tune indexes` against a real PostgreSQL: what is wrong is shown, what is listed is built, once.

What is found and what is not: tests/unit/collection/test_postgresql_report.py and test_postgresql_index.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.conftest import DELIVERY, HOST, Site

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="asks the server as another user, so it needs root")
TABLES = """
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, state text);
CREATE INDEX orders_state ON orders (state);
CREATE INDEX orders_state_again ON orders (state);
CREATE TABLE journal (at timestamptz, what text);
"""
NAME = "orders_customer_id_idx"
MISSING = ("missing_index", "orders", "")
WRONG = {MISSING, ("duplicate_index", "orders", "orders_state_again"), ("no_primary_key", "journal", "")}


@dataclass
class Shop:
    """A database with known faults, and the environment that looks after it."""

    site: Site
    address: str
    database: str

    def ask(self, sql: str) -> list[Any]:
        with psycopg.connect(self.address, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return [row[0] for row in cursor] if cursor.description else []

    def lists(self, index: str) -> None:
        text = f"{DELIVERY}database:\n  indexes:\n    - {index.replace('DB', self.database)}\n"
        (self.site.environment / "delivery.yml").write_text(text, encoding="utf-8")

    def tune(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.site.lifecycle("tune", "indexes", "-i", "site-lab", *arguments)

    def report(self, *arguments: str) -> dict[str, Any]:
        """What is told of the one host; the command must succeed."""
        ended = self.tune("--json", *arguments)
        assert ended.returncode == 0, ended.stdout
        found = json.loads(ended.stdout)
        about: dict[str, Any] = found["data"]["lifecycle_indexes"]["one"]
        return {**about, "changed": found["changed"]}

    def valid(self, name: str) -> list[bool]:
        """Whether the index is valid; empty when there is none."""
        return self.ask(f"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{name}')")


def kinds(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["kind"], one["table"], one["index"]) for one in report["findings"]}


@pytest.fixture
def shop(site: Site, postgresql: str) -> Iterator[Shop]:
    socket = re.search(r"host=(.+)", postgresql)
    assert socket
    name = f"shop_{abs(hash(site.root)) % 10**9}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = 'nobody'").fetchall():
            connection.execute("CREATE ROLE nobody SUPERUSER LOGIN")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    host = {**HOST, "tune_socket_directory": socket[1], "tune_database_user": "nobody", "tune_databases": [name]}
    (site.environment / "hosts.yml").write_text(json.dumps({"db": {"hosts": {"one": host}}}), encoding="utf-8")
    one = Shop(site, postgresql.replace("/postgres?", f"/{name}?"), name)
    one.ask(TABLES)
    one.lists("{table: orders, columns: [customer_id], database: DB}")
    try:
        yield one
    finally:
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@NEEDS_ROOT
def test_what_is_listed_is_built_once_and_on_record(shop: Shop) -> None:
    assert kinds(shop.report()) == WRONG
    assert shop.valid(NAME) == [], "a report changes nothing"
    first = shop.report("--apply-indexes", "--reason", "the report of today")
    assert [(one["name"], one["action"]) for one in first["indexes"]] == [(NAME, "create")]
    assert (first["changed"], shop.valid(NAME), kinds(first)) == (True, [True], WRONG - {MISSING})
    second = shop.report("--apply-indexes")
    assert (second["changed"], [one["action"] for one in second["indexes"]]) == (False, ["present"])
    shown = shop.site.show(2)
    assert (shown["status"], shown["changed"], shown["reason"]) == ("successful", True, "the report of today")


@NEEDS_ROOT
def test_a_build_that_was_killed_is_mended(shop: Shop, until: Any) -> None:
    with psycopg.connect(shop.address) as other:
        other.execute("INSERT INTO orders VALUES (1)")
        process = shop.site.start("tune", "indexes", "-i", "site-lab", "--apply-indexes")
        building = "SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()"
        until(lambda: shop.ask(building), seconds=60)
        shop.ask(f"SELECT pg_terminate_backend({shop.ask(building)[0]})")
        output, _ = process.communicate(timeout=60)
        other.rollback()
    assert process.returncode == 2
    assert "terminating connection due to administrator command" in output
    assert shop.valid(NAME) == [False], "the killed build has left it"
    mended = shop.report("--apply-indexes")
    assert [(one["name"], one["action"]) for one in mended["indexes"]] == [(NAME, "mend")]
    assert shop.valid(NAME) == [True]


@NEEDS_ROOT
@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "{table: nowhere, columns: [a], database: DB}",
            "delivery.yml:7: there is no table nowhere in the database DB",
        ),
        (
            "{table: orders, columns: [id], database: elsewhere}",
            "delivery.yml:7: there is no database elsewhere on one; looked at",
        ),
        ("{table: orders, columns: [id]}", "delivery.yml:7: in which database?"),
    ],
)
def test_what_the_server_cannot_have_is_refused_with_its_line(shop: Shop, entry: str, said: str) -> None:
    shop.lists(entry)
    ended = shop.tune("--apply-indexes")
    assert ended.returncode == 2
    assert said.replace("DB", shop.database) in ended.stdout


def test_nothing_listed_is_refused_in_one_line(site: Site) -> None:
    ended = site.lifecycle("tune", "indexes", "-i", "site-lab", "--apply-indexes")
    assert (ended.returncode, ended.stdout.count("\n")) == (1, 1)
    assert "delivery.yml lists no indexes to build" in ended.stdout


@NEEDS_ROOT
def test_a_person_reads_a_table_and_copies_the_sql(shop: Shop) -> None:
    ended = shop.tune()
    assert ended.returncode == 0, ended.stdout
    assert "one: missing index 1, duplicate index 1, no primary key 1" in ended.stdout
    assert 'CREATE INDEX CONCURRENTLY ON "public"."orders" ("customer_id");' in ended.stdout
    assert "reads have been counted for 0.0 days" in ended.stdout


@NEEDS_ROOT
def test_the_playbook_alone_does_the_same(shop: Shop) -> None:
    program = Path(sys.executable).with_name("ansible-playbook")
    argv = [program, "impl.lifecycle.tune_indexes", "-i", shop.site.environment / "hosts.yml"]
    collections = Path(__file__).parents[2] / "collections"
    environment = shop.site.env | {"ANSIBLE_COLLECTIONS_PATH": str(collections), "LC_ALL": "C.UTF-8"}
    ended = subprocess.run(
        [*argv, "-e", "tune_apply_indexes=true"], env=environment, text=True, capture_output=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{NAME}: create" in ended.stdout
    assert shop.valid(NAME) == [True]
