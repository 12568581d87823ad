"""Make sound records out of damaged ones: what can be read goes into a new file, and the old one is set aside.

Only for SQLite. The damaged file is never written to: a copy of it is read.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

import sqlalchemy as sa

from orchestrator.errors import StoreError
from orchestrator.languages import _
from orchestrator.records import migrate, salvage, schema
from orchestrator.records.entities import now
from orchestrator.records.gateway import connect, spoken, told

LOG, SHARED = "-wal", "-shm"


@dataclass(frozen=True, slots=True)
class Repair:
    """What came of a repair. Counts are rows by table; `gaps` are stretches of rows whose number is not known."""

    sound: bool
    problems: tuple[str, ...] = ()
    kept: dict[str, int] = field(default_factory=dict)
    unsound: dict[str, int] = field(default_factory=dict)
    gaps: dict[str, int] = field(default_factory=dict)
    partial: tuple[int, ...] = ()
    set_aside: str = ""


def repair(address: str, *, check: bool = False) -> Repair:
    """Look at the SQLite records at `address`, and make them anew from what can be read when they are damaged.

    `check`: tell what would be kept, and change nothing. Raises StoreError when they are no SQLite file, or a run or
    another repair is at work on them.
    """
    file = _file(address)
    with (
        told(str(file)),
        _nobody_at_work(file),
        tempfile.TemporaryDirectory(prefix=".repair-", dir=file.parent) as room,
    ):
        copy, new = Path(room) / "damaged.db", Path(room) / "new.db"
        for end in ("", LOG):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{file}{end}", f"{copy}{end}")
        with closing(salvage.open_damaged(copy)) as damaged:
            problems = _problems(damaged)
            if not problems:
                return Repair(sound=True)
            found = _made_anew(damaged, new, problems)
        if check:
            return found
        return _exchanged(file, new, found)


def _file(address: str) -> Path:
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() != "sqlite" or not url.database:
        raise StoreError(
            _("only records in SQLite can be repaired"),
            where=spoken(url) if url else "LIFECYCLE_DATABASE_URL",
            remedy=_("a damaged PostgreSQL is restored from its backup"),
        )
    file = Path(url.database)
    if not file.is_file():
        raise StoreError(_("there are no records"), where=str(file), remedy=_("the first `lifecycle run` makes them"))
    return file


@contextmanager
def _nobody_at_work(file: Path) -> Iterator[None]:
    """No run has an environment of these records, and no other repair is at work, while the block runs."""
    with ExitStack() as held:
        for path in (Path(f"{file}.migrate"), *sorted((file.parent / "locks").glob("*.lock"))):
            handle = held.enter_context(path.open("a", encoding="ascii"))
            try:
                flock(handle, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                what = _("they are being migrated")
                if path.suffix == ".lock":
                    what = _("a run is at work on %(environment)s") % {"environment": path.stem}
                raise StoreError(what, where=str(file), remedy=_("repair them when it has ended")) from None
        yield


def _problems(damaged: sqlite3.Connection) -> tuple[str, ...]:
    """What is wrong with the file, in SQLite's words and ours; empty when it is sound."""
    try:
        said = [str(row[0]) for row in damaged.execute("PRAGMA integrity_check(20)")]
        broken = len(damaged.execute("PRAGMA foreign_key_check").fetchall())
        unsound = {
            name: _unsound(damaged, name) for name in sorted(salvage.names(damaged) & set(schema.metadata.tables))
        }
    except salvage.DAMAGE as error:
        return (str(error),)
    found = [] if said == ["ok"] else [line for text in said for line in text.splitlines() if "***" not in line]
    found += [_("%(count)s rows refer to rows that are not there") % {"count": broken}] if broken else []
    text = _("%(count)s rows of %(name)s hold what was never written there")
    found += [text % {"count": count, "name": name} for name, count in unsound.items() if count]
    return tuple(found)


def _unsound(damaged: sqlite3.Connection, name: str) -> int:
    table = salvage.Table(damaged, name, salvage.columns(damaged, name))
    said = (dict(zip(table.columns, row, strict=True)) for row in table.rows())
    return sum(not table.is_sound(row) for row in said)


def _made_anew(damaged: sqlite3.Connection, new: Path, problems: tuple[str, ...]) -> Repair:
    """Fill `new`: the schema of the damaged file if that can be read, the rows that can be, then this version's."""
    engine = connect(f"sqlite:///{new}")
    there = salvage.names(damaged)
    migrate.begin(engine, salvage.revision(damaged))
    engine.dispose()
    kept: dict[str, int] = {}
    unsound: dict[str, int] = {}
    gaps: dict[str, int] = {}
    doubtful: list[tuple[int, int]] = []
    with closing(sqlite3.connect(new)) as target:
        for name in sorted(salvage.names(target) - {"alembic_version", "sqlite_sequence"}):
            ours = salvage.columns(target, name)
            theirs = [column for column in ours if column in salvage.columns(damaged, name)]
            if name not in there or not theirs:
                # Nothing of it is readable, the runs to which it belonged may be.
                gaps[name] = 1
                doubtful += [(0, salvage.LAST_ROW)] if "run_id" in ours else []
                continue
            table = salvage.Table(damaged, name, theirs)
            kept[name], unsound[name] = _copied(table, target)
            doubtful += table.doubtful
            if table.gaps:
                gaps[name] = table.gaps
        _mend_references(target)
        target.commit()
    migrate.upgrade(engine)
    engine.dispose()
    with closing(sqlite3.connect(new)) as target:
        partial = _partial(target, doubtful)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Repair(
        sound=False,
        problems=problems,
        kept=kept,
        unsound={name: count for name, count in unsound.items() if count},
        gaps=gaps,
        partial=partial,
    )


def _copied(table: salvage.Table, target: sqlite3.Connection) -> tuple[int, int]:
    """Copy the rows of a table; returns how many were kept, and how many were read but are not sound."""
    listed, marks = ", ".join(f'"{name}"' for name in table.columns), ", ".join("?" for _ in table.columns)
    insert = f'INSERT OR IGNORE INTO "{table.name}" ({listed}) VALUES ({marks})'
    kept = read = 0
    for row in table.rows():
        read += 1
        # A text that is no UTF-8 in one place is worth keeping: everything else about its row may be right.
        row = tuple(map(salvage.readable, row))
        said = dict(zip(table.columns, row, strict=True))
        if table.is_sound(said) and target.execute(insert, row).rowcount == 1:
            kept += 1
        elif isinstance(run := said.get("run_id"), int):
            table.doubtful.append((run, run))
    return kept, read - kept


def _mend_references(target: sqlite3.Connection) -> None:
    """A row whose run is not there goes, too; a mention of what is not there is taken out of its row."""
    while broken := target.execute("PRAGMA foreign_key_check").fetchall():
        for table, number, _parent, key in broken:
            names = {int(row[0]): str(row[3]) for row in target.execute(f'PRAGMA foreign_key_list("{table}")')}
            needed = {str(row[1]) for row in target.execute(f'PRAGMA table_info("{table}")') if row[3] or row[5]}
            if names[key] in needed:
                target.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (number,))
            else:
                target.execute(f'UPDATE "{table}" SET "{names[key]}" = NULL WHERE rowid = ?', (number,))
    target.execute("DELETE FROM result WHERE run_id NOT IN (SELECT id FROM run)")
    for text in ("diff", "output"):
        gone = f"{text} IS NOT NULL AND {text} NOT IN (SELECT digest FROM content)"
        target.execute(f"UPDATE result SET {text} = NULL, cut = 1 WHERE {gone}")
    # Records of an older version are brought up only afterwards.
    if any(row[1] == "source" for row in target.execute('PRAGMA table_info("task")')):
        target.execute("UPDATE task SET source = NULL WHERE source NOT IN (SELECT digest FROM content)")


def _partial(target: sqlite3.Connection, doubtful: list[tuple[int, int]]) -> tuple[int, ...]:
    """Mark the runs that may have lost rows as recorded in part, and return their numbers."""
    found: set[int] = set()
    for first, last in doubtful:
        among = target.execute("SELECT id FROM run WHERE recorded = 'full' AND id BETWEEN ? AND ?", (first, last))
        found.update(number for (number,) in among)
    target.executemany("UPDATE run SET recorded = 'partial' WHERE id = ?", [(number,) for number in found])
    target.commit()
    return tuple(sorted(found))


def _exchanged(file: Path, new: Path, found: Repair) -> Repair:
    """Put the new file where the old one was, which is kept beside it under a name of its own."""
    aside = f"{file}.damaged-{now():%Y%m%dT%H%M%S%f}"
    new.chmod(0o600)
    for end in ("", LOG):
        with suppress(FileNotFoundError):
            os.link(f"{file}{end}", f"{aside}{end}")
    # The log of the old file must not be taken for one of the new.
    for end in (LOG, SHARED):
        Path(f"{file}{end}").unlink(missing_ok=True)
    new.replace(file)
    return Repair(**{name: getattr(found, name) for name in found.__slots__} | {"set_aside": aside})
