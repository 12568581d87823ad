# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is asked of a MariaDB server for a report, and its answers as Catalogs. Queries and pure reading, no I/O."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import (
    Catalog,
    ForeignKey,
    Index,
    Statement,
    Table,
)

# In front of every question: it cannot write, and it does not take for ever.
READING = "SET SESSION TRANSACTION READ ONLY; SET SESSION max_statement_time = 120;\n"
OWN = "('mysql', 'information_schema', 'performance_schema', 'sys')"

# Whether a variable is on is said as a number or as a word, by version.
SERVER = """
SELECT JSON_OBJECT('counts', IF(@@performance_schema IN ('0', 'OFF'), 0, 1),
  'read_only', IF(@@read_only IN ('0', 'OFF'), 0, 1), 'days',
  (SELECT VARIABLE_VALUE / 86400 FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'UPTIME'));
"""
DATABASES = (
    "SELECT JSON_QUOTE(SCHEMA_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN " + OWN + " ORDER BY 1;"
)
TABLES = """
SELECT JSON_OBJECT('schema', TABLE_SCHEMA, 'name', TABLE_NAME, 'rows', TABLE_ROWS, 'engine', ENGINE,
  'bytes', DATA_LENGTH + INDEX_LENGTH + DATA_FREE, 'spare', DATA_FREE)
FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN {own}
ORDER BY TABLE_SCHEMA, TABLE_NAME;
""".replace("{own}", OWN)
INDEX_COLUMNS = """
SELECT JSON_OBJECT('schema', TABLE_SCHEMA, 'table', TABLE_NAME, 'name', INDEX_NAME, 'column', COLUMN_NAME,
  'part', SUB_PART, 'unique', NON_UNIQUE = 0, 'method', LOWER(INDEX_TYPE), 'direction', COLLATION)
FROM information_schema.STATISTICS WHERE TABLE_SCHEMA NOT IN {own}
ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX;
""".replace("{own}", OWN)
SIZES = """
SELECT JSON_ARRAY(database_name, table_name, index_name, stat_value * @@innodb_page_size)
FROM mysql.innodb_index_stats WHERE stat_name = 'size';
"""
READS = """
SELECT JSON_ARRAY(OBJECT_SCHEMA, OBJECT_NAME, INDEX_NAME, COUNT_READ)
FROM performance_schema.table_io_waits_summary_by_index_usage
WHERE INDEX_NAME IS NOT NULL AND OBJECT_SCHEMA NOT IN {own};
""".replace("{own}", OWN)
FOREIGN_KEYS = """
SELECT JSON_OBJECT('schema', TABLE_SCHEMA, 'table', TABLE_NAME, 'name', CONSTRAINT_NAME, 'column', COLUMN_NAME,
  'target_schema', REFERENCED_TABLE_SCHEMA, 'target', REFERENCED_TABLE_NAME, 'target_column', REFERENCED_COLUMN_NAME)
FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND TABLE_SCHEMA NOT IN {own}
ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION;
""".replace("{own}", OWN)
# Times are in picoseconds.
STATEMENTS = """
SELECT JSON_OBJECT('database', COALESCE(SCHEMA_NAME, ''), 'text', LEFT(DIGEST_TEXT, 4000), 'calls', COUNT_STAR,
  'total_ms', SUM_TIMER_WAIT / 1e9, 'mean_ms', AVG_TIMER_WAIT / 1e9, 'rows', SUM_ROWS_SENT)
FROM performance_schema.events_statements_summary_by_digest WHERE DIGEST_TEXT IS NOT NULL
ORDER BY SUM_TIMER_WAIT DESC LIMIT 1000;
"""

Place = Tuple[str, str, str]
Rows = Sequence[Mapping[str, Any]]


def catalogs_of(
    tables: Rows,
    columns: Rows,
    keys: Rows,
    sizes: Mapping[Place, int],
    reads: Optional[Mapping[Place, int]],
    days: float,
) -> Dict[str, Catalog]:
    """Schema -> what is in it. `reads` None: nobody counts. Reads are counted since the server was started at best."""
    indexes = indexes_of(columns, sizes, reads)
    foreign = _foreign_keys(keys)
    keyed = {index.place for index in indexes if index.primary}
    found: Dict[str, Catalog] = {}
    for schema in sorted({table["schema"] for table in tables}):
        found[schema] = Catalog(
            database=schema,
            tables=[_table(one, keyed) for one in tables if one["schema"] == schema],
            indexes=[index for index in indexes if index.schema == schema],
            foreign_keys=[key for key in foreign if key.schema == schema],
            days=None if reads is None else days,
        )
    return found


def _table(one: Mapping[str, Any], keyed: Any) -> Table:
    return Table(
        schema=one["schema"],
        name=one["name"],
        bytes=int(one["bytes"] or 0),
        rows=int(one["rows"] or 0),
        primary=(one["schema"], one["name"]) in keyed,
        # Other engines, and tables in InnoDB's common file, tell the free room of the whole.
        spare=int(one["spare"] or 0) if one["engine"] == "InnoDB" else 0,
    )


def indexes_of(columns: Rows, sizes: Mapping[Place, int], reads: Optional[Mapping[Place, int]]) -> List[Index]:
    """One index for each group of rows of INDEX_COLUMNS."""
    grouped: Dict[Place, List[Mapping[str, Any]]] = {}
    for one in columns:
        grouped.setdefault((one["schema"], one["table"], one["name"]), []).append(one)
    return [
        Index(
            schema=place[0],
            table=place[1],
            name=place[2],
            # The beginning of a column's values is not the column.
            columns=tuple("" if one["part"] else one["column"] for one in rows),
            keys=tuple(f"{one['column']} {one['part'] or ''} {one['direction'] or ''}" for one in rows),
            method=rows[0]["method"],
            unique=bool(rows[0]["unique"]),
            primary=place[2] == "PRIMARY",
            bytes=sizes.get(place, 0),
            scans=None if reads is None else reads.get(place, 0),
        )
        for place, rows in grouped.items()
    ]


def _foreign_keys(rows: Rows) -> List[ForeignKey]:
    """Both sides of every foreign key: InnoDB wants an index on either, with the columns in their order."""
    grouped: Dict[Place, List[Mapping[str, Any]]] = {}
    for one in rows:
        grouped.setdefault((one["schema"], one["table"], one["name"]), []).append(one)
    found = []
    for (schema, table, name), parts in grouped.items():
        target = (parts[0]["target_schema"], parts[0]["target"])
        own, theirs = tuple(one["column"] for one in parts), tuple(one["target_column"] for one in parts)
        found.append(ForeignKey(schema, table, name, own, target[1], ordered=True))
        found.append(ForeignKey(*target, name, theirs, table, ordered=True))
    return found


def statement_of(one: Mapping[str, Any]) -> Statement:
    """One row of STATEMENTS."""
    return Statement(
        database=one["database"],
        text=one["text"],
        calls=int(one["calls"]),
        total_ms=float(one["total_ms"]),
        mean_ms=float(one["mean_ms"]),
        rows=int(one["rows"]),
    )
