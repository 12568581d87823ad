"""A database is backed up before a release changes it: once for a version, complete or not at all, a bounded number."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.impl.lifecycle.plugins.modules import postgresql_backup

# Stands in for runuser: the rest of the command is run by whoever tests.
TOOLS = {
    "runuser": 'shift 2; exec "$@"',
    "psql": "echo 1048576",
    "pg_dump": 'for a; do case "$a" in --file=*) echo dump > "${a#--file=}";; esac; done; echo "$@" >> "$CALLS"',
    "pg_restore": "exit 0",
}


class Host:
    """Commands on a PATH of their own, and a directory for backups."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin, self.directory, self.calls = root / "bin", root / "deep" / "backups", root / "calls"
        self.bin.mkdir()
        for name, body in TOOLS.items():
            self.tool(name, body)
        self.calls.touch()
        monkeypatch.setenv("PATH", f"{self.bin}:{os.environ['PATH']}")
        monkeypatch.setenv("CALLS", str(self.calls))
        monkeypatch.setattr(os, "chown", lambda *_: None)

    def tool(self, name: str, body: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{body}\n")
        (self.bin / name).chmod(0o755)

    def run(self, capsys: pytest.CaptureFixture[str], version: str = "1.1.0", **given: Any) -> dict[str, Any]:
        wanted = {"database": "shop", "application": "shop", "version": version, "directory": str(self.directory)}
        user = {"user": os.environ.get("USER") or "root"}
        basic._ANSIBLE_ARGS = None
        with patch_module_args({**wanted, **user, **given}), pytest.raises(SystemExit):
            postgresql_backup.main()
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    def names(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir()) if self.directory.is_dir() else []


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_a_backup_is_whole_and_for_one_user_alone(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    answer = host.run(capsys)
    assert answer["changed"]
    assert Path(answer["path"]).read_text() == "dump\n"
    assert Path(answer["path"]).name.startswith("shop_1.1.0_20")
    assert host.directory.stat().st_mode & 0o777 == 0o700
    assert Path(answer["path"]).stat().st_mode & 0o777 == 0o600
    assert "--format=custom" in host.calls.read_text()


def test_a_version_is_backed_up_once(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    first = host.run(capsys)
    again = host.run(capsys)
    assert (again["changed"], again["path"]) == (False, first["path"])
    assert host.calls.read_text().count("pg_dump") == 0  # argv without the command's own name
    assert len(host.calls.read_text().splitlines()) == 1


@pytest.mark.parametrize("tool", ["pg_dump", "pg_restore"])
def test_a_backup_that_fails_leaves_nothing_and_says_why(
    host: Host, capsys: pytest.CaptureFixture[str], tool: str
) -> None:
    host.tool(tool, "echo no such thing >&2; exit 1")
    answer = host.run(capsys)
    assert answer["msg"] == "the backup of shop failed: no such thing. Nothing was changed"
    assert host.names() == []


def test_without_room_nothing_is_begun(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.tool("psql", "echo 999999999999999")
    answer = host.run(capsys)
    assert "there is no room for a backup of shop: it takes 953674317 MB" in answer["msg"]
    assert "release_backup_directory" in answer["msg"]
    assert not host.directory.parent.exists()


def test_a_server_that_does_not_answer_is_told(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.tool("psql", "echo database is down >&2; exit 2")
    assert host.run(capsys)["msg"] == "the size of shop cannot be asked: database is down. Nothing was changed"


def test_check_mode_writes_nothing(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    assert host.run(capsys, _ansible_check_mode=True)["changed"]
    assert not host.directory.parent.exists()


def test_the_newest_stay_and_other_applications_are_left_alone(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.directory.mkdir(parents=True)
    old = [f"shop_0.{number}_2020010{number}T000000Z.dump" for number in range(1, 5)]
    for name in [*old, "shop_0.9_20200101T000000Z.dump.part", "shop-two_1_20200101T000000Z.dump", "notes.txt"]:
        (host.directory / name).touch()
    answer = host.run(capsys, keep=2)
    assert answer["removed"] == [*old[:3], "shop_0.9_20200101T000000Z.dump.part"]
    assert [name for name in host.names() if name != Path(answer["path"]).name] == [
        "notes.txt",
        "shop-two_1_20200101T000000Z.dump",
        old[3],
    ]


def test_names_of_other_versions_are_not_taken_for_this_ones() -> None:
    names = [postgresql_backup.name_of("shop", version, 0) for version in ("1.0", "1.0_1", "1.0-rc1", "11.0")]
    assert postgresql_backup.backups_of(names, "shop", "1.0") == [names[0]]
    assert len(postgresql_backup.backups_of(names, "shop")) == 4
    assert postgresql_backup.backups_of(names, "sho") == []
