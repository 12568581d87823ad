# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is asked of a PostgreSQL server for a report, and its answers as a Catalog. Queries and pure reading, no I/O."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import (
    Catalog,
    ForeignKey,
    Heap,
    Index,
    Statement,
    Table,
)

SERVER = """
SELECT json_build_object(
  'version', current_setting('server_version_num')::int,
  'in_recovery', pg_is_in_recovery(),
  'standbys', (SELECT count(*) FROM pg_stat_replication),
  'libraries', current_setting('shared_preload_libraries'),
  'databases', (SELECT json_agg(datname ORDER BY datname) FROM pg_database WHERE datallowconn AND NOT datistemplate));
"""

# Every index of the tables in `relations`, with what makes one differ from another.
INDEXES = """
SELECT coalesce(json_agg(json_build_object(
      'schema', r.nspname, 'table', r.relname, 'name', c.relname, 'method', m.amname,
      'columns', (SELECT json_agg(coalesce(a.attname, '') ORDER BY k) FROM generate_series(0, i.indnkeyatts - 1) k
                  LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]),
      'keys', (SELECT json_agg(concat_ws(' ', pg_get_indexdef(i.indexrelid, k + 1, false), i.indclass[k],
                                         i.indcollation[k], i.indoption[k]) ORDER BY k)
               FROM generate_series(0, i.indnkeyatts - 1) k),
      'include', (SELECT coalesce(json_agg(a.attname), '[]') FROM generate_series(i.indnkeyatts, i.indnatts - 1) k
                  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]),
      'predicate', pg_get_expr(i.indpred, i.indrelid),
      'unique', i.indisunique, 'primary', i.indisprimary, 'immediate', i.indimmediate,
      'nulls_not_distinct', to_jsonb(i) -> 'indnullsnotdistinct',
      'constraint', (SELECT x.conname FROM pg_constraint x
                     WHERE x.conindid = i.indexrelid AND x.contype IN ('p', 'u', 'x') LIMIT 1),
      'pinned', i.indisreplident OR EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)
                OR EXISTS (SELECT FROM pg_constraint x WHERE x.conindid = i.indexrelid AND x.contype = 'f'),
      'valid', i.indisvalid,
      'building', EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid),
      'bytes', pg_relation_size(i.indexrelid), 'scans', pg_stat_get_numscans(i.indexrelid))
      ORDER BY r.nspname, r.relname, c.relname), '[]')
      FROM pg_index i JOIN relations r ON r.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_am m ON m.oid = c.relam
"""

# Statistics are counted from the last reset of the database's, or from when all were lost in a crash, whichever came
# later: then the server notes the moment for its shared ones only (PostgreSQL documentation, Cumulative Statistics).
CATALOG = r"""
WITH relations AS (
  SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
SELECT json_build_object(
  'days', extract(epoch FROM now() - greatest(
      (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()),
      (SELECT stats_reset FROM pg_stat_bgwriter))) / 86400,
  'extension', (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                WHERE e.extname = 'pg_stat_statements'),
  'tables', (SELECT coalesce(json_agg(json_build_object(
      'schema', r.nspname, 'name', r.relname, 'bytes', pg_total_relation_size(r.oid), 'rows', r.reltuples,
      'partitioned', r.relkind = 'p', 'partition', r.relispartition,
      'primary', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = r.oid AND i.indisprimary),
      'pages', r.relpages, 'page', current_setting('block_size')::int,
      'fillfactor', substring(array_to_string(r.reloptions, ' ') FROM 'fillfactor=([0-9]+)')::int,
      'columns', (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped),
      'known', (SELECT count(*) FROM pg_stats s WHERE s.schemaname = r.nspname AND s.tablename = r.relname
                AND NOT s.inherited),
      'width', (SELECT sum((1 - s.null_frac) * s.avg_width) FROM pg_stats s
                WHERE s.schemaname = r.nspname AND s.tablename = r.relname AND NOT s.inherited),
      'nullable', (SELECT bool_or(s.null_frac > 0) FROM pg_stats s
                   WHERE s.schemaname = r.nspname AND s.tablename = r.relname AND NOT s.inherited))
      ORDER BY r.nspname, r.relname), '[]') FROM relations r),
  'indexes', ({indexes}),
  'foreign_keys', (SELECT coalesce(json_agg(json_build_object(
      'schema', r.nspname, 'table', r.relname, 'name', x.conname, 'bytes', pg_table_size(r.oid),
      'target', x.confrelid::regclass::text,
      'columns', (SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(x.conkey) WITH ORDINALITY k(number, place)
                  JOIN pg_attribute a ON a.attrelid = x.conrelid AND a.attnum = k.number))
      ORDER BY r.nspname, r.relname, x.conname), '[]')
      FROM pg_constraint x JOIN relations r ON r.oid = x.conrelid WHERE x.contype = 'f' AND x.conparentid = 0));
""".replace("{indexes}", INDEXES)

# How the server itself would write an index that is asked for: on an empty copy of the table's columns, taken back.
DEFINITION = """
BEGIN;
CREATE TEMPORARY TABLE lifecycle_asked (LIKE {table});
CREATE {unique}INDEX ON lifecycle_asked ({columns}){where};
WITH relations AS (
  SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = 'pg_temp.lifecycle_asked'::regclass)
{indexes};
ROLLBACK;
""".replace("{indexes}", INDEXES)

# What a name given for an index or a table means here. `kind`: pg_class.relkind, or null when there is nothing.
NAMES = """
SELECT json_build_object(
  'schema', (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.oid = to_regclass({table})),
  'name', (SELECT relname FROM pg_class WHERE oid = to_regclass({table})),
  'kind', (SELECT relkind FROM pg_class WHERE oid = to_regclass({table})),
  'holder', (SELECT i.indrelid::regclass::text FROM pg_class t
             JOIN pg_class c ON c.relnamespace = t.relnamespace AND c.relname = {index}
             LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE t.oid = to_regclass({table})),
  'taken', EXISTS (SELECT FROM pg_class t JOIN pg_class c ON c.relnamespace = t.relnamespace AND c.relname = {index}
                   WHERE t.oid = to_regclass({table})));
"""

# Only the costliest thousand are looked at: what is reported is among them.
STATEMENTS = """
SELECT coalesce(json_agg(s), '[]') FROM (
  SELECT d.datname AS database, left(s.query, 4000) AS text, sum(s.calls) AS calls,
         sum(s.total_exec_time) AS total_ms, sum(s.total_exec_time) / greatest(sum(s.calls), 1) AS mean_ms,
         sum(s.rows) AS rows
  FROM {schema}.pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
  WHERE d.datname IN ({databases}) GROUP BY 1, 2 ORDER BY 4 DESC LIMIT 1000) s;
"""


def catalog_of(database: str, answer: Mapping[str, Any]) -> Catalog:
    """The answer to CATALOG."""
    return Catalog(
        database=database,
        tables=[_table(one) for one in answer["tables"]],
        indexes=[index_of(one) for one in answer["indexes"]],
        foreign_keys=[ForeignKey(**{**one, "columns": tuple(one["columns"])}) for one in answer["foreign_keys"]],
        days=answer["days"],
    )


def index_of(one: Mapping[str, Any]) -> Index:
    """One entry of INDEXES."""
    about: Dict[str, Any] = dict(one)
    immediate, strict = about.pop("immediate"), about.pop("nulls_not_distinct")
    marks = ("" if immediate else " deferrable") + (" nulls not distinct" if strict else "")
    about["columns"] = tuple(one["columns"])
    about["keys"] = tuple(key + marks for key in one["keys"])
    about["include"] = frozenset(one["include"])
    about["predicate"] = one["predicate"] or ""
    about["constraint"] = one["constraint"] or ""
    return Index(**about)


def _table(one: Mapping[str, Any]) -> Table:
    # reltuples is -1 (0 before PostgreSQL 14) until the table is analysed.
    analysed = one["rows"] > 0 and one["known"] == one["columns"] and not one["partitioned"]
    return Table(
        schema=one["schema"],
        name=one["name"],
        bytes=one["bytes"],
        rows=int(one["rows"]) if one["rows"] >= 0 else None,
        primary=one["primary"],
        partitioned=one["partitioned"],
        partition=one["partition"],
        heap=_heap(one) if analysed else None,
    )


def _heap(one: Mapping[str, Any]) -> Optional[Heap]:
    return Heap(
        pages=one["pages"],
        rows=int(one["rows"]),
        columns=one["columns"],
        width=float(one["width"]),
        nullable=one["nullable"],
        fillfactor=one["fillfactor"] or 100,
        page=one["page"],
    )


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
