# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a database's catalogue says, in words that PostgreSQL and MariaDB share, and what is found in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, Mapping, Optional, Sequence, Tuple


@dataclass(frozen=True)
class Index:
    """One index. Sizes in bytes.

    `columns`: the key columns in their order, "" for an expression. `keys`: the same with everything that makes one key
    differ from another (expression, operator class, collation, direction). `constraint`: the constraint it enforces, or
    "". `pinned`: something else rests on it (a foreign key that points here, replica identity, an index above it).
    `scans`: how often it was read since `Catalog.since`; None when nobody counts.
    """

    schema: str
    table: str
    name: str
    columns: Tuple[str, ...]
    keys: Tuple[str, ...]
    method: str = "btree"
    include: FrozenSet[str] = frozenset()
    predicate: str = ""
    unique: bool = False
    primary: bool = False
    constraint: str = ""
    pinned: bool = False
    valid: bool = True
    building: bool = False
    bytes: int = 0
    scans: Optional[int] = None

    @property
    def place(self) -> Tuple[str, str]:
        """Schema and table."""
        return self.schema, self.table


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key of a table; `columns` are this table's, `target` the table it points to. `bytes`: this table's.

    `ordered`: its index has to have the columns in their order, as InnoDB wants it.
    """

    schema: str
    table: str
    name: str
    columns: Tuple[str, ...]
    target: str
    bytes: int = 0
    ordered: bool = False


@dataclass(frozen=True)
class Table:
    """One table. `rows` is the server's estimate, None when it has none.

    `heap`: what an estimate of bloat needs; `spare`: bytes that hold no rows, where the server itself says so.
    """

    schema: str
    name: str
    bytes: int = 0
    rows: Optional[int] = None
    primary: bool = True
    partitioned: bool = False
    partition: bool = False
    heap: Optional[Heap] = None
    spare: Optional[int] = None


@dataclass(frozen=True)
class Heap:
    """A table's main file as its statistics have it.

    `pages` of `page` bytes, filled to `fillfactor` percent when written; `rows` of `columns` columns with `width`
    bytes of data on average; `nullable`: some values are NULL.
    """

    pages: int
    rows: int
    columns: int
    width: float
    nullable: bool
    fillfactor: int = 100
    page: int = 8192


@dataclass(frozen=True)
class Statement:
    """A kind of statement, its constants taken out, and its times in milliseconds."""

    database: str
    text: str
    calls: int
    total_ms: float
    mean_ms: float
    rows: int


@dataclass(frozen=True)
class Catalog:
    """One database. `days`: how long its statistics have been counted, None when that is not known."""

    database: str
    tables: Sequence[Table]
    indexes: Sequence[Index]
    foreign_keys: Sequence[ForeignKey]
    days: Optional[float] = None


Finding = Dict[str, Any]


def finding(
    kind: str,
    place: Tuple[str, str, str],
    said: str,
    sql: str = "",
    more: Optional[Mapping[str, Any]] = None,
) -> Finding:
    """One finding as data. `place`: database, schema, table; `sql`: what to do, or "" when a person has to think."""
    database, schema, table = place
    about: Finding = {"kind": kind, "database": database, "schema": schema, "table": table, "index": "", "columns": []}
    about.update(bytes=0, said=said, sql=sql)
    about.update(more or {})
    return about


def amount(size: float) -> str:
    """Bytes in words: 900 kB, 12 MB, 3.4 GB (1024 each)."""
    for unit, step in (("GB", 1024**3), ("MB", 1024**2)):
        if size >= step:
            value = size / step
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{size / 1024:.0f} kB"
