"""Each line once and none forgotten, on real files: rotated, truncated, absent, cut off, and after a restart."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import guard_tail
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_tail import LAST_WORKER, Position, Tail


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def write(path: Path, text: str) -> None:
    with path.open("a") as handle:
        handle.write(text)


def all_of(tail: Tail, clock: Hands | None = None) -> list[str]:
    found: list[bytes] = []
    for _ in range(30):
        found += tail.read()
        if clock:
            clock.time += LAST_WORKER / 2
    return [one.decode() for one in found]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "gray.json.log"


def test_lines_come_once_and_in_order(log: Path) -> None:
    tail = Tail(str(log))
    write(log, "a\nb\n")
    assert all_of(tail) == ["a", "b"]
    write(log, "c\n")
    assert all_of(tail) == ["c"]
    assert all_of(tail) == []


def test_a_file_that_does_not_exist_yet_is_waited_for(log: Path) -> None:
    tail = Tail(str(log))
    assert tail.read() == []
    assert not tail.following
    assert tail.error == ""
    write(log, "a\n")
    assert all_of(tail) == ["a"]
    assert tail.following


def test_a_partial_last_line_waits_for_its_end(log: Path) -> None:
    tail = Tail(str(log))
    write(log, "a\nhal")
    assert all_of(tail) == ["a"]
    write(log, "f\nb")
    assert all_of(tail) == ["half"]
    write(log, "\n")
    assert all_of(tail) == ["b"]


def test_rename_and_create_loses_nothing_that_is_written_to_the_old_file_after_it(log: Path) -> None:
    """logrotate makes the new file first; nginx goes on in the old one until it is told, worker by worker."""
    clock = Hands()
    tail = Tail(str(log), now=clock)
    write(log, "a\n")
    assert all_of(tail) == ["a"]
    old = log.rename(log.with_name(log.name + ".1"))
    log.touch()
    write(old, "b\n")
    assert all_of(tail, clock) == ["b"]
    write(log, "d\n")
    assert tail.read() == []
    write(old, "c\n")
    assert all_of(tail, clock) == ["c", "d"]
    write(log, "e\n")
    assert all_of(tail, clock) == ["e"]
    assert tail.gaps == 0


def test_copy_and_truncate_is_followed(log: Path) -> None:
    tail = Tail(str(log))
    write(log, "a\nb\n")
    assert all_of(tail) == ["a", "b"]
    shutil.copy(log, log.with_name(log.name + ".1"))
    os.truncate(log, 0)
    write(log, "c\n")
    assert all_of(tail) == ["c"]


def test_copy_and_truncate_is_seen_also_when_the_file_has_grown_past_our_place(log: Path) -> None:
    tail = Tail(str(log))
    write(log, "a\nb\n")
    assert all_of(tail) == ["a", "b"]
    os.truncate(log, 0)
    write(log, "".join(f"new{number}\n" for number in range(100)))
    assert all_of(tail) == [f"new{number}" for number in range(100)]


def test_a_restart_goes_on_where_it_was(log: Path) -> None:
    tail = Tail(str(log))
    write(log, "a\nb\nhal")
    assert all_of(tail) == ["a", "b"]
    assert tail.position is not None
    kept = Position.from_data(tail.position.as_data())
    write(log, "f\nc\n")
    assert all_of(Tail(str(log), kept)) == ["half", "c"]


def test_a_restart_after_a_rotation_reads_the_rest_of_the_old_file_first(log: Path) -> None:
    tail = Tail(str(log))
    write(log, "a\n")
    assert all_of(tail) == ["a"]
    write(log, "b\n")
    log.rename(log.with_name(log.name + ".1"))
    write(log, "c\n")
    after = Tail(str(log), tail.position)
    assert all_of(after, Hands()) == ["b", "c"]
    assert after.gaps == 0


def test_a_restart_after_two_rotations_reads_all_three_files(log: Path) -> None:
    tail = Tail(str(log))
    write(log, "a\n")
    assert all_of(tail) == ["a"]
    write(log, "b\n")
    old = log.rename(log.with_name(log.name + ".2"))
    write(log, "c\n")
    younger = log.rename(log.with_name(log.name + ".1"))
    write(log, "d\n")
    for age, path in ((300, old), (200, younger)):
        os.utime(path, (log.stat().st_mtime - age,) * 2)
    assert all_of(Tail(str(log), tail.position), Hands()) == ["b", "c", "d"]


def test_an_old_file_that_is_gone_is_said_and_the_new_one_read_whole(log: Path) -> None:
    write(log, "a\n")
    tail = Tail(str(log))
    all_of(tail)
    position = tail.position
    log.unlink()
    tail.close()
    write(log, "completely new\n")
    after = Tail(str(log), position)
    assert all_of(after) == ["completely new"]
    assert after.gaps == 1
    assert "was rotated while nobody read it" in after.last_gap


def test_a_chunk_bounds_what_is_read_at_once(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_tail, "CHUNK", 100)
    write(log, "".join(f"{number:08d}\n" for number in range(100)))
    tail = Tail(str(log))
    assert len(tail.read()) == 11
    assert len(all_of(tail)) == 89 - 0


def test_a_line_without_end_fills_no_memory_and_the_next_lines_are_read(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard_tail, "LONGEST_LINE", 1000)
    monkeypatch.setattr(guard_tail, "CHUNK", 1000)
    write(log, "a\n" + "x" * 5500 + "\nb\n")
    assert [one for one in all_of(Tail(str(log))) if one] == ["a", "b"]


def test_the_first_look_goes_back_only_so_far_and_begins_with_a_whole_line(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard_tail, "FIRST_LOOK", 25)
    write(log, "".join(f"{number:08d}\n" for number in range(10)))
    assert [one for one in all_of(Tail(str(log))) if one] == ["00000008", "00000009"]


def test_a_log_that_may_not_be_read_is_said(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log.mkdir()
    tail = Tail(str(log))
    assert tail.read() == []
    assert f"cannot read {log}" in tail.error


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_in_between_each_line_comes_once(log: Path, seed: int) -> None:
    """Random writing, rotating and restarting at every point."""
    dice, clock = random.Random(seed), Hands()
    tail, found, written, rotations = Tail(str(log), now=clock), [], 0, 0
    for _ in range(300):
        deed = dice.random()
        if deed < 0.5:
            for _ in range(dice.randrange(1, 5)):
                write(log, f"line {written}\n")
                written += 1
        elif deed < 0.85:
            clock.time += dice.random() * 3
            found += [one.decode() for one in tail.read()]
        elif deed < 0.95:
            position = tail.position
            tail.close()
            tail = Tail(str(log), position, now=clock)
        elif log.exists():
            found += all_of(tail, clock)  # no second rotation before the first one is read: that is for the test above
            rotations += 1
            log.rename(log.with_name(f"{log.name}.{rotations}"))
            log.touch()
    found += all_of(tail, clock)
    assert found == [f"line {number}" for number in range(written)]
    assert tail.gaps == 0


@pytest.mark.parametrize(
    "data", [{}, {"inode": 1}, {"inode": 1, "offset": -1, "head_size": 0, "head": ""}, {"inode": None}]
)
def test_a_position_that_is_none_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not a position|no file"):
        Position.from_data(data)
