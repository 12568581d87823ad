"""The host side of config_transaction, on real files with real validators."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction as tx
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction_journal as journals
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction_state as states
from transaction_host import ME, Host, absent, file


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_file_gets_its_content_and_mode(host: Host) -> None:
    result = host.apply(file(host.etc / "a", "new\n", mode="0640", on_change="restart"))
    assert (host.etc / "a").read_text() == "new\n"
    assert oct((host.etc / "a").stat().st_mode & 0o7777) == "0o640"
    assert result["changed"]
    assert result["required_action"] == "restart"
    assert result["changed_files"] == [str(host.etc / "a")]
    assert list(host.everything()) == ["a"]
    assert host.journals() == []


def test_a_second_run_writes_nothing(host: Host) -> None:
    wanted = file(host.etc / "a", "same\n")
    host.apply(wanted)
    before = (host.everything(), (host.etc / "a").stat().st_ino)
    result = host.apply(wanted, validate=[["false"]])
    assert (host.everything(), (host.etc / "a").stat().st_ino) == before
    assert not result["changed"]
    assert result["required_action"] == "none"


def test_the_strongest_action_among_changed_files_counts(host: Host) -> None:
    host.apply(file(host.etc / "r", "x", on_change="restart"))
    result = host.apply(
        file(host.etc / "r", "x", on_change="restart"),
        file(host.etc / "l", "x", on_change="live"),
        file(host.etc / "n", "x", on_change="none"),
    )
    assert result["required_action"] == "live"


def test_one_refused_file_takes_all_of_them_back(host: Host) -> None:
    (host.etc / "good").write_text("old good\n")
    (host.etc / "bad").write_text("old bad\n")
    (host.etc / "going").write_text("stays after all\n")
    (host.etc / "link").symlink_to("good")
    before = host.everything()
    with pytest.raises(tx.TransactionError) as failure:
        host.apply(
            file(host.etc / "sub" / "new", "x"),
            file(host.etc / "good", "new good\n", mode="0600"),
            file(host.etc / "bad", "syntax error\n"),
            absent(host.etc / "going"),
            directories=[{"path": str(host.etc / "sub"), "mode": "0755", "on_change": "none", **ME}],
            links=[{"path": str(host.etc / "link"), "target": "bad", "on_change": "reload"}],
            validate=[["sh", "-c", f"cat {host.etc}/bad {host.etc}/link >&2; touch {host.etc}/sub/trace; exit 3"]],
        )
    assert failure.value.restored
    assert failure.value.output == "syntax error\nsyntax error"
    assert "ended with 3" in str(failure.value)
    assert host.everything() == before
    assert host.journals() == []


def test_a_new_file_goes_again(host: Host) -> None:
    with pytest.raises(tx.TransactionError, match="everything was put back"):
        host.apply(file(host.etc / "new", "x"), validate=[["/bin/false"]])
    assert host.everything() == {}


def test_the_very_same_file_comes_back(host: Host) -> None:
    (host.etc / "a").write_text("old\n")
    os.utime(host.etc / "a", (1000, 1000))
    inode = (host.etc / "a").stat().st_ino
    with pytest.raises(tx.TransactionError):
        host.apply(file(host.etc / "a", "new\n"), validate=[["false"]])
    status = (host.etc / "a").stat()
    assert (status.st_ino, status.st_mtime, status.st_nlink) == (inode, 1000, 1)


def test_the_very_same_link_comes_back(host: Host) -> None:
    (host.etc / "current").symlink_to("v1")
    inode = (host.etc / "current").lstat().st_ino
    links = [{"path": str(host.etc / "current"), "target": "v2", "on_change": "none"}]
    with pytest.raises(tx.TransactionError):
        host.apply(links=links, validate=[["false"]])
    assert (host.etc / "current").lstat().st_ino == inode
    assert (host.etc / "current").readlink() == Path("v1")


def test_a_file_system_without_hard_links_is_good_enough(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    (host.etc / "a").write_text("old\n")
    (host.etc / "l").symlink_to("a")
    before = host.everything()
    monkeypatch.setattr(os, "link", refuse)
    links = [{"path": str(host.etc / "l"), "target": "b", "on_change": "none"}]
    with pytest.raises(tx.TransactionError, match="ended with 1"):
        host.apply(file(host.etc / "a", "new\n"), links=links, validate=[["false"]])
    assert host.everything() == before


def test_a_file_that_cannot_be_replaced_is_not_put_back_either(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mount point of its own, as containers have it for /etc/hosts: neither linked nor renamed over."""
    path, rename = host.etc / "hosts", os.rename

    def busy(source: str, target: str) -> None:
        if target == str(path):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), target)
        rename(source, target)

    def elsewhere(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    path.write_text("old\n")
    before = host.everything()
    monkeypatch.setattr(os, "rename", busy)
    monkeypatch.setattr(os, "link", elsewhere)
    with pytest.raises(tx.TransactionError, match=r"busy: .*/hosts; everything was put back") as failure:
        host.apply(file(host.etc / "first", "x"), file(path, "new\n"))
    assert (failure.value.restored, host.everything()) == (True, before)


def test_a_validator_that_hangs_is_ended_with_its_children(host: Host) -> None:
    (host.etc / "a").write_text("old\n")
    before = host.everything()
    started = time.monotonic()
    pid_file = host.root / "pid"
    with pytest.raises(tx.TransactionError, match=r"did not end within 0\.3 s") as failure:
        host.apply(
            file(host.etc / "a", "new\n"),
            validate=[["sh", "-c", f"echo thinking; sleep 60 & echo $! >{pid_file}; wait"]],
            validate_timeout=0.3,
        )
    assert time.monotonic() - started < 5
    assert failure.value.output == "thinking"
    assert host.everything() == before
    assert not _alive(int(pid_file.read_text()))


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except FileNotFoundError:
        return False


def test_a_missing_validator_takes_everything_back(host: Host) -> None:
    with pytest.raises(tx.TransactionError, match="'no-such-validator' is not on this host"):
        host.apply(file(host.etc / "a", "new\n"), validate=[["no-such-validator"]])
    assert host.everything() == {}


def test_validators_run_on_the_new_files(host: Host) -> None:
    host.apply(file(host.etc / "a", "new\n"), validate=[["grep", "-q", "new", str(host.etc / "a")]])
    assert (host.etc / "a").read_text() == "new\n"


def test_validate_always_looks_even_when_nothing_changed(host: Host) -> None:
    wanted = file(host.etc / "a", "x")
    host.apply(wanted)
    with pytest.raises(tx.TransactionError, match="nothing was changed"):
        host.apply(wanted, validate=[["false"]], validate_when="always")


def test_a_disk_that_is_full_while_staging_changes_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    (host.etc / "a").write_text("old\n")
    before = host.everything()
    calls = []

    def second_fails(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 3:  # 1: the journal, 2: its directory, 3: the first staged file
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", second_fails)
    with pytest.raises(tx.TransactionError, match="No space left"):
        host.apply(file(host.etc / "a", "new\n"), file(host.etc / "b", "new\n"))
    assert host.everything() == before


DIES = """
import os, sys
sys.path.insert(0, {tests!r})
import conftest
from transaction_host import Host, file, absent
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction as tx
from pathlib import Path
host = Host.__new__(Host)
host.root = Path({root!r}); host.etc = host.root / "etc"; host.journal = host.root / "journal"; host.warnings = []
host.generations = host.root / "generations"
{fault}
host.apply(file(host.etc / "a", "new\\n"), file(host.etc / "b", "new\\n", on_change="restart"), absent(host.etc / "c"),
           links=[dict(path=str(host.etc / "l"), target="b", on_change="reload")],
           validate=[["sh", "-c", {validator!r}]])
"""


def die(host: Host, validator: str = "true", fault: str = "") -> int:
    """Run a transaction in a process of its own, which does not survive it."""
    (host.etc / "a").write_text("old\n")
    (host.etc / "c").write_text("old\n")
    (host.etc / "l").symlink_to("a")
    tests = str(Path(__file__).parent)
    script = DIES.format(tests=tests, root=str(host.root), validator=validator, fault=fault)
    return subprocess.run([sys.executable, "-c", script], check=False, capture_output=True).returncode


def test_a_host_that_dies_between_swap_and_validation_is_put_back_by_the_next_run(host: Host) -> None:
    assert die(host, validator="kill -9 $PPID; sleep 0.2") == -signal.SIGKILL
    assert (host.etc / "a").read_text() == "new\n"  # the fault is real: unvalidated files are live
    assert len(host.journals()) == 1

    result = host.apply(file(host.etc / "other", "x", on_change="none"))

    assert (host.etc / "a").read_text() == "old\n"
    assert sorted(path.name for path in host.etc.iterdir()) == ["a", "c", "l", "other"]
    assert (host.etc / "l").readlink() == Path("a")
    assert result["required_action"] == "restart"  # the service may have started with the unvalidated files
    assert str(host.etc / "b") in result["recovered_files"]
    assert host.journals() == []


def test_a_process_that_dies_before_the_swap_leaves_no_litter_after_the_next_run(host: Host) -> None:
    assert die(host, fault="tx._swap = lambda *_: os.kill(os.getpid(), 9)") == -signal.SIGKILL
    assert [name for name in host.everything() if name.startswith(".")]
    result = host.apply()
    assert sorted(host.everything()) == ["a", "c", "l"]
    assert (host.etc / "a").read_text() == "old\n"
    assert not result["recovered_files"]


def test_a_process_that_dies_after_its_commit_keeps_the_new_files(host: Host) -> None:
    assert die(host, fault="tx.Journal.close = lambda self: os.kill(os.getpid(), 9)") == -signal.SIGKILL
    result = host.apply()
    assert (host.etc / "a").read_text() == "new\n"
    assert sorted(host.everything()) == ["a", "b", "l"]
    assert not result["changed"]


def test_recovery_leaves_what_somebody_has_repaired_by_hand(host: Host) -> None:
    die(host, validator="kill -9 $PPID; sleep 0.2")
    (host.etc / "a").write_text("repaired by hand\n")
    host.apply()
    assert (host.etc / "a").read_text() == "repaired by hand\n"
    assert sorted(host.everything()) == ["a", "c", "l"]


def test_a_termination_signal_puts_everything_back(host: Host) -> None:
    assert die(host, validator="kill -TERM $PPID; sleep 5") == 1
    assert sorted(host.everything()) == ["a", "c", "l"]
    assert (host.etc / "a").read_text() == "old\n"
    assert host.journals() == []


def test_check_mode_mentions_the_interrupted_transaction_and_leaves_it(host: Host) -> None:
    die(host, validator="kill -9 $PPID; sleep 0.2")
    before = host.everything()
    host.apply(check=True)
    assert "interrupted transaction" in host.warnings[0]
    assert host.everything() == before


def test_two_transactions_do_not_overlap(host: Host) -> None:
    root = str(host.journal)
    with (
        journals.exclusive(root, 1),
        pytest.raises(states.PlanError, match="another transaction"),
        journals.exclusive(root, 0.2),
    ):
        pass
