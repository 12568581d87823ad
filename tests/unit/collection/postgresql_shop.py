"""A database of a real PostgreSQL with known faults, and modules run against it as Ansible would."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import psycopg
import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args

TABLES = """
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, region text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, state text, note text);
CREATE TABLE lines (order_id bigint REFERENCES orders, place int, what text, PRIMARY KEY (place, order_id));
CREATE INDEX lines_order ON lines (order_id, what);
CREATE INDEX orders_state ON orders (state);
CREATE INDEX orders_state_note ON orders (state, note);
CREATE INDEX customers_email_again ON customers (email);
CREATE INDEX customers_email_lower ON customers (lower(email));
CREATE TABLE journal (at timestamptz, what text);
CREATE INDEX journal_at ON journal (at);
CREATE TABLE swollen (id bigint PRIMARY KEY, note text);
INSERT INTO customers SELECT n, 'c' || n, 'north' FROM generate_series(1, 2000) n;
INSERT INTO orders SELECT n, n, 'new', 'x' FROM generate_series(1, 2000) n;
INSERT INTO swollen SELECT n, repeat('x', 500) FROM generate_series(1, 40000) n;
DELETE FROM swollen WHERE id % 60 <> 0;
ANALYZE;
"""
WRONG = {
    ("missing_index", "orders", ""),
    ("duplicate_index", "orders", "orders_state"),
    ("duplicate_index", "customers", "customers_email_again"),
    ("no_primary_key", "journal", ""),
    ("bloat", "swollen", ""),
}
UNUSED = {
    ("unused_index", "orders", "orders_state_note"),
    ("unused_index", "customers", "customers_email_lower"),
    ("unused_index", "journal", "journal_at"),
}


def until(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.05)


@dataclass
class Shop:
    """The database; `server` is where its socket is."""

    server: str
    name: str
    capture: pytest.CaptureFixture[str]

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(host=self.server, user="lifecycle", dbname=self.name, autocommit=True)

    def do(self, *statements: str) -> None:
        with self.connect() as connection:
            for sql in statements:
                connection.execute(sql.encode())

    def run(self, module: ModuleType, **given: Any) -> dict[str, Any]:
        """What a module answers."""
        basic._ANSIBLE_ARGS = None  # type: ignore[attr-defined]
        self.capture.readouterr()
        with patch_module_args({"socket_directory": self.server, **given}), pytest.raises(SystemExit):
            module.main()
        answer: dict[str, Any] = json.loads(self.capture.readouterr().out)
        return answer

    def indexes(self) -> dict[str, bool]:
        """The indexes of the tables: name -> whether it is valid."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
            )
            return dict(rows.fetchall())

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """A transaction that has written to orders and does not end: a concurrent build waits for it."""
        with psycopg.connect(host=self.server, user="lifecycle", dbname=self.name) as connection:
            connection.execute("UPDATE orders SET note = 'y' WHERE id = 1")
            yield
            connection.rollback()

    def builders(self) -> list[int]:
        """Processes of the server that build an index in this database."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()"
            )
            return [row[0] for row in rows]

    @contextmanager
    def being_built(self, sql: str) -> Iterator[None]:
        """An index that is being built; at the end the server's process that builds it is killed."""

        def build() -> None:
            with self.connect() as connection, pytest.raises(psycopg.errors.AdminShutdown):
                connection.execute(sql.encode())

        with self.held_open():
            thread = threading.Thread(target=build)
            thread.start()
            until(self.builders)
            yield
            self.do(f"SELECT pg_terminate_backend({self.builders()[0]})")
            thread.join(timeout=30)


@contextmanager
def database(address: str, name: str, capture: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    """A database of its own on the server at this address, removed at the end."""
    with psycopg.connect(address, autocommit=True) as connection:
        server = connection.info.host
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        try:
            shop = Shop(server, name, capture)
            shop.do(TABLES)
            yield shop
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
