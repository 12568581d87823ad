# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is in a cluster of PostgreSQL, counted, and in what two counts differ."""

from __future__ import annotations

import json

DATABASES = "SELECT json_agg(datname ORDER BY datname) FROM pg_database WHERE datallowconn"
ROLES = "SELECT json_agg(rolname ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'"
# One line a table, sequence or extension: kind, name, how many. psql's \gexec carries out what the first query writes.
COUNTS = r"""
SET default_transaction_read_only = on;
SELECT format('SELECT json_build_array(''table'', %L, count(*)) FROM %I.%I',
              n.nspname || '.' || c.relname, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
\gexec
SELECT json_build_array('sequence', schemaname || '.' || sequencename, coalesce(last_value, 0)) FROM pg_sequences;
SELECT json_build_array('extension', extname, 1) FROM pg_extension;
"""
UNITS = {"table": "rows", "sequence": "as its last value", "extension": "times"}


def counted(ask):
    """What a cluster holds: `ask(sql, database)` has its answers."""
    found = {"roles": json.loads(ask(ROLES, "postgres")), "databases": {}}
    for database in json.loads(ask(DATABASES, "postgres")):
        lines = ask(COUNTS, database).splitlines()
        entries = (json.loads(line) for line in lines if line.startswith("["))
        found["databases"][database] = {f"{kind} {name}": number for kind, name, number in entries}
    return found


def differences(before, after):
    """In what `after` is not `before`, a line each."""
    lines = [f"user {name} is missing" for name in before["roles"] if name not in after["roles"]]
    lines += [f"user {name} is new" for name in after["roles"] if name not in before["roles"]]
    for database, entries in sorted(before["databases"].items()):
        if database in after["databases"]:
            lines += [f"{database}: {line}" for line in _differing(entries, after["databases"][database])]
        else:
            lines.append(f"database {database} is missing")
    lines += [f"database {name} is new" for name in sorted(after["databases"]) if name not in before["databases"]]
    return lines


def _differing(before, after):
    for name, number in sorted(before.items()):
        if name not in after:
            yield f"{name} is missing"
        elif after[name] != number:
            yield f"{name} had {number} {UNITS[name.split()[0]]} and has {after[name]}"
    for name in sorted(after):
        if name not in before:
            yield f"{name} is new"


def some(lines, most=8):
    """The first of them, and how many more there are."""
    more = f"; and {len(lines) - most} more" if len(lines) > most else ""
    return "; ".join(lines[:most]) + more
