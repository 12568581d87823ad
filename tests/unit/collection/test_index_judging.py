"""Advice on indexes that can be followed: nothing is lost, nothing is contradicted, nothing secret is shown."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.asked_indexes import asked_indexes
from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import (
    Catalog,
    ForeignKey,
    Heap,
    Index,
    Statement,
    Table,
    amount,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.database_dialects import Postgresql
from ansible_collections.impl.lifecycle.plugins.module_utils.index_judging import (
    covers,
    duplicates,
    missing,
    redundant,
    replaces,
    unused,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.statement_judging import shown, slowest
from ansible_collections.impl.lifecycle.plugins.module_utils.table_judging import bloated, needed_pages
from hypothesis import given
from hypothesis import strategies as st

COLUMNS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True).map(tuple)
SQL = Postgresql()


@st.composite
def an_index(draw: Any) -> Index:
    columns = draw(COLUMNS)
    unique = draw(st.booleans())
    return Index(
        schema="public",
        table=draw(st.sampled_from(["one", "two"])),
        name="",
        columns=columns,
        keys=columns,
        predicate=draw(st.sampled_from(["", "", "(a IS NOT NULL)", "(b > 1)"])),
        include=frozenset(draw(st.sets(st.sampled_from("de")))),
        unique=unique,
        primary=unique and draw(st.booleans()),
        pinned=draw(st.booleans()),
        valid=draw(st.sampled_from([True, True, True, False])),
        scans=draw(st.integers(0, 2)),
    )


INDEXES = st.lists(an_index(), max_size=7).map(
    lambda found: [Index(**{**one.__dict__, "name": f"i{place}"}) for place, one in enumerate(found)]
)
KEYS = st.lists(
    st.builds(
        ForeignKey, schema=st.just("public"), table=st.sampled_from(["one", "two"]), name=st.just("k"), columns=COLUMNS,
        target=st.just("other"),
    ),
    max_size=3,
)  # fmt: skip


@given(INDEXES)
def test_each_index_that_goes_is_replaced_by_one_that_stays(indexes: list[Index]) -> None:
    found = redundant(indexes)
    for gone, kept in found.items():
        assert kept not in found
        assert replaces(kept, gone)
        assert not gone.primary
        assert not gone.pinned
    assert redundant([index for index in indexes if index not in found]) == {}, "once is enough"


@given(INDEXES, KEYS)
def test_following_the_advice_takes_no_index_from_a_foreign_key(indexes: list[Index], keys: list[ForeignKey]) -> None:
    before = Catalog("shop", [], indexes, keys, days=100)
    told = {one["index"] for one in [*duplicates(before, SQL), *unused(before, SQL, 30)]}
    after = Catalog("shop", [], [index for index in indexes if index.name not in told], keys, days=100)
    assert list(missing(after, SQL)) == list(missing(before, SQL))


@given(INDEXES)
def test_what_enforces_something_is_never_called_unused(indexes: list[Index]) -> None:
    told = {one["index"] for one in unused(Catalog("shop", [], indexes, [], days=100), SQL, 30)}
    by_name = {index.name: index for index in indexes}
    assert not any(by_name[name].unique or by_name[name].pinned or by_name[name].scans for name in told)


@pytest.mark.parametrize(("days", "told"), [(None, 0), (29.9, 0), (30, 1)])
def test_nothing_is_unused_before_its_statistics_are_old_enough(days: float | None, told: int) -> None:
    index = Index("public", "one", "i", ("a",), ("a",), scans=0)
    assert len(list(unused(Catalog("shop", [], [index], [], days), SQL, 30))) == told


@pytest.mark.parametrize("uncounted", [Index("public", "one", "i", ("a",), ("a",), scans=None)])
def test_an_index_whose_reads_nobody_counts_is_not_called_unused(uncounted: Index) -> None:
    assert list(unused(Catalog("shop", [], [uncounted], [], 90), SQL, 30)) == []


@given(COLUMNS, COLUMNS)
def test_an_index_covers_a_foreign_key_by_its_leading_columns_in_any_order(
    key: tuple[str, ...], columns: tuple[str, ...]
) -> None:
    index = Index("public", "one", "i", columns, columns)
    assert covers(index, key) is (set(columns[: len(key)]) == set(key))


@pytest.mark.parametrize(
    ("predicate", "does"),
    [
        ("(a IS NOT NULL)", True),
        ("((a IS NOT NULL) AND (b IS NOT NULL))", True),
        ('("a" IS NOT NULL)', True),
        ("(c IS NOT NULL)", False),
        ("((a IS NOT NULL) AND (c > 1))", False),
        ("(a IS NULL)", False),
    ],
)
def test_a_predicate_that_only_says_not_null_is_no_hindrance(predicate: str, does: bool) -> None:
    assert covers(Index("public", "one", "i", ("a", "b"), ("a", "b"), predicate=predicate), ("b", "a")) is does


@given(
    rows=st.integers(1, 10**7), columns=st.integers(1, 60), width=st.floats(1, 2000), nullable=st.booleans(),
    fillfactor=st.integers(10, 100),
)  # fmt: skip
def test_more_rows_never_need_fewer_pages(
    rows: int, columns: int, width: float, nullable: bool, fillfactor: int
) -> None:
    heap = Heap(0, rows, columns, width, nullable, fillfactor)
    more = Heap(0, rows + 1, columns, width, nullable, fillfactor)
    assert 1 <= needed_pages(heap) <= needed_pages(more)
    assert needed_pages(heap) >= rows * width / 8192


def test_the_estimate_counts_as_the_documentation_does() -> None:
    # 4 item + 24 header + 8 data = 36 bytes; 8168 of a page hold 226.8 of them.
    assert needed_pages(Heap(0, 10_000, 1, 8.0, nullable=False)) == 45
    # Eight columns with a NULL: the bitmap takes the one byte that was free before; nine take eight more.
    assert needed_pages(Heap(0, 10_000, 8, 8.0, nullable=True)) == 45
    assert needed_pages(Heap(0, 10_000, 9, 8.0, nullable=True)) == 54


def test_small_bloat_is_not_told() -> None:
    table = Table("public", "one", heap=Heap(100, 1, 1, 8.0, nullable=False))
    catalog = Catalog("shop", [table], [], [])
    assert [one["percent"] for one in bloated(catalog, SQL, 40, 99 * 8192)] == [99]
    assert list(bloated(catalog, SQL, 40, 100 * 8192)) == []


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("SELECT *\n  FROM  one", "SELECT * FROM one"),
        ("/* user 17 */ -- more\n select 1", "select 1"),
        ("(SELECT 1)", "(SELECT 1)"),
        ("CREATE ROLE one PASSWORD 'secret'", ""),
        ("ALTER USER one IDENTIFIED BY 'secret'", ""),
        ("SET SESSION AUTHORIZATION one", ""),
        ("/* SELECT */ GRANT ALL ON one TO two", ""),
        ("SELECT " + "x" * 1000, "SELECT " + "x" * 390 + "..."),
    ],
)
def test_a_statement_is_shown_only_when_the_server_takes_its_constants_out(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_the_slowest_are_told_by_both_measures_and_once() -> None:
    many = [Statement("shop", f"SELECT {n}", calls=100 - n, total_ms=1000.0 - n, mean_ms=n, rows=1) for n in range(50)]
    told = list(slowest(many, 2))
    assert [one["statement"] for one in told] == ["SELECT 0", "SELECT 1", "SELECT 49", "SELECT 48"]
    (both,) = slowest(many[:1], 2)
    assert "number 1 by time in all and number 1 by time a call" in both["said"]


def test_what_is_asked_for_is_sorted_by_database_with_its_line() -> None:
    text = (
        "database:\n  indexes:\n    - {table: a, columns: [x]}\n    - table: b\n      columns: [y]\n      name: null\n"
    )
    listed = [{"table": "a", "columns": ["x"]}, {"table": "b", "columns": ["y"], "name": None, "database": "other"}]
    assert asked_indexes({"database": {"indexes": listed}}, text, "shop") == {
        "shop": [{"table": "a", "columns": ["x"], "origin": "delivery.yml:3"}],
        "other": [{"table": "b", "columns": ["y"], "origin": "delivery.yml:4"}],
    }
    with pytest.raises(AnsibleFilterError, match=r"delivery\.yml:3: in which database\?"):
        asked_indexes({"database": {"indexes": listed}}, text, "")
    assert asked_indexes({"database": None}, text, "") == {}


@pytest.mark.parametrize(("size", "words"), [(8192, "8 kB"), (3 * 1024**2, "3.0 MB"), (55 * 1024**3, "55 GB")])
def test_sizes_are_read_by_people(size: int, words: str) -> None:
    assert amount(size) == words
