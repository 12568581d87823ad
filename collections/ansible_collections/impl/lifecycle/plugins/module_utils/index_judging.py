# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which indexes are missing, which are there twice, and which nobody reads. Pure.

What is told to be dropped and what is told to be made never contradict each other: an index that a foreign key needs is
not called unused, and of several that say the same one always stays.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List, Sequence

from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import (
    Catalog,
    Finding,
    ForeignKey,
    Index,
    amount,
    finding,
)

# A hash index finds single values as well (PostgreSQL documentation, Index Types); it has one column.
FINDS_EQUALS = ("btree", "hash")
NOT_NULL = re.compile(r'\(*"?(?P<column>[^"()]+?)"? IS NOT NULL\)*', re.IGNORECASE)


def covers(index: Index, columns: Sequence[str], ordered: bool = False) -> bool:
    """Whether the server finds the rows of a foreign key's values by this index.

    Its leading columns are the foreign key's, in any order: a lookup of equal values can use them (PostgreSQL
    documentation, Multicolumn Indexes). A predicate is no hindrance when it only says that a column of the foreign key
    is not NULL, because an equal value never is (PostgreSQL documentation, Partial Indexes). `ordered`: the columns
    have to come in their order (MariaDB documentation, Foreign Keys).
    """
    if not index.valid or index.method not in FINDS_EQUALS:
        return False
    leading = index.columns[: len(columns)]
    if set(leading) != set(columns) or (ordered and leading != tuple(columns)):
        return False
    conditions = re.split(r"\s+AND\s+", index.predicate) if index.predicate else []
    matches = [NOT_NULL.fullmatch(condition.strip()) for condition in conditions]
    return all(match is not None and match["column"] in columns for match in matches)


def missing(catalog: Catalog, dialect: Any) -> Iterator[Finding]:
    """A finding for each set of columns of a table that a foreign key has and no index leads with."""
    partitioned = {(table.schema, table.name) for table in catalog.tables if table.partitioned}
    told = set()
    for key in catalog.foreign_keys:
        place = (key.schema, key.table)
        if (place, frozenset(key.columns)) in told or _covered(catalog, key):
            continue
        told.add((place, frozenset(key.columns)))
        yield finding(
            "missing_index",
            (catalog.database, *place),
            f"{key.table}.{', '.join(key.columns)} points to {key.target} without an index: each change of a row there "
            f"reads all {amount(key.bytes)} of {key.table}",
            dialect.create(*place, key.columns, partitioned=place in partitioned),
            {"columns": list(key.columns), "bytes": key.bytes, "constraint": key.name},
        )


def _covered(catalog: Catalog, key: ForeignKey) -> bool:
    return any(
        index.place == (key.schema, key.table) and covers(index, key.columns, key.ordered) for index in catalog.indexes
    )


def replaces(kept: Index, gone: Index) -> bool:
    """Whether everything that `gone` does is done by `kept`.

    The same table, method and predicate, the keys of `gone` the first of `kept` down to operator class, collation and
    direction, and every included column somewhere in `kept`. What is unique is replaced only by what is unique on the
    very same keys: a longer key forbids less.
    """
    if kept.place != gone.place or kept.method != gone.method or kept.predicate != gone.predicate:
        return False
    if not kept.valid or kept.keys[: len(gone.keys)] != gone.keys:
        return False
    # An exclusion constraint forbids what no plain index does.
    if gone.constraint and not gone.unique:
        return False
    if gone.include - kept.include - set(kept.columns):
        return False
    same = len(kept.keys) == len(gone.keys)
    if gone.unique:
        return kept.unique and same
    return same or gone.method == "btree"


def duplicates(catalog: Catalog, dialect: Any) -> Iterator[Finding]:
    """A finding for each index that another one replaces, naming one that stays."""
    for gone, kept in redundant(catalog.indexes).items():
        same = len(kept.keys) == len(gone.keys)
        word = "says the same as" if same else "is the beginning of"
        yield finding(
            "duplicate_index",
            (catalog.database, *gone.place),
            f"{gone.name} ({_keys(gone)}) {word} {kept.name} ({_keys(kept)}); "
            f"it costs {amount(gone.bytes)} and every write",
            dialect.drop(gone),
            {"index": gone.name, "columns": list(gone.columns), "bytes": gone.bytes, "kept": kept.name},
        )


def redundant(indexes: Sequence[Index]) -> Dict[Index, Index]:
    """Index that can go -> index that stays and replaces it. Never a primary key, nor what something else rests on."""
    ranked = sorted(indexes, key=_worth, reverse=True)
    stays: List[Index] = []
    goes: Dict[Index, Index] = {}
    for index in ranked:
        if index.valid and not index.primary and not index.pinned:
            kept = next((other for other in ranked if other is not index and _outranks(other, index)), None)
            if kept is not None:
                goes[index] = kept
                continue
        stays.append(index)
    # One that replaces may be replaced itself; by the one that stays in the end, because replacing is transitive.
    return {gone: next(other for other in stays if replaces(other, gone)) for gone in goes}


def _outranks(other: Index, index: Index) -> bool:
    """Of two that replace each other, the worthier stays."""
    return replaces(other, index) and (not replaces(index, other) or _worth(other) > _worth(index))


def _worth(index: Index) -> Any:
    known = (index.primary, index.pinned, bool(index.constraint), index.unique, index.scans or 0)
    # The name last, so that two runs say the same: the one that comes first in the alphabet stays.
    return (*known, len(index.keys), (*(-ord(letter) for letter in index.name), 1))


def unused(catalog: Catalog, dialect: Any, after_days: float, reads_elsewhere: bool = False) -> Iterator[Finding]:
    """A finding for each index that was never read, once its statistics are `after_days` old.

    Never one that enforces something, that a foreign key needs, or that is told as a duplicate. `reads_elsewhere`: the
    server has standbys, whose reads are counted there.
    """
    if catalog.days is None or catalog.days < after_days:
        return
    twice = redundant(catalog.indexes)
    rest = [index for index in catalog.indexes if index not in twice]
    for index in rest:
        enforces = index.unique or index.primary or index.constraint or index.pinned or not index.valid
        if index.scans != 0 or enforces or _needed(index, rest, catalog.foreign_keys):
            continue
        elsewhere = "; its standbys' reads are not counted here, ask them first" if reads_elsewhere else ""
        yield finding(
            "unused_index",
            (catalog.database, *index.place),
            f"{index.name} ({_keys(index)}) was not read in the {catalog.days:.0f} days that are counted; it costs "
            f"{amount(index.bytes)} and every write{elsewhere}",
            dialect.drop(index),
            {"index": index.name, "columns": list(index.columns), "bytes": index.bytes, "days": round(catalog.days, 1)},
        )


def _needed(index: Index, indexes: Sequence[Index], keys: Sequence[ForeignKey]) -> bool:
    """Whether a foreign key of its table has no index without it that is sure to stay."""
    for key in keys:
        if (key.schema, key.table) == index.place and covers(index, key.columns, key.ordered):
            others = [other for other in indexes if other.place == index.place and other is not index]
            if not any(
                covers(other, key.columns, key.ordered) and (other.unique or other.scans != 0) for other in others
            ):
                return True
    return False


def invalid(catalog: Catalog, dialect: Any) -> Iterator[Finding]:
    """A finding for each index that a build left behind half done; one that is being built is left alone."""
    for index in catalog.indexes:
        if not index.valid and not index.building:
            yield finding(
                "invalid_index",
                (catalog.database, *index.place),
                f"{index.name} was begun and never finished: it is written to and never read",
                dialect.drop(index),
                {"index": index.name, "columns": list(index.columns), "bytes": index.bytes},
            )


def _keys(index: Index) -> str:
    listed = ", ".join(column or "an expression" for column in index.columns)
    return f"{listed} where {index.predicate}" if index.predicate else listed
