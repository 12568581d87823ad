"""A damaged file: what can be read is kept, what cannot is told, and the file itself is never written to."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import zlib
from collections.abc import Callable
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from orchestrator.errors import StoreError
from orchestrator.records import migrate, open_store
from orchestrator.records.entities import Recorded, ResultStatus, Status
from orchestrator.records.gateway import connect
from orchestrator.records.repair import repair

PAGE = 4096
RUNS, HOSTS = 12, 120


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Damage is SQLite's alone: in place of both kinds of database."""
    return f"sqlite:///{tmp_path}/var/lifecycle.db"


@pytest.fixture
def file(url: str, ran: Callable[..., int], store: object, tmp_path: Path) -> Path:
    """Records of a dozen runs, closed, and all in the one file."""
    for number in range(RUNS):
        hosts = {f"host{host}": ResultStatus.CHANGED for host in range(HOSTS)}
        ran(hosts, diff=f"a difference of run {number}" * 30, output="what all of them printed")
    store.close()  # type: ignore[attr-defined]
    path = tmp_path / "var" / "lifecycle.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def pages_of(file: Path, table: str) -> list[int]:
    """The pages that hold nothing but rows of a table, found by what is written in them."""
    with sqlite3.connect(file) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    raw = file.read_bytes()
    page = raw[(root - 1) * PAGE : root * PAGE]
    assert page[0] == 5, "an interior page of a table: more rows than fit on one"
    count = int.from_bytes(page[3:5], "big")
    cells = [int.from_bytes(page[12 + 2 * each : 14 + 2 * each], "big") for each in range(count)]
    return [int.from_bytes(page[cell : cell + 4], "big") for cell in cells]


def overwrite(file: Path, page: int, text: bytes = b"\xff" * PAGE) -> None:
    with file.open("r+b") as handle:
        handle.seek((page - 1) * PAGE)
        handle.write(text)


def test_sound_records_are_left_alone(file: Path, url: str) -> None:
    before = file.read_bytes()
    found = repair(url)
    assert (found.sound, found.set_aside) == (True, "")
    assert file.read_bytes() == before
    assert sorted(path.name for path in file.parent.glob("*.damaged-*")) == []


def test_what_is_around_a_damaged_page_is_kept(file: Path, url: str) -> None:
    page = pages_of(file, "result")[3]
    overwrite(file, page)
    damaged = file.read_bytes()
    with pytest.raises(StoreError, match="is corrupt; `lifecycle records repair` brings back"):
        [open_store(url).list_outcomes(run) for run in range(1, RUNS + 1)]
    told = repair(url, check=True)
    assert file.read_bytes() == damaged, "it was only looked at"
    found = repair(url)
    assert (told.kept, told.gaps) == (found.kept, found.gaps)
    assert Path(found.set_aside).read_bytes() == damaged
    assert found.gaps == {"result": 1}
    assert RUNS * HOSTS - 100 < found.kept["result"] < RUNS * HOSTS
    again = open_store(url)
    runs = again.list_runs(None, limit=100)
    assert [run.status for run in runs] == [Status.SUCCESSFUL] * RUNS
    whole = {run.id for run in runs if len(again.list_outcomes(run.id)) == HOSTS}
    assert {run.id for run in runs if run.recorded is Recorded.PARTIAL} == set(found.partial)
    assert set(range(1, RUNS + 1)) - whole <= set(found.partial), "no run with fewer results is told to be whole"
    assert len(found.partial) <= 3
    assert repair(url).sound


def test_a_text_that_is_not_what_its_sha256_says_is_left_out_and_its_results_say_so(file: Path, url: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE content SET compressed = zeroblob(40) WHERE size < 100")
    found = repair(url)
    assert found.unsound == {"content": 1}
    (result, *_) = open_store(url).list_outcomes(1)
    assert (result.output, result.cut) == (None, True)
    assert result.diff is not None


def test_words_that_lifecycle_never_wrote_do_not_come_back(file: Path, url: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE run SET status = 'successf\x01l' WHERE id = 2")
        connection.execute("UPDATE run SET versions = '{\"ansible' WHERE id = 3")
        connection.execute("UPDATE content SET compressed = zeroblob(40) WHERE size < 100")
    found = repair(url)
    assert found.unsound["run"] == 2
    again = open_store(url)
    assert {run.id for run in again.list_runs(None, limit=100)} == set(range(1, RUNS + 1)) - {2, 3}
    assert again.size().results == (RUNS - 2) * HOSTS, "what belonged to them went with them"


def test_nothing_can_be_read_where_the_first_page_is_gone(file: Path, url: str) -> None:
    overwrite(file, 1)
    with pytest.raises(StoreError, match="is no database; `lifecycle records repair`"):
        open_store(url)
    found = repair(url)
    assert found.kept == {}
    assert {"run", "result"} <= set(found.gaps)
    assert open_store(url).list_runs(None, limit=1) == []
    assert Path(found.set_aside).stat().st_size > PAGE


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_overwritten_the_records_can_be_read_afterwards(file: Path, url: str, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 6)):
        page = chance.randrange(2, file.stat().st_size // PAGE + 1)
        start = chance.randrange(PAGE)
        with file.open("r+b") as handle:
            handle.seek((page - 1) * PAGE + start)
            handle.write(chance.randbytes(min(chance.choice((3, 60, PAGE)), PAGE - start)))
    repair(url)
    again = open_store(url)
    for run in again.list_runs(None, limit=100):
        again.list_outcomes(run.id)
    again.size()
    assert repair(url).sound


def test_it_refuses_while_a_run_is_at_work(file: Path, url: str) -> None:
    overwrite(file, 1)
    (file.parent / "locks").mkdir()
    with (file.parent / "locks" / "client-lab.lock").open("w") as handle:
        flock(handle, LOCK_EX)
        with pytest.raises(StoreError, match="a run is at work on client-lab; repair them when it has ended"):
            repair(url)


def of_version(directory: Path, version: str) -> Path:
    """Records as that version had them, with run 7, which failed."""
    path = directory / "lifecycle.db"
    engine = connect(f"sqlite:///{path}")
    migrate.begin(engine, version)
    engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO run (id, environment, environment_path, phases, status, recorded, check_mode, operator, host,"
            " pid, pid_started, versions, options, started_at) VALUES (7, 'a', '/a', '[]', 'failed', 'full', 0, 'ann',"
            " 'desk', 1, '1', '{}', '{}', '2026-01-02 03:04:05.000000')"
        )
    return path


def test_records_of_an_older_version_are_repaired_and_brought_up(tmp_path: Path) -> None:
    path = of_version(tmp_path, "0001")
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO content VALUES (?, 3, zeroblob(3))", ("a" * 64,))
    found = repair(f"sqlite:///{path}")
    assert (found.sound, found.unsound) == (False, {"content": 1})
    assert migrate.current(connect(f"sqlite:///{path}")) == migrate.HEAD
    (run,) = open_store(f"sqlite:///{path}").list_runs(None, limit=2)
    assert (run.id, run.status) == (7, Status.FAILED)


def test_rows_of_an_older_version_are_judged_by_what_it_wrote(tmp_path: Path) -> None:
    path = of_version(tmp_path, "0008")
    with sqlite3.connect(path) as connection:
        whole = b"what all of them printed"
        name = hashlib.sha256(whole).hexdigest()
        connection.execute("INSERT INTO content VALUES (?, ?, ?)", (name, len(whole), zlib.compress(whole)))
        for counter, moment in ((1, "2026-01-02 03:04:05.678901"), (2, "2026-01-\x02 03:04"), (3, 4)):
            result = (7, counter, 1, "t", "app1", "ok", moment, 0.5, "", None, name, 0)
            connection.execute(f"INSERT INTO result VALUES ({', '.join('?' * len(result))})", result)
    found = repair(f"sqlite:///{path}")
    assert found.unsound == {"result": 2}
    (result,) = open_store(f"sqlite:///{path}").list_results(7)
    assert (result.counter, result.at.microsecond, result.seconds, result.output) == (1, 678901, 0.5, whole.decode())


def test_a_time_beyond_all_calendars_does_not_come_back(file: Path, url: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE result SET at = 1 << 62 WHERE run_id = 1 AND counter = 1")
        connection.execute("UPDATE result SET task_uuid = x'ff' WHERE run_id = 1 AND counter = 2")
        connection.execute("UPDATE result SET output = x'00' WHERE run_id = 1 AND counter = 3")
    assert repair(url).unsound == {"result": 2}
    (first, *_) = open_store(url).list_results(1)
    assert (first.counter, first.output, first.cut) == (3, None, True)


@pytest.mark.parametrize("url", ["postgresql://ann:secret@db/records", "nonsense"])
def test_only_sqlite(url: str) -> None:
    with pytest.raises(StoreError, match="only records in SQLite can be repaired") as refused:
        repair(url)
    assert "secret" not in str(refused.value)
