"""Copy all records into another database, and compare row by row what arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.errors import StoreError
from orchestrator.languages import _
from orchestrator.records import schema
from orchestrator.records.contents import NUL, SHOWN_NUL, storable
from orchestrator.records.entities import Status
from orchestrator.records.gateway import told
from orchestrator.records.store import Store, open_store

# A lock tells of a process that works by these records; whoever works by the copy takes a lock there.
LEFT_OUT = (schema.lock,)
COPIED = tuple(table for table in schema.metadata.sorted_tables if table not in LEFT_OUT)
# Never change once they are there. All others are brought up to date when the copy is repeated.
LASTING = (schema.task, schema.content, schema.result)
# By what an entry is known to be the same, and not one that another database gave the same number.
SAME = {
    schema.run: ("environment", "operator", "host", "pid", "pid_started", "started_at"),
    schema.release: ("environment", "application", "version", "operator", "started_at"),
    schema.lock_release: ("environment", "operator", "at"),
    schema.requirement: ("environment", "name"),
}
# Rows in memory at a time. A text has up to 256,000 characters, what a step told (an inspection) can be as large.
BATCHES = {schema.content: 50, schema.step: 50}
BATCH = 1000


@dataclass(slots=True)
class Copied:
    """What a copy came to: rows by table, how many of them were new there, and what a person should know."""

    source: str
    target: str
    rows: dict[str, int] = field(default_factory=dict)
    new: dict[str, int] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def copy_records(source: Store, url: str, tell: Callable[[str, int], None] = lambda _table, _rows: None) -> Copied:
    """Copy everything on record but locks into the database at `url`, which is empty or holds an earlier copy.

    One transaction there: all of it, equal in every row, or nothing. `tell` hears each table with its number of rows.
    Raises StoreError when a run is at work here, when the target holds what these records do not, or when a row
    cannot be stored there.
    """
    target = _target(source, url)
    done = Copied(source.address, target.address)
    try:
        with _snapshot(source) as read, told(target.address), target._engine.begin() as write:
            _refuse_at_work(read, source.address)
            _keep_others_out(write)
            for table in SAME:
                _refuse_strangers(read, write, table, target.address)
            for table in COPIED:
                _copy(read, write, table, done)
                tell(table.name, done.rows[table.name])
            for table in COPIED:
                _compare(read, write, table, target.address)
            _set_counters(write)
    finally:
        target.close()
    done.notices += _begun_meanwhile(source, done.rows["run"])
    return done


def _target(source: Store, url: str) -> Store:
    target = open_store(url)
    if target.address == source.address:
        target.close()
        raise StoreError(
            _("the records are to be copied onto themselves"), where=source.address, remedy=_("name another")
        )
    return target


@contextmanager
def _snapshot(source: Store) -> Iterator[sa.Connection]:
    """The records as they are at this moment, whoever writes meanwhile."""
    with told(source.address), source._engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        else:
            # Python's driver begins a transaction before a change only.
            connection.exec_driver_sql("BEGIN")
        yield connection


def _keep_others_out(write: sa.Connection) -> None:
    """A run that begins over there waits for the end; then it gets the next number. SQLite lets one write at a time."""
    if write.dialect.name == "postgresql":
        write.execute(sa.text("LOCK TABLE run, release, lock_release IN SHARE ROW EXCLUSIVE MODE"))


def _refuse_at_work(read: sa.Connection, address: str) -> None:
    run = schema.run.c
    found = read.execute(sa.select(run.id).where(run.status == Status.RUNNING).order_by(run.id)).scalars().first()
    if found is not None:
        raise StoreError(
            _("run %(run)s is at work and would be copied half") % {"run": found},
            where=address,
            remedy=_("wait for it to end (lifecycle lock status says who it is), then copy"),
        )


def _refuse_strangers(read: sa.Connection, write: sa.Connection, table: sa.Table, address: str) -> None:
    """The target holds nothing but what an earlier copy of these records brought."""
    columns = [table.c.id, *(table.c[name] for name in SAME[table])]
    for rows in _batches(write, sa.select(*columns).order_by(table.c.id), BATCH):
        ids = [row["id"] for row in rows]
        here = {row["id"]: row for row in read.execute(sa.select(*columns).where(table.c.id.in_(ids))).mappings()}
        stranger = next((row for row in rows if here.get(row["id"]) != row), None)
        if stranger is not None:
            what = table.name.replace("_", " ")
            raise StoreError(
                _("there is %(what)s %(id)s of %(environment)s, which is not in the records here")
                % {"what": what, "id": stranger["id"], "environment": stranger["environment"]},
                where=address,
                remedy=_("copy into an empty database; runs of two databases are never mixed"),
            )


def _copy(read: sa.Connection, write: sa.Connection, table: sa.Table, done: Copied) -> None:
    before = _count(write, table)
    insert, number, fitted = _insert(write, table), 0, 0
    for rows in _batches(read, _all(table), BATCHES.get(table, BATCH)):
        ready = [_fit(row, write) for row in rows]
        fitted += sum(dict(row) != made for row, made in zip(rows, ready, strict=True))
        write.execute(insert, ready)
        number += len(rows)
    done.rows[table.name] = number
    done.new[table.name] = _count(write, table) - before
    if fitted:
        text = _("%(count)s rows of %(name)s have the character 0, which is shown as %(shown)s there")
        done.notices.append(text % {"count": fitted, "name": table.name, "shown": SHOWN_NUL})


def _insert(write: sa.Connection, table: sa.Table) -> sa.Insert:
    dialect = postgresql if write.dialect.name == "postgresql" else sqlite
    insert: Any = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: insert.excluded[column.name] for column in table.c if column.name not in keys}
    if table in LASTING or not others:
        return insert.on_conflict_do_nothing(index_elements=keys)  # type: ignore[no-any-return]
    return insert.on_conflict_do_update(index_elements=keys, set_=others)  # type: ignore[no-any-return]


def _compare(read: sa.Connection, write: sa.Connection, table: sa.Table, address: str) -> None:
    """Both sides have the same rows with the same values."""
    here, there = _count(read, table), _count(write, table)
    if here != there:
        raise StoreError(
            _("%(name)s would have %(there)s rows there, and has %(here)s here")
            % {"name": table.name, "there": there, "here": here},
            where=address,
            remedy=_("what was pruned here since the last copy stays there: copy into an empty database"),
        )
    size = BATCHES.get(table, BATCH)
    sides = zip(_batches(read, _all(table), size), _batches(write, _all(table), size), strict=True)
    for expected, arrived in sides:
        for left, right in zip(expected, arrived, strict=True):
            if _fit(left, write) != dict(right):
                key = ", ".join(str(left[column.name]) for column in table.primary_key)
                raise StoreError(
                    _("%(name)s %(key)s did not arrive as it is here") % {"name": table.name, "key": key}, where=address
                )


def _set_counters(write: sa.Connection) -> None:
    """PostgreSQL numbers what comes next by counters of its own, which copied rows do not move."""
    if write.dialect.name != "postgresql":
        return
    for table in COPIED:
        column = table.autoincrement_column
        if column is not None:
            highest = sa.select(sa.func.max(column)).scalar_subquery()
            counter = sa.func.pg_get_serial_sequence(table.name, column.name)
            write.execute(sa.select(sa.func.setval(counter, sa.func.coalesce(highest, 1), highest.is_not(None))))


def _begun_meanwhile(source: Store, copied: int) -> list[str]:
    more = source.size().runs - copied
    text = _("%(count)s runs began here during the copy and are not in it: copy once more")
    return [text % {"count": more}] if more > 0 else []


def _all(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).order_by(*table.primary_key)


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _batches(connection: sa.Connection, query: sa.Select[Any], size: int) -> Iterator[Sequence[sa.RowMapping]]:
    """The rows of a query, so many in memory at a time."""
    with connection.execute(query.execution_options(yield_per=size)) as rows:
        yield from rows.mappings().partitions(size)


def _fit(row: sa.RowMapping, write: sa.Connection) -> dict[str, Any]:
    """The row as the target can hold it."""
    if write.dialect.name != "postgresql":
        return {str(key): value for key, value in row.items()}
    return {
        str(key): storable(value) if isinstance(value, str) and NUL in value else value for key, value in row.items()
    }
