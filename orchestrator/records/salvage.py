"""Read what can be read of a damaged SQLite file, row by row, around the pages that cannot.

SQLite has no checksums: a page that was overwritten with something that looks like a page is read as it is. What a row
holds is therefore looked at again (`Table.is_sound`), and long texts have their sha256.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from orchestrator.records import migrate, schema
from orchestrator.records.entities import HostTotals, Recorded, ReleaseState, ResultStatus, Status

# Beyond any number that a table of records has come to.
LAST_ROW = 1 << 62
WORDS: dict[tuple[str, str], type[StrEnum]] = {
    ("run", "status"): Status,
    ("run", "recorded"): Recorded,
    ("step", "status"): Status,
    ("result", "status"): ResultStatus,
    ("release", "state"): ReleaseState,
}
# What was written out in records of before 0009.
COMPACT_SINCE = "0009"
WRITTEN_OUT: dict[tuple[str, str], sa.types.TypeEngine[Any]] = {
    ("content", "digest"): sa.String(),
    ("evidence", "content"): sa.String(),
    ("task", "uuid"): sa.String(),
    ("task", "source"): sa.String(),
    ("result", "task_uuid"): sa.String(),
    ("result", "at"): schema.Moment(),
    ("result", "seconds"): sa.Float(),
    ("result", "diff"): sa.String(),
    ("result", "output"): sa.String(),
}
Row = tuple[Any, ...]
# SQLite's message about a damaged schema quotes it, and need not be UTF-8.
DAMAGE = (sqlite3.Error, UnicodeDecodeError)


class Table:
    """The rows of one table of a damaged file."""

    def __init__(self, connection: sqlite3.Connection, name: str, columns: list[str]) -> None:
        self._connection, self.name = connection, name
        self.columns = columns
        self._compact = revision(connection) >= COMPACT_SINCE
        # Stretches of row numbers that could not be read: how many rows they held is not known.
        self.gaps = 0
        # From and to which run they may belong: rows are written in the order in which runs are at work.
        self.doubtful: list[tuple[int, int]] = []
        listed = ", ".join(f'"{column}"' for column in columns)
        # Not by an index, which may be damaged where the table is not.
        self._query = f'SELECT rowid, {listed} FROM "{name}" NOT INDEXED WHERE rowid > ? ORDER BY rowid'

    def rows(self) -> Iterator[Row]:
        """Every row that can be read, in the order of their numbers."""
        after, run, stuck = 0, 0, 0
        while after < LAST_ROW:
            try:
                for number, row in self._ascending(after):
                    if stuck:
                        self.doubtful.append((run, self._run_of(row)))
                    after, run, stuck = number, self._run_of(row), 0
                    yield row
                break
            except DAMAGE:
                self.gaps += not stuck
                # Where a stretch begins in the same way again and again, larger and larger steps come past it.
                after = self._beyond(after + (1 << stuck) - 1 if stuck else after)
                stuck += 1
        if stuck:
            self.doubtful.append((run, LAST_ROW))

    def is_sound(self, row: dict[str, Any]) -> bool:
        """Whether every value is one that lifecycle would have written there."""
        known = schema.metadata.tables.get(self.name)
        if any(value != readable(value) for value in row.values()):
            return False
        if known is None:
            return True
        if self.name == "content":
            return _is_whole(row, self._compact)
        columns = ((known.c[name], value) for name, value in row.items() if name in known.c)
        return all(_fits(column, self._type(column), value) for column, value in columns)

    def _type(self, column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
        written_out = None if self._compact else WRITTEN_OUT.get((self.name, column.name))
        return column.type if written_out is None else written_out

    def _ascending(self, after: int) -> Iterator[tuple[int, Row]]:
        """The rows behind `after`. Numbers that go back mean pages that point in a circle: then, too, it is damaged."""
        earlier = after
        for number, *row in self._connection.execute(self._query, (after,)):
            # One number too large is a damaged row; those behind it are not.
            if number <= earlier:
                raise sqlite3.DatabaseError("the table's pages point in a circle")
            earlier, after = (after, number) if number > after else (earlier, number)
            yield number, tuple(row)

    def _run_of(self, row: Sequence[Any]) -> int:
        found = row[self.columns.index("run_id")] if "run_id" in self.columns else 0
        return found if isinstance(found, int) else 0

    def _beyond(self, after: int) -> int:
        """The last number of the unreadable stretch that begins behind `after`; LAST_ROW where nothing more is."""
        bad, step = after, 1
        while not self._reads(bad + step):
            bad, step = bad + step, step * 2
            if bad > LAST_ROW:
                return LAST_ROW
        good = bad + step
        while good - bad > 1:
            middle = (good + bad) // 2
            bad, good = (bad, middle) if self._reads(middle) else (middle, good)
        return good

    def _reads(self, after: int) -> bool:
        try:
            self._connection.execute(f"{self._query} LIMIT 1", (min(after, LAST_ROW),)).fetchone()
        except DAMAGE:
            return False
        return True


def open_damaged(file: Path) -> sqlite3.Connection:
    """Open a file whose texts need not be UTF-8; what cannot be decoded stays in them as lone surrogates."""
    connection = sqlite3.connect(file)
    connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
    return connection


def readable(value: Any) -> Any:
    """The value with the replacement character for what is no UTF-8 in it."""
    return value.encode(errors="surrogateescape").decode(errors="replace") if isinstance(value, str) else value


def names(connection: sqlite3.Connection) -> set[str]:
    """The tables of a file. None are known where its first page is damaged."""
    with suppress(*DAMAGE):
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return set()


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    with suppress(*DAMAGE):
        return [str(row[1]) for row in connection.execute(f'PRAGMA table_info("{table}")')]
    return []


def revision(connection: sqlite3.Connection) -> str:
    """Which schema the file has; this version's where it does not say one that is known."""
    with suppress(*DAMAGE, TypeError):
        (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if migrate.knows(found):
            return str(found)
    return migrate.HEAD


def _fits(column: sa.Column[Any], kind: sa.types.TypeEngine[Any], value: Any) -> bool:
    if value is None:
        return bool(column.nullable)
    words = WORDS.get((column.table.name, column.name))
    try:
        if words is not None:
            words(value)
        read = kind.dialect_impl(DIALECT).result_processor(DIALECT, None)
        found: Any = value if read is None else read(value)
        if (column.table.name, column.name) == ("step", "hosts"):
            [HostTotals(**line) for line in found.values()]
        return not isinstance(column.type, sa.Integer) or isinstance(found, int)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return False


def _is_whole(content: dict[str, Any], compact: bool) -> bool:
    try:
        raw = zlib.decompress(content["compressed"])
    except (zlib.error, TypeError):
        return False
    made = hashlib.sha256(raw)
    return bool(content["digest"] == (made.digest() if compact else made.hexdigest()))


DIALECT: sa.Dialect = sqlite.dialect()
