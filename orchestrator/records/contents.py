"""Long texts (diffs, output, evidence): compressed, named by their sha256, kept once."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from orchestrator.records.gateway import Gateway


class Contents(Gateway):
    """Rows that may be offered twice, contents among them."""

    def insert_or_leave(self, connection: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
        """Insert what is not there yet; a row whose key is taken changes nothing."""
        found = list(rows)
        if found:
            connection.execute(self._insert(table), found)

    def _insert(self, table: sa.Table) -> sa.Insert:
        """INSERT ... ON CONFLICT DO NOTHING, which each dialect spells for itself."""
        if self._engine.dialect.name == "sqlite":
            return sqlite.insert(table).on_conflict_do_nothing()
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table).on_conflict_do_nothing()


# PostgreSQL stores no character 0 as text; this one stands for it on paper, too.
NUL, SHOWN_NUL = "\0", "\N{SYMBOL FOR NULL}"


def storable(text: str) -> str:
    """The text as every database can hold it."""
    return text.replace(NUL, SHOWN_NUL)


def digest(text: str | None) -> str | None:
    """The name a text is kept under."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def packed(texts: Iterable[str | None]) -> Iterator[dict[str, Any]]:
    """A row for every distinct text."""
    for text in {text for text in texts if text is not None}:
        raw = text.encode()
        yield {"digest": hashlib.sha256(raw).hexdigest(), "size": len(raw), "compressed": zlib.compress(raw, 6)}


def unpacked(compressed: bytes | None) -> str | None:
    """The text of a row; None for none."""
    return None if compressed is None else zlib.decompress(compressed).decode()
