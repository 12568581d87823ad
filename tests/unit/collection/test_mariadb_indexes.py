"""What MariaDB's tables of itself mean, and what an index needs there. On a real server: molecule/tune_indexes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import mariadb_catalog
from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import Catalog
from ansible_collections.impl.lifecycle.plugins.module_utils.database_dialects import Mariadb
from ansible_collections.impl.lifecycle.plugins.module_utils.database_judging import found_in, notes_on
from ansible_collections.impl.lifecycle.plugins.module_utils.index_plan import Refused
from ansible_collections.impl.lifecycle.plugins.modules.mariadb_index import plan

PARAMS = {"unused_after_days": 30, "bloat_percent": 40, "bloat_mb": 1}
MB = 1024**2


def part(table: str, name: str, column: str, **more: Any) -> dict[str, Any]:
    about = {"schema": "shop", "table": table, "name": name, "column": column, "part": None, "unique": 0}
    return {**about, "method": "btree", "direction": "A", **more}


def key(table: str, column: str, target: str, target_column: str = "id") -> dict[str, Any]:
    about = {"schema": "shop", "table": table, "name": f"{table}_{column}", "column": column}
    return {**about, "target_schema": "shop", "target": target, "target_column": target_column}


def shop(
    indexes: list[dict[str, Any]], keys: list[dict[str, Any]] | None = None, reads: Any = None, **table: Any
) -> Catalog:
    names = sorted({one["table"] for one in indexes})
    about = {"schema": "shop", "rows": 10, "engine": "InnoDB", "bytes": 10 * MB, "spare": 0, **table}
    tables = [{**about, "name": name} for name in names]
    return mariadb_catalog.catalogs_of(tables, indexes, keys or [], {}, reads, 100.0)["shop"]


def told(catalog: Catalog) -> set[tuple[str, str]]:
    return {
        (one["kind"], one["index"] or one["table"])
        for one in found_in(catalog, Mariadb(), PARAMS, reads_elsewhere=False)
    }


PRIMARY = part("orders", "PRIMARY", "id", unique=1)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ([part("orders", "a", "x"), part("orders", "b", "x")], {("duplicate_index", "b")}),
        ([part("orders", "a", "x"), part("orders", "b", "x"), part("orders", "b", "y")], {("duplicate_index", "a")}),
        ([part("orders", "a", "id")], {("duplicate_index", "a")}),
        ([part("orders", "a", "x", part=10), part("orders", "b", "x")], set()),
        ([part("orders", "a", "x", direction="D"), part("orders", "b", "x")], set()),
        ([part("orders", "a", "x", method="fulltext"), part("orders", "b", "x")], set()),
    ],
)
def test_an_index_is_there_twice_only_if_nothing_is_lost_without_it(
    more: list[dict[str, Any]], found: set[tuple[str, str]]
) -> None:
    assert told(shop([PRIMARY, *more])) == found


def test_what_a_foreign_key_needs_on_either_side_is_not_unused() -> None:
    indexes = [
        PRIMARY,
        part("orders", "own", "customer"),
        part("orders", "free", "state"),
        part("orders", "theirs", "code"),
    ]
    lines = [part("lines", "PRIMARY", "id", unique=1), part("lines", "code", "code")]
    keys = [key("orders", "customer", "customers"), key("lines", "code", "orders", "code")]
    nobody_reads: dict[tuple[str, str, str], int] = {}
    assert told(shop([*indexes, *lines], keys[:1] + keys[1:], nobody_reads)) >= {("unused_index", "free")}
    assert not {("unused_index", "own"), ("unused_index", "theirs")} & told(
        shop([*indexes, *lines], keys, nobody_reads)
    )
    read = {("shop", "orders", "free"): 1}
    assert ("unused_index", "free") not in told(shop([*indexes, *lines], keys, read))


def test_without_performance_schema_nobody_knows_what_is_unused() -> None:
    catalog = shop([PRIMARY, part("orders", "free", "state")])
    assert told(catalog) == set()
    assert "no index is called unused" in notes_on(catalog, PARAMS)[0]


def test_free_room_is_bloat_only_where_it_is_the_tables_own() -> None:
    assert told(shop([PRIMARY], spare=5 * MB)) == {("bloat", "orders")}
    assert told(shop([PRIMARY], spare=3 * MB)) == set()
    assert told(shop([PRIMARY], spare=5 * MB, engine="Aria")) == set()


def test_a_table_without_primary_key_is_told() -> None:
    assert told(shop([part("journal", "at", "at")])) == {("no_primary_key", "journal")}


COLUMNS = {"orders": ["id", "x", "y"]}
ASKED: dict[str, Any] = {"table": "orders", "columns": ["x"], "name": "", "unique": False, "where": "", "origin": ""}


def test_an_index_that_is_missing_is_built_without_a_lock() -> None:
    made = plan("shop", ASKED, mariadb_catalog.indexes_of([PRIMARY], {}, None), COLUMNS)
    assert (made["action"], made["name"], made["table"]) == ("create", "orders_x_idx", "shop.orders")
    assert made["sql"] == "ALTER TABLE `shop`.`orders` ADD INDEX `orders_x_idx` (`x`), ALGORITHM=INPLACE, LOCK=NONE;"


@pytest.mark.parametrize(
    ("there", "action"),
    [(part("orders", "other", "x"), "present"), (part("orders", "other", "x", part=5), "create")],
)
def test_the_same_under_another_name_is_enough(there: dict[str, Any], action: str) -> None:
    assert plan("shop", ASKED, mariadb_catalog.indexes_of([there], {}, None), COLUMNS)["action"] == action


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"where": "x > 1"}, "MariaDB has no index on some of the rows"),
        ({"table": "nowhere"}, "there is no table nowhere in the database shop"),
        ({"columns": ["z"]}, "orders has no column z"),
        ({"name": "taken"}, "there is another index taken on (y)"),
    ],
)
def test_what_cannot_be_had_is_refused(given: dict[str, Any], said: str) -> None:
    there = mariadb_catalog.indexes_of([part("orders", "taken", "y")], {}, None)
    with pytest.raises(Refused, match=said.replace("(", r"\(").replace(")", r"\)")):
        plan("shop", {**ASKED, **given}, there, COLUMNS)
