"""What is wrong in a real PostgreSQL is found, and nothing else; following the advice leaves nothing to tell."""

# ruff: noqa: E501 - one case a line reads as the table it is.

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.modules import postgresql_report
from postgresql_shop import UNUSED, WRONG, Shop, database


@pytest.fixture
def shop(
    postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    (tmp_path / "runuser").write_text('#!/bin/sh\nshift 3; exec "$@"\n')
    (tmp_path / "runuser").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PGUSER", "lifecycle")
    with database(postgresql, f"report_{abs(hash(tmp_path)) % 10**9}", capsys) as one:
        yield one


def report(shop: Shop, **given: Any) -> dict[str, Any]:
    answer = shop.run(postgresql_report, databases=[shop.name], **given)
    assert not answer.get("failed"), answer
    assert not answer["changed"]
    return answer


def kinds(answer: dict[str, Any]) -> set[tuple[str, str, str]]:
    told = [one for one in answer["findings"] if one["kind"] != "slow_statement"]
    return {(one["kind"], one["table"], one["index"]) for one in told}


def test_exactly_what_is_wrong_is_found(shop: Shop) -> None:
    answer = report(shop)
    assert kinds(answer) == WRONG
    assert all(one["database"] == shop.name and one["said"] and one["sql"] for one in answer["findings"])
    assert any("reads have been counted for 0.0 days; which index is unused" in note for note in answer["notes"])


def test_unused_is_told_once_the_statistics_are_old_enough_and_never_of_what_is_needed(shop: Shop) -> None:
    assert kinds(report(shop, unused_after_days=0)) == WRONG | UNUSED


def test_following_the_advice_leaves_nothing_to_tell(shop: Shop) -> None:
    shop.do(*(one["sql"] for one in report(shop, unused_after_days=0)["findings"]))
    assert kinds(report(shop, unused_after_days=0)) == set()


def test_an_index_that_was_read_is_not_called_unused(shop: Shop) -> None:
    shop.do(
        "SET enable_seqscan = off", "SELECT count(*) FROM journal WHERE at > now()", "SELECT pg_stat_force_next_flush()"
    )
    assert ("unused_index", "journal", "journal_at") not in kinds(report(shop, unused_after_days=0))


@pytest.mark.parametrize(
    ("made", "missing"),
    [
        ("CREATE INDEX ON orders (customer_id, state)", False),
        ("CREATE INDEX ON orders USING hash (customer_id)", False),
        ("CREATE INDEX ON orders (customer_id) WHERE customer_id IS NOT NULL", False),
        ("CREATE INDEX ON orders (state, customer_id)", True),
        ("CREATE INDEX ON orders (customer_id) WHERE state = 'new'", True),
        ("CREATE INDEX ON orders (abs(customer_id))", True),
        ("CREATE INDEX ON orders USING brin (customer_id)", True),
    ],
)
def test_an_index_that_finds_the_rows_of_a_foreign_key_is_known_by_what_it_does(
    shop: Shop, made: str, missing: bool
) -> None:
    shop.do(made)
    assert (("missing_index", "orders", "") in kinds(report(shop))) is missing


@pytest.mark.parametrize(
    ("made", "twice"),
    [
        ("CREATE INDEX more ON customers (region); CREATE INDEX most ON customers (region, id)", {"more"}),
        ("CREATE UNIQUE INDEX more ON customers (email, region); CREATE INDEX most ON customers (email, region)", {"most"}),
        ("CREATE UNIQUE INDEX more ON customers (id, region)", set()),
        ("CREATE INDEX more ON customers (region); CREATE INDEX most ON customers (region DESC)", set()),
        ("CREATE INDEX more ON customers (region); CREATE INDEX most ON customers (region text_pattern_ops)", set()),
        ("CREATE INDEX more ON customers (region); CREATE INDEX most ON customers (region COLLATE \"C\")", set()),
        ("CREATE INDEX more ON customers (region); CREATE INDEX most ON customers (region) WHERE id > 1", set()),
        ("CREATE INDEX more ON customers (region) INCLUDE (email); CREATE INDEX most ON customers (region)", {"most"}),
        ("CREATE INDEX more ON customers (lower(region)); CREATE INDEX most ON customers (lower(region), id)", {"more"}),
        ("ALTER TABLE customers ADD CONSTRAINT more UNIQUE (region, id) DEFERRABLE; "
         "CREATE UNIQUE INDEX most ON customers (region, id)", set()),
        ("ALTER TABLE customers ADD CONSTRAINT more EXCLUDE USING hash (region WITH =) WHERE (id < 0);"
         "CREATE INDEX most ON customers USING hash (region) WHERE (id < 0)", {"most"}),
    ],
)  # fmt: skip
def test_an_index_is_there_twice_only_if_nothing_is_lost_without_it(shop: Shop, made: str, twice: set[str]) -> None:
    shop.do(*made.split(";"))
    found = {one["index"] for one in report(shop)["findings"] if one["kind"] == "duplicate_index"}
    assert found - {"orders_state", "customers_email_again"} == twice


def test_what_a_table_consists_of_is_judged_once(shop: Shop) -> None:
    shop.do(
        "CREATE TABLE visits (id bigint, at date, customer_id bigint REFERENCES customers, PRIMARY KEY (id, at))"
        " PARTITION BY RANGE (at)",
        "CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
        "CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2021-01-01') TO ('2022-01-01')",
    )
    told = {(one["kind"], one["table"], one["sql"]) for one in report(shop)["findings"] if "visits" in one["table"]}
    assert told == {("missing_index", "visits", 'CREATE INDEX ON "public"."visits" ("customer_id");')}


def test_a_unique_index_could_become_the_primary_key(shop: Shop) -> None:
    shop.do("CREATE TABLE codes (code text NOT NULL)", "CREATE UNIQUE INDEX codes_code ON codes (code)")
    (told,) = (one for one in report(shop)["findings"] if one["table"] == "codes")
    shop.do(told["sql"])
    assert "codes" not in {one["table"] for one in report(shop)["findings"]}


def test_names_that_want_quotes_are_quoted(shop: Shop) -> None:
    shop.do(
        'CREATE SCHEMA "Odd;"',
        'CREATE TABLE "Odd;"."or""der" (id bigint PRIMARY KEY, "user" bigint REFERENCES customers)',
    )
    (told,) = (one for one in report(shop)["findings"] if one["schema"] == "Odd;")
    shop.do(told["sql"])
    assert "Odd;" not in {one["schema"] for one in report(shop)["findings"]}


def test_the_estimate_of_bloat_is_near_the_truth(shop: Shop) -> None:
    (told,) = (one for one in report(shop)["findings"] if one["kind"] == "bloat")
    with shop.connect() as connection:
        before = connection.execute("SELECT pg_relation_size('swollen')").fetchall()[0][0]
        connection.execute("VACUUM FULL swollen")
        after = connection.execute("SELECT pg_relation_size('swollen')").fetchall()[0][0]
    assert told["bytes"] == pytest.approx(before - after, rel=0.02)


def test_statements_are_told_without_anybodys_password(shop: Shop) -> None:
    assert any("pg_stat_statements in shared_preload_libraries" in note for note in report(shop)["notes"])
    shop.do("CREATE EXTENSION pg_stat_statements")
    shop.do(
        "/* asked by hand */ SELECT pg_sleep(0.2), 'hunter22'", "CREATE ROLE one PASSWORD 'hunter22'", "DROP ROLE one"
    )
    answer = report(shop)
    assert "hunter22" not in str(answer)
    slow = [one for one in answer["findings"] if one["kind"] == "slow_statement"]
    assert any(one["statement"] == "SELECT pg_sleep($1), $2" and one["mean_ms"] >= 200 for one in slow)
    assert not any("pg_stat_statements" in one["statement"] for one in slow), "the report does not count itself"
    assert kinds(answer) == WRONG, "the extension's own views are nobody's tables"


def test_a_server_that_is_not_there_and_a_database_that_is_not(shop: Shop, tmp_path: Path) -> None:
    gone = shop.run(postgresql_report, socket_directory=str(tmp_path))
    assert (gone["running"], gone["changed"]) == (False, False)
    unknown = shop.run(postgresql_report, databases=["elsewhere"])
    assert unknown["failed"]
    assert unknown["msg"].startswith("there is no database elsewhere here; there are: ")
