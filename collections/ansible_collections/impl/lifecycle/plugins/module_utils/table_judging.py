# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which tables have no primary key, and which are far larger than their rows. Pure."""

from __future__ import annotations

import math
from typing import Any, Iterator, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import (
    Catalog,
    Finding,
    Heap,
    Index,
    Table,
    amount,
    finding,
)

# PostgreSQL documentation, Database Page Layout: page header, item identifier, tuple header; MAXALIGN on 64 bits.
PAGE_HEADER, ITEM, TUPLE_HEADER, ALIGN = 24, 4, 23, 8


def keyless(catalog: Catalog, dialect: Any) -> Iterator[Finding]:
    """A finding for each table without primary key; a partition has that of its table."""
    for table in catalog.tables:
        if table.primary or table.partition:
            continue
        candidate = next((index for index in catalog.indexes if _identifies(index, table)), None)
        if candidate is not None:
            hint, sql = f"{candidate.name} could become it, where no value is NULL", dialect.primary_from(candidate)
        else:
            hint = dialect.KEYING
            sql = dialect.primary_new(table.schema, table.name)
        yield finding(
            "no_primary_key",
            (catalog.database, table.schema, table.name),
            f"{table.name} has no primary key: nothing tells its rows apart, for replication neither; {hint}",
            sql,
            {"bytes": table.bytes, "index": candidate.name if candidate else ""},
        )


def _identifies(index: Index, table: Table) -> bool:
    """Whether the index could be the primary key as it is. NULLs among its columns the server refuses itself."""
    whole = not index.predicate and not index.constraint and all(index.columns) and not table.partitioned
    return index.place == (table.schema, table.name) and index.unique and index.valid and whole


def needed_pages(heap: Heap) -> int:
    """Pages that the rows would take if the table were written anew.

    By the layout in PostgreSQL's documentation (Database Page Layout): each row has an item identifier, a header of 23
    bytes and, where a value is NULL, a bitmap of one bit a column; header and data are aligned to 8 bytes. The data's
    width is that of pg_stats (avg_width, without the share that is NULL). The same estimate as
    github.com/ioguix/pgsql-bloat-estimation: the padding between columns is not known, so that wide rows of small
    columns look a little bloated.
    """
    bitmap = (heap.columns + 7) // 8 if heap.nullable else 0
    row = ITEM + _aligned(TUPLE_HEADER + bitmap) + _aligned(math.ceil(heap.width))
    return math.ceil(heap.rows * row * 100 / ((heap.page - PAGE_HEADER) * heap.fillfactor))


def _aligned(size: int) -> int:
    return -(-size // ALIGN) * ALIGN


def bloated(catalog: Catalog, dialect: Any, percent: float, least_bytes: int) -> Iterator[Finding]:
    """A finding for each table of which at least `percent` and `least_bytes` hold no rows, by estimate."""
    for table in catalog.tables:
        spare, whole = _spare(table)
        share = 100 * spare / whole if whole else 0.0
        if share < percent or spare < least_bytes or not spare:
            continue
        yield finding(
            "bloat",
            (catalog.database, table.schema, table.name),
            f"about {amount(spare)} of {table.name}'s {amount(whole)} ({share:.0f} %) hold no rows {dialect.REWRITING}",
            dialect.rewrite(table.schema, table.name),
            {"bytes": spare, "percent": round(share)},
        )


def _spare(table: Table) -> Tuple[int, int]:
    """Bytes that hold no rows, and all bytes of the table: as the server says, else by estimate; zeros when unknown."""
    if table.spare is not None:
        return table.spare, table.bytes
    heap = table.heap
    if heap is None:
        return 0, 0
    return max(0, heap.pages - needed_pages(heap)) * heap.page, heap.pages * heap.page
