"""Routing sets on a disk: whole or not at all, and the one in force survives whatever goes wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import routing as r
from ansible_collections.impl.lifecycle.plugins.module_utils import routing_store
from ansible_collections.impl.lifecycle.plugins.module_utils import routing_text as text
from ansible_collections.impl.lifecycle.plugins.module_utils.routing_store import Store, Unreadable

FIRST = r.State("clinic", stable=r.Placed("blue", "1.0.0"))
OPEN = r.weigh(r.stage(FIRST, "1.1.0"), 10, ["dr-house"], ["vip"])
ONLY_WEIGHED = r.weigh(r.stage(FIRST, "1.1.0"), 10)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(str(tmp_path / "gray" / "clinic"), "clinic")
    made.prepare(os.getgid(), check=False)
    return made


def listing(store: Store) -> list[str]:
    return sorted(path.name for path in Path(store.sets).iterdir())


def test_an_empty_directory_says_that_nothing_is_released(store: Store) -> None:
    assert store.read() == r.State("clinic")
    assert Path(store.unreleased).exists()
    assert not store.prepare(os.getgid(), check=False)


def test_the_place_of_resting_hosts_is_there_and_comes_back(store: Store) -> None:
    Path(store.resting).rmdir()
    assert store.prepare(os.getgid(), check=False)
    assert Path(store.resting).is_dir()


def test_a_set_is_in_force_with_exactly_its_files(store: Store) -> None:
    store.put_in_force(OPEN)
    assert store.read() == OPEN
    assert store.in_force(OPEN)
    assert not Path(store.unreleased).exists()
    inside = {str(p.relative_to(store.current)) for p in Path(store.current).rglob("*") if p.is_file()}
    assert inside == r.in_colours(OPEN) | {"set.json", "complete"}


@pytest.mark.parametrize(
    ("state", "said"), [(FIRST, True), (ONLY_WEIGHED, True), (OPEN, False)], ids=["first", "weighed", "named"]
)
def test_a_set_says_whether_it_has_nothing_but_buckets(store: Store, state: r.State, said: bool) -> None:
    store.put_in_force(state)
    assert Path(store.current, routing_store.BUCKETS_ONLY).exists() is said


def test_a_set_from_before_sets_said_so_is_told_apart_and_stays_in_force(store: Store) -> None:
    """It is as good as one that says it, and says it from the next `prepare` on. Its directory is not made anew."""
    store.put_in_force(ONLY_WEIGHED)
    mark, directory = Path(store.current, routing_store.BUCKETS_ONLY), Path(store.current).stat().st_ino
    mark.unlink()
    assert store.in_force(ONLY_WEIGHED)
    assert store.prepare(os.getgid(), check=True)
    assert not mark.exists()
    assert store.prepare(os.getgid(), check=False)
    assert mark.exists()
    assert not store.prepare(os.getgid(), check=False)
    assert Path(store.current).stat().st_ino == directory


def test_a_set_with_users_that_says_it_has_only_buckets_is_damaged(store: Store) -> None:
    store.put_in_force(OPEN)
    mark = Path(store.current, routing_store.BUCKETS_ONLY)
    assert not store.prepare(os.getgid(), check=False)
    mark.touch()
    assert not store.in_force(OPEN)
    store.put_in_force(OPEN)
    assert store.in_force(OPEN)
    assert not mark.exists()


def test_the_set_a_rollback_needs_is_there_before_it_is_needed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put_in_force(OPEN)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(routing_store, "_write_synced", full)
    store.put_in_force(r.rollback(OPEN))
    assert store.read() == FIRST


@pytest.mark.parametrize("breaks", ["_write_synced", "_touch", "_sync"])
def test_an_interrupted_write_leaves_the_set_in_force_and_no_litter(
    store: Store, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    store.put_in_force(FIRST)
    before = listing(store)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(routing_store, breaks, full)
    with pytest.raises(OSError, match="No space"):
        store.put_in_force(OPEN)
    assert store.read() == FIRST
    assert listing(store) == before


def test_the_fallback_marker_follows_the_stable_colour(store: Store) -> None:
    store.put_in_force(r.promote(OPEN))
    assert Path(store.stable_green).exists()
    store.put_in_force(r.rollback(r.promote(OPEN)))
    assert not Path(store.stable_green).exists()


def test_a_failed_flip_leaves_the_marker_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put_in_force(OPEN)

    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(store, "_flip", failing)
    with pytest.raises(OSError, match="Input"):
        store.put_in_force(r.promote(OPEN))
    assert not Path(store.stable_green).exists()


@pytest.mark.parametrize("damage", ["complete", "set.json", "green/43"])
def test_a_damaged_set_is_noticed_and_written_again(store: Store, damage: str) -> None:
    store.put_in_force(OPEN)
    Path(store.current, damage).unlink()
    assert not store.in_force(OPEN)
    store.put_in_force(OPEN)
    assert store.in_force(OPEN)
    store.put_in_force(OPEN)
    assert not [name for name in listing(store) if name.endswith(".tmp")]


def test_an_unreadable_set_is_not_taken_for_an_empty_one(store: Store) -> None:
    store.put_in_force(OPEN)
    Path(store.current, "set.json").write_text("{", encoding="utf-8")
    with pytest.raises(Unreadable, match="cannot be read"):
        store.read()


def test_a_set_of_another_application_is_refused(store: Store) -> None:
    store.put_in_force(OPEN)
    with pytest.raises(Unreadable, match="belongs to application clinic"):
        Store(store.root, "other").read()


def test_old_sets_go_but_never_a_young_one_nor_the_way_back(store: Store) -> None:
    store.put_in_force(FIRST)
    for weight in range(1, 31):
        store.put_in_force(r.weigh(r.stage(FIRST, "1.1.0"), weight))
    assert len(listing(store)) == 31, "none is older than a few minutes"
    long_ago = time.time() - 2 * routing_store.KEEP_SECONDS
    for name in listing(store):
        os.utime(Path(store.sets, name), (long_ago, long_ago))
    last = r.weigh(r.stage(FIRST, "1.1.0"), 31)
    store.put_in_force(last)
    left = listing(store)
    assert len(left) <= routing_store.KEEP_SETS + 1
    assert {text.set_id(last), text.set_id(FIRST)} <= set(left)


def test_a_second_writer_waits_for_the_first(store: Store) -> None:
    import fcntl

    with store.locked():
        handle = os.open(store.root, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)


def test_a_set_that_is_gone_is_no_new_site(store: Store) -> None:
    store.put_in_force(FIRST)
    Path(store.current).unlink()
    with pytest.raises(Unreadable, match="missing although something was released"):
        store.read()


def test_the_owner_stays_who_it_is_unless_one_is_named(store: Store) -> None:
    assert store.prepare(os.getgid(), check=True, uid=65534)
    if os.getuid() == 0:
        assert store.prepare(os.getgid(), check=False, uid=65534)
        assert not store.prepare(os.getgid(), check=False)
        assert Path(store.sets).stat().st_uid == 65534


def test_a_link_in_place_of_a_marker_is_not_followed(store: Store, tmp_path: Path) -> None:
    store.put_in_force(FIRST)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    victim.chmod(0o600)
    Path(store.stable_green).symlink_to(victim)
    store.put_in_force(r.promote(OPEN))
    assert (victim.read_text(), victim.stat().st_mode & 0o777) == ("mine", 0o600)


def test_a_sets_age_is_that_of_the_rename(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename

    def late(old: str, new: str) -> None:
        if new == store.current:
            time.sleep(0.2)
        rename(old, new)

    began = time.time()
    monkeypatch.setattr(routing_store.os, "rename", late)
    store.put_in_force(FIRST)
    assert os.lstat(store.current).st_mtime > began + 0.15
