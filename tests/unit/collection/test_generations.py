"""What was before the last changes of a role's configuration, and the way back to it."""

from __future__ import annotations

import errno
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import generations
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction as tx
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction_state as states
from ansible_collections.impl.lifecycle.plugins.modules import config_generation
from transaction_host import Host, absent, file


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def back(host: Host, number: int, check: bool = False, leave: tuple[Path, ...] = ()) -> dict[str, Any]:
    params = {
        "role": "redis",
        "number": number,
        "leave": [str(path) for path in leave],
        "validate_timeout": 10,
        "journal_directory": str(host.journal),
        "generations_directory": str(host.generations),
    }
    return config_generation.run(params, check, True)


def kept(host: Host) -> list[int]:
    return generations.numbers(str(host.generations), "redis")


def owned(host: Host, **more: Any) -> list[dict[str, Any]]:
    return [{"directory": str(host.etc), "pattern": "*.jar", "on_change": "reload", "foreign": "refuse", **more}]


def test_each_change_can_be_taken_back_and_that_too(host: Host) -> None:
    conf, extra = host.etc / "conf", host.etc / "extra"
    host.apply(file(conf, "one\n", mode="0640"), role="redis")
    host.apply(file(conf, "two\n"), file(extra, "x\n", on_change="restart"), role="redis")
    host.apply(file(conf, "three\n"), absent(extra), role="redis")
    assert kept(host) == [1, 2, 3]
    result = back(host, 1)
    assert (conf.read_text(), stat.S_IMODE(conf.stat().st_mode), extra.exists()) == ("one\n", 0o640, False)
    assert (result["changed"], result["required_action"]) == (True, "reload")
    result = back(host, 3)
    assert conf.read_text() == "three\n"
    assert kept(host) == [1, 2, 3, 4, 5]
    back(host, 2)
    assert (conf.read_text(), extra.read_text()) == ("two\n", "x\n")


def test_what_is_kept_is_for_root_only(host: Host) -> None:
    host.apply(file(host.etc / "conf", "old password\n"), role="redis")
    host.apply(file(host.etc / "conf", "new password\n", secret=True), role="redis")
    for path in [host.generations / "redis", *(host.generations / "redis").rglob("[0-9]*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    shown = back(host, 1, check=True)
    assert shown["changed"]
    assert "password" not in str(shown)


def test_a_change_that_was_refused_is_no_generation(host: Host) -> None:
    host.apply(file(host.etc / "conf", "good\n"), role="redis")
    with pytest.raises(tx.TransactionError):
        host.apply(file(host.etc / "conf", "bad\n"), role="redis", validate=[["false"]])
    assert kept(host) == [1]
    host.apply(file(host.etc / "conf", "good\n"), role="redis")
    assert kept(host) == [1], "nothing changed"
    assert sorted(path.name for path in (host.generations / "redis").iterdir()) == ["1", "files.json"]


def test_an_instance_has_generations_of_its_own(host: Host) -> None:
    host.apply(file(host.etc / "conf", "of all\n"), role="redis")
    host.apply(file(host.etc / "one", "of one\n"), role="redis@one-1")
    assert kept(host) == [1]
    assert generations.numbers(str(host.generations), "redis@one-1") == [1]


def test_the_validator_of_that_time_looks_at_what_comes_back(host: Host) -> None:
    conf = host.etc / "conf"
    conf.write_text("by hand\n")
    host.apply(file(conf, "one\n"), role="redis", validate=[["grep", "-q", "one", str(conf)]])
    with pytest.raises(tx.TransactionError) as refused:
        back(host, 0)
    assert refused.value.restored
    assert conf.read_text() == "one\n"
    assert kept(host) == [1]


def test_check_mode_tells_and_writes_nothing(host: Host) -> None:
    host.apply(file(host.etc / "conf", "one\n"), role="redis")
    host.apply(file(host.etc / "conf", "two\n"), role="redis")
    before = host.everything()
    assert back(host, 1, check=True)["changed_files"] == [str(host.etc / "conf")]
    assert host.everything() == before
    assert kept(host) == [1, 2]


def test_only_so_many_are_kept_and_an_older_one_is_refused(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "KEPT", 2)
    for word in ("one", "two", "three", "four"):
        host.apply(file(host.etc / "conf", word), role="redis")
    assert kept(host) == [3, 4]
    with pytest.raises(states.PlanError, match=r"change 1 is not kept any more; kept are the states after 2, 3"):
        back(host, 1)
    back(host, 2)
    assert (host.etc / "conf").read_text() == "two"


def test_what_was_before_the_role_came_is_kept_for_good(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "KEPT", 2)
    debians, other = host.etc / "issue", host.etc / "login.defs"
    debians.write_text("Debian\n")
    debians.chmod(0o600)
    other.write_text("UMASK 022\n")
    host.apply(file(debians, "0"), role="redis")
    host.apply(file(debians, "1"), file(other, "UMASK 027\n"), role="redis")
    for word in ("2", "3", "4"):
        host.apply(file(debians, word), file(host.etc / "drop-in", word), role="redis")
    assert kept(host) == [4, 5]
    with pytest.raises(states.PlanError, match="not kept"):
        back(host, 1)
    assert back(host, 0, leave=(other,))["changed"]
    assert (debians.read_text(), stat.S_IMODE(debians.stat().st_mode)) == ("Debian\n", 0o600)
    assert (other.read_text(), (host.etc / "drop-in").exists()) == ("UMASK 027\n", False)
    back(host, 0)
    assert other.read_text() == "UMASK 022\n"
    assert not back(host, 0)["changed"]


def test_a_host_that_died_while_it_forgot_forgets_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "KEPT", 1)
    debians = host.etc / "issue"
    debians.write_text("Debian\n")
    host.apply(file(debians, "1"), role="redis")
    with monkeypatch.context() as died:
        died.setattr(generations, "_fold", _half_of_it)
        host.apply(file(debians, "2"), role="redis")
    assert "is not kept: died" in host.warnings[0]
    assert kept(host) == [1, 2]
    host.apply(file(debians, "3"), role="redis")
    assert kept(host) == [3]
    back(host, 0)
    assert debians.read_text() == "Debian\n"


def _half_of_it(_: str, first: str) -> None:
    Path(first).mkdir()
    (Path(first) / "0").write_text("half")
    raise OSError(errno.EIO, "died", first)


def test_bookkeeping_that_fails_afterwards_does_not_hide_what_changed(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "files.json")

    with monkeypatch.context() as broken:
        broken.setattr(generations.Draft, "publish", refuse)
        result = host.apply(file(host.etc / "conf", "new\n", on_change="restart"), role="redis")
    assert (result["required_action"], (host.etc / "conf").read_text()) == ("restart", "new\n")
    assert "the way back of this change is not kept: Input/output error" in host.warnings[0]


def test_a_number_of_the_future_is_refused(host: Host) -> None:
    with pytest.raises(states.PlanError, match="not kept"):
        back(host, 7)


def test_roles_are_kept_apart_and_a_name_stays_in_the_directory(host: Host) -> None:
    host.apply(file(host.etc / "a", "1"), role="redis")
    host.apply(file(host.etc / "b", "1"), role="nginx")
    assert kept(host) == [1]
    for odd in ("../etc", "redis@", "redis@../etc", "redis@One", "redis@one@two"):
        with pytest.raises(states.PlanError, match="cannot be the name"):
            host.apply(file(host.etc / "c", "1"), role=odd)
    assert not (host.etc / "c").exists()


def test_a_module_that_was_killed_leaves_nothing_that_counts(host: Host) -> None:
    host.apply(file(host.etc / "conf", "one\n"), role="redis")
    litter = host.generations / "redis" / "2.new"
    litter.mkdir()
    (litter / "0").write_text("half")
    host.apply(file(host.etc / "conf", "two\n"), role="redis")
    assert kept(host) == [1, 2]
    back(host, 1)
    assert (host.etc / "conf").read_text() == "one\n"


def test_a_directory_that_cannot_be_written_changes_nothing(host: Host) -> None:
    host.generations.write_text("a file")
    with pytest.raises(OSError):
        host.apply(file(host.etc / "conf", "one\n"), role="redis")
    assert list(host.etc.iterdir()) == []
    assert host.journals() == []


def test_a_foreign_file_is_refused_and_an_own_one_goes(host: Host) -> None:
    host.apply(file(host.etc / "own.jar", "1"), role="tomcat", owns=owned(host))
    foreign = host.etc / "driver.jar"
    foreign.write_text("by hand")
    with pytest.raises(states.PlanError, match=r"tomcat has not written .*driver\.jar, and would remove it"):
        host.apply(role="tomcat", owns=owned(host))
    assert (foreign.exists(), (host.etc / "own.jar").exists()) == (True, True)
    with pytest.raises(states.PlanError):
        host.apply(role="tomcat", owns=owned(host), check=True)
    foreign.unlink()
    host.apply(role="tomcat", owns=owned(host))
    assert list(host.etc.iterdir()) == []


def test_a_file_that_comes_back_after_it_was_removed_is_foreign(host: Host) -> None:
    host.apply(file(host.etc / "own.jar", "1"), role="tomcat", owns=owned(host))
    host.apply(role="tomcat", owns=owned(host))
    (host.etc / "own.jar").write_text("by hand")
    with pytest.raises(states.PlanError, match="has not written"):
        host.apply(role="tomcat", owns=owned(host))


def test_refusing_foreign_files_needs_to_know_whose_are_not(host: Host) -> None:
    with pytest.raises(states.PlanError, match="needs role"):
        host.apply(owns=owned(host))


def test_a_role_that_is_uninstalled_leaves_nothing(host: Host) -> None:
    host.apply(file(host.etc / "conf", "one\n"), role="redis")
    generations.forget(str(host.generations), "redis")
    assert list(host.generations.iterdir()) == []
