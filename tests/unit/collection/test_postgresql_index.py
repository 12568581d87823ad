"""An index that is asked for is built once, on a real PostgreSQL, whatever an interrupted build has left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.database_dialects import default_name
from ansible_collections.impl.lifecycle.plugins.modules import postgresql_index, postgresql_report
from postgresql_shop import Shop, database

NAME = "orders_customer_id_idx"
ASKED = {"table": "orders", "columns": ["customer_id"]}


@pytest.fixture
def shop(
    postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    (tmp_path / "runuser").write_text('#!/bin/sh\nshift 3; exec "$@"\n')
    (tmp_path / "runuser").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PGUSER", "lifecycle")
    with database(postgresql, f"index_{abs(hash(tmp_path)) % 10**9}", capsys) as one:
        yield one


def have(shop: Shop, *indexes: dict[str, Any], **given: Any) -> dict[str, Any]:
    return shop.run(postgresql_index, database=shop.name, indexes=list(indexes), **given)


def actions(answer: dict[str, Any]) -> list[tuple[str, str]]:
    assert not answer.get("failed"), answer
    return [(one["name"], one["action"]) for one in answer["indexes"]]


def test_what_is_missing_is_built_once(shop: Shop) -> None:
    rehearsal = have(shop, ASKED, _ansible_check_mode=True)
    assert (rehearsal["changed"], actions(rehearsal)) == (True, [(NAME, "create")])
    assert NAME not in shop.indexes()
    assert have(shop, ASKED)["changed"]
    assert shop.indexes()[NAME] is True
    again = have(shop, ASKED)
    assert (again["changed"], actions(again)) == (False, [(NAME, "present")])


def test_the_same_under_another_name_is_enough(shop: Shop) -> None:
    answer = have(shop, {"table": "public.customers", "columns": ["email"], "unique": True, "name": "mine"})
    assert actions(answer) == [("customers_email_key", "present")]


def test_a_condition_is_compared_as_the_server_understands_it(shop: Shop) -> None:
    asked = {"table": "customers", "columns": ["region"], "where": "region in ('north', 'south') AND NOT (id < 5)"}
    assert have(shop, asked)["changed"]
    assert not have(shop, asked)["changed"]
    other = have(shop, {**asked, "where": "id < 5", "origin": "delivery.yml:9"})
    assert other["msg"].startswith("delivery.yml:9: there is another index customers_region_idx on (region) where ")


def test_what_a_killed_build_has_left_is_mended(shop: Shop) -> None:
    with shop.being_built(f"CREATE INDEX CONCURRENTLY {NAME} ON orders (customer_id)"):
        assert f"{NAME} is being built at this moment" in have(shop, ASKED)["msg"]
    assert shop.indexes()[NAME] is False, "the killed build has left it"
    told = shop.run(postgresql_report, databases=[shop.name])["findings"]
    assert ("invalid_index", NAME) in {(one["kind"], one["index"]) for one in told}
    assert actions(have(shop, ASKED)) == [(NAME, "mend")]
    assert shop.indexes()[NAME] is True
    assert not have(shop, ASKED)["changed"]


def test_what_is_left_of_another_index_is_not_taken_for_this_one(shop: Shop) -> None:
    with shop.being_built(f"CREATE INDEX CONCURRENTLY {NAME} ON orders (state, id)"):
        pass
    assert f"there is another index {NAME} on (state, id) and not finished" in have(shop, ASKED)["msg"]
    assert shop.indexes()[NAME] is False


def test_a_build_that_waits_too_long_gives_up_and_says_what_it_left(shop: Shop) -> None:
    with shop.held_open():
        answer = have(shop, ASKED, wait_seconds=1)
    assert "canceling statement due to lock timeout" in answer["msg"]
    assert f"{NAME} stays behind unfinished; the next run drops it and builds it again" in answer["msg"]
    assert actions(have(shop, ASKED)) == [(NAME, "mend")]


def test_rows_that_forbid_a_unique_index_leave_nothing_and_are_not_shown(shop: Shop) -> None:
    answer = have(shop, {"table": "customers", "columns": ["region"], "unique": True})
    assert "could not create unique index" in answer["msg"]
    assert "north" not in str(answer)
    assert "customers_region_idx" not in shop.indexes()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"table": "nowhere", "columns": ["a"]}, "there is no table nowhere in the database"),
        ({"table": "shown", "columns": ["id"]}, "shown is no table"),
        (
            {"table": "parts", "columns": ["id"]},
            "parts is partitioned, and PostgreSQL builds nothing concurrently on it",
        ),
        ({"table": "orders", "columns": ["no"]}, 'ERROR: column "no" does not exist'),
        ({"table": "orders", "columns": ["id"], "where": "no = 1"}, 'ERROR: column "no" does not exist'),
        (
            {"table": "orders", "columns": ["note"], "name": "customers"},
            "the name customers is taken by something else",
        ),
        ({"table": "orders", "columns": ["note"], "name": "lines_order"}, "the name lines_order is taken by lines"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_built(shop: Shop, asked: dict[str, Any], said: str) -> None:
    shop.do("CREATE VIEW shown AS SELECT 1 AS id", "CREATE TABLE parts (id int) PARTITION BY LIST (id)")
    before = shop.indexes()
    answer = have(shop, ASKED, {**asked, "origin": "delivery.yml:9"})
    assert answer["failed"]
    assert answer["msg"].startswith("delivery.yml:9: ")
    assert said in answer["msg"]
    assert answer["msg"].endswith(f"Nothing was changed in {shop.name}")
    assert shop.indexes() == before


def test_names_are_always_the_same_and_never_too_long() -> None:
    assert default_name("public.visits", ["pet_id"]) == "visits_pet_id_idx"
    long = [default_name("a" * 40, ["b" * 40, column]) for column in ("one", "two", "one")]
    assert long[0] == long[2] != long[1]
    assert all(len(name.encode()) <= 63 for name in long)
