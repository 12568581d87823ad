# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Statements that would mend what is found, as each server wants them. Pure."""

from __future__ import annotations

import hashlib
from typing import Sequence

from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import Index

# PostgreSQL documentation, Lexical Structure: names are cut at NAMEDATALEN - 1 = 63 bytes. MariaDB has 64 characters.
LONGEST_NAME = 63


def default_name(table: str, columns: Sequence[str]) -> str:
    """The name of an index nobody named, always the same for the same table and columns; at most 63 bytes."""
    name = "_".join([table.rsplit(".", 1)[-1], *columns, "idx"])
    if len(name.encode()) <= LONGEST_NAME:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name.encode()[: LONGEST_NAME - 9].decode(errors='ignore')}_{mark}"


class Postgresql:
    """PostgreSQL: indexes are built and dropped CONCURRENTLY, so that nobody is kept from writing."""

    KEYING = "a new column for it rewrites the table while nobody can use it"
    REWRITING = "by estimate; VACUUM FULL locks the table while it is written anew, pg_repack does not"

    def quoted(self, *parts: str) -> str:
        """A name, or a name within a schema, that no keyword and no capital letter can spoil."""
        return ".".join('"{0}"'.format(part.replace('"', '""')) for part in parts)

    def create(self, schema: str, table: str, columns: Sequence[str], partitioned: bool = False) -> str:
        listed = ", ".join(self.quoted(column) for column in columns)
        # PostgreSQL documentation, CREATE INDEX: not supported for partitioned tables as a whole.
        how = "" if partitioned else "CONCURRENTLY "
        return f"CREATE INDEX {how}ON {self.quoted(schema, table)} ({listed});"

    def drop(self, index: Index) -> str:
        if index.constraint:
            place = self.quoted(index.schema, index.table)
            return f"ALTER TABLE {place} DROP CONSTRAINT {self.quoted(index.constraint)};"
        return f"DROP INDEX CONCURRENTLY {self.quoted(index.schema, index.name)};"

    def primary_from(self, index: Index) -> str:
        place = self.quoted(index.schema, index.table)
        return f"ALTER TABLE {place} ADD PRIMARY KEY USING INDEX {self.quoted(index.name)};"

    def primary_new(self, schema: str, table: str) -> str:
        place = self.quoted(schema, table)
        return f"ALTER TABLE {place} ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;"

    def rewrite(self, schema: str, table: str) -> str:
        return f"VACUUM (FULL, ANALYZE) {self.quoted(schema, table)};"


class Mariadb:
    """MariaDB: indexes are built and dropped INPLACE without a lock, so that nobody is kept from writing."""

    KEYING = "a new column for it rewrites the table while nobody can write to it"
    REWRITING = "as InnoDB says (DATA_FREE); OPTIMIZE TABLE writes the table anew, while people go on writing to it"

    def quoted(self, *parts: str) -> str:
        """A name, or a name within a schema, that no keyword can spoil."""
        return ".".join("`{0}`".format(part.replace("`", "``")) for part in parts)

    def create(self, schema: str, table: str, columns: Sequence[str], partitioned: bool = False) -> str:
        return self.create_named(schema, table, default_name(table, columns), columns)

    def create_named(self, schema: str, table: str, name: str, columns: Sequence[str], unique: bool = False) -> str:
        listed = ", ".join(self.quoted(column) for column in columns)
        kind = "UNIQUE INDEX" if unique else "INDEX"
        # MariaDB documentation, InnoDB Online DDL: refused rather than done under a lock, where that is not possible.
        how = "ALGORITHM=INPLACE, LOCK=NONE"
        return f"ALTER TABLE {self.quoted(schema, table)} ADD {kind} {self.quoted(name)} ({listed}), {how};"

    def drop(self, index: Index) -> str:
        place = self.quoted(index.schema, index.table)
        return f"ALTER TABLE {place} DROP INDEX {self.quoted(index.name)}, ALGORITHM=INPLACE, LOCK=NONE;"

    def primary_from(self, index: Index) -> str:
        listed = ", ".join(self.quoted(column) for column in index.columns)
        return f"ALTER TABLE {self.quoted(index.schema, index.table)} ADD PRIMARY KEY ({listed});"

    def primary_new(self, schema: str, table: str) -> str:
        return f"ALTER TABLE {self.quoted(schema, table)} ADD COLUMN id bigint AUTO_INCREMENT PRIMARY KEY FIRST;"

    def rewrite(self, schema: str, table: str) -> str:
        return f"OPTIMIZE TABLE {self.quoted(schema, table)};"
