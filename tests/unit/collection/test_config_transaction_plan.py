"""What config_transaction finds to do, shows and refuses, before it touches anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction as tx
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction_state as states
from transaction_host import ME, Host, absent, file


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_check_mode_reports_everything_and_writes_nothing(host: Host) -> None:
    (host.etc / "a").write_text("old\n")
    before = host.everything()
    result = host.apply(
        file(host.etc / "a", "new\n"),
        file(host.etc / "sub" / "b", "x", on_change="restart"),
        directories=[{"path": str(host.etc / "sub"), "mode": "0755", "on_change": "none", **ME}],
        validate=[["false"]],
        check=True,
        diff=True,
    )
    assert host.everything() == before
    assert not host.journal.exists()
    assert result["changed_files"] == [str(host.etc / "a"), str(host.etc / "sub" / "b")]
    assert result["changed_directories"] == [str(host.etc / "sub")]
    assert result["required_action"] == "restart"
    assert {"before": "old\n", "after": "new\n"}.items() <= result["diff"][1].items()


def test_check_mode_accepts_an_owner_who_does_not_exist_yet(host: Host) -> None:
    (host.etc / "a").write_text("x")
    wanted = file(host.etc / "a", "x", owner="not-there-yet", group="not-there-yet")
    result = host.apply(wanted, check=True, diff=True)
    assert "(not there yet):(not there yet)" in result["diff"][0]["after"]
    with pytest.raises(states.PlanError, match="user 'not-there-yet' does not exist"):
        host.apply(wanted)


def test_a_changed_mode_alone_is_a_change(host: Host) -> None:
    host.apply(file(host.etc / "a", "x", mode="0644"))
    result = host.apply(file(host.etc / "a", "x", mode="0600"), diff=True)
    assert (host.etc / "a").stat().st_mode & 0o7777 == 0o600
    assert [entry["before_header"] for entry in result["diff"]] == [f"{host.etc}/a (owner and mode)"]


def test_secret_content_is_in_no_difference(host: Host) -> None:
    host.apply(file(host.etc / "s", "password=first\n", secret=True))
    result = host.apply(file(host.etc / "s", "password=second\n", secret=True), diff=True)
    assert result["changed"]
    assert "first" not in str(result)
    assert "second" not in str(result)


def test_a_removed_private_file_is_not_shown(host: Host) -> None:
    (host.etc / "vhost-x.conf").write_text("token\n")
    (host.etc / "vhost-x.conf").chmod(0o640)
    owns = [{"directory": str(host.etc), "pattern": "vhost-*.conf", "on_change": "reload", "foreign": "remove"}]
    assert "token" not in str(host.apply(owns=owns, check=True, diff=True))


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("requirepass hunter22hunter\n", ">>> 'requirepass hunter22hunter' Bad directive"),
        ('<Resource password="hunter22hunter"/>\n', "unexpected value hunter22hunter at line 1"),
    ],
)
def test_a_validator_that_quotes_a_secret_is_masked(secret: str, said: str) -> None:
    shown = tx.mask(said, [secret.encode()])
    assert "hunter22hunter" not in shown
    assert "********" in shown


def test_purge_removes_only_what_matches_and_nobody_declared(host: Host) -> None:
    for name in ("vhost-old.conf", "vhost-kept.conf", "gray-clinic.conf", ".vhost-hidden.conf"):
        (host.etc / name).write_text("x")
    (host.etc / "vhost-link.conf").symlink_to("gray-clinic.conf")
    (host.etc / "vhost-directory.conf").mkdir()
    result = host.apply(
        file(host.etc / "vhost-kept.conf", "x"),
        owns=[{"directory": str(host.etc), "pattern": "vhost-*.conf", "on_change": "reload", "foreign": "remove"}],
    )
    assert [Path(path).name for path in result["changed_files"]] == ["vhost-link.conf", "vhost-old.conf"]
    assert sorted(host.everything()) == [
        ".vhost-hidden.conf",
        "gray-clinic.conf",
        "vhost-directory.conf",
        "vhost-kept.conf",
    ]


def test_a_link_can_be_removed_but_not_written_through(host: Host) -> None:
    (host.etc / "real").write_text("x")
    (host.etc / "link").symlink_to("real")
    with pytest.raises(states.PlanError, match="is a link to real"):
        host.apply(file(host.etc / "link", "y"))
    host.apply(absent(host.etc / "link"))
    assert sorted(host.everything()) == ["real"]


def test_a_link_is_replaced_in_one_step(host: Host) -> None:
    (host.etc / "current").symlink_to("v1")
    links = [{"path": str(host.etc / "current"), "target": "v2", "on_change": "none"}]
    assert host.apply(links=links)["changed"]
    assert (host.etc / "current").readlink() == Path("v2")
    assert not host.apply(links=links)["changed"]


def test_a_directory_gets_its_mode_and_back_again(host: Host) -> None:
    (host.etc / "d").mkdir(mode=0o755)
    wanted = [{"path": str(host.etc / "d"), "mode": "0700", "on_change": "none", **ME}]
    with pytest.raises(tx.TransactionError):
        host.apply(directories=wanted, validate=[["false"]])
    assert (host.etc / "d").stat().st_mode & 0o7777 == 0o755
    host.apply(directories=wanted)
    assert (host.etc / "d").stat().st_mode & 0o7777 == 0o700


def test_a_directory_behind_a_link_is_the_directory(host: Host) -> None:
    (host.etc / "d").mkdir(mode=0o755)
    (host.etc / "l").symlink_to("d")
    (host.etc / "d").chmod(0o755)
    result = host.apply(directories=[{"path": str(host.etc / "l"), "mode": "0755", "on_change": "none", **ME}])
    assert not result["changed"]


def test_a_directory_that_is_new_below_a_link_is_made_for_its_file(host: Host) -> None:
    (host.etc / "v1").mkdir()
    (host.etc / "current").symlink_to("v1")
    new = host.etc / "current" / "new"
    directories = [{"path": str(new), "mode": "0750", "on_change": "none", **ME}]
    host.apply(file(new / "a", "x"), directories=directories)
    assert (host.etc / "v1" / "new" / "a").read_text() == "x"
    assert (host.etc / "current").is_symlink()


def test_one_file_by_two_names_is_refused(host: Host) -> None:
    (host.etc / "v1").mkdir()
    (host.etc / "current").symlink_to("v1")
    with pytest.raises(states.PlanError, match=r"current/a is given twice, once as .*/v1/a"):
        host.apply(file(host.etc / "v1" / "a", "x"), file(host.etc / "current" / "a", "y"))


def test_a_purge_through_a_link_spares_what_is_declared_by_its_real_name(host: Host) -> None:
    (host.etc / "v1").mkdir()
    (host.etc / "current").symlink_to("v1")
    (host.etc / "v1" / "old.conf").write_text("x")
    wanted = file(host.etc / "v1" / "a.conf", "x")
    owns = [{"directory": str(host.etc / "current"), "pattern": "*.conf", "on_change": "none", "foreign": "remove"}]
    host.apply(wanted)
    host.apply(wanted, owns=owns)
    assert [path.name for path in (host.etc / "v1").iterdir()] == ["a.conf"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: os.mkfifo(path), "device, socket or pipe"),
    ],
)
def test_what_is_no_file_is_not_replaced(host: Host, make, words: str) -> None:
    make(host.etc / "a")
    with pytest.raises(states.PlanError, match=words):
        host.apply(file(host.etc / "a", "x"))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("a", {}), ("a", {})], "given twice"),
        ([("a", {"mode": "rw-r--r--"})], "is not an octal string"),
        ([("missing/a", {})], "list it under `directories`"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_changes(host: Host, files, words: str) -> None:
    with pytest.raises(states.PlanError, match=words):
        host.apply(file(host.etc / "first", "x"), *[file(host.etc / name, "x", **more) for name, more in files])
    assert host.everything() == {}


def test_binary_content_survives(host: Host) -> None:
    raw = bytes(range(256)) * 40
    host.apply({**file(host.etc / "b"), "_content": raw}, file(host.etc / "after", "text"))
    assert (host.etc / "b").read_bytes() == raw
    assert (host.etc / "after").read_text() == "text"
