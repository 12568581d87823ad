"""Other data in the place of a cluster's own, and the way back; who may become a standby; which backup is refused."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import postgresql_cluster
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_cluster import Cluster, PostgresqlError
from ansible_collections.impl.lifecycle.plugins.modules import postgresql_reload, postgresql_restore, postgresql_standby


class Server(Cluster):
    """A cluster in a directory of the test, whose server answers unless its data say `broken`."""

    def __init__(self, place: Path, answers: dict[str, str] | None = None) -> None:
        super().__init__(SimpleNamespace(params={"version": "15", "cluster": "main"}))
        self.data, self.log, self.programs = str(place / "main"), str(place / "log"), str(place)
        self.answers = answers or {}
        self.told: list[str] = []
        self.refuses: dict[str, str] = {}
        Path(self.data).mkdir()
        self.mark(self.data, "old")

    def mark(self, directory: str, word: str) -> None:
        Path(directory, "word").write_text(word)

    def word(self) -> str:
        return Path(self.data, "word").read_text()

    def stop(self) -> None:
        self.told.append("stop")

    def start(self, *_patience_and_answers: object) -> str:
        self.told.append("start")
        return "it is broken" if self.word() == "broken" else ""

    def ask(self, sql: str) -> str:
        return self.answers[sql]

    def run(self, *argv: str, **_more: object) -> str:
        tool = Path(argv[0]).name
        self.told.append(tool)
        if tool in self.refuses:
            raise PostgresqlError(self.refuses[tool])
        if tool == "pg_basebackup":
            Path(self.data + ".joining").mkdir()
            Path(self.data + ".joining", "PG_VERSION").write_text("15\n")
            self.mark(self.data + ".joining", "new")
        if tool == "mkdir":
            Path(argv[-1]).mkdir()
            self.mark(argv[-1], "new")
        return ""


def made(server: Server, word: str) -> str:
    new = server.data + ".new"
    Path(new).mkdir()
    server.mark(new, word)
    return new


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.is_dir())


def test_new_data_are_in_place_and_the_old_ones_beside_them(tmp_path: Path) -> None:
    server = Server(tmp_path)
    before = server.put_in_place(made(server, "new"), 1, ("f",))
    assert (server.word(), Path(before, "word").read_text()) == ("new", "old")


def test_data_the_server_does_not_start_with_are_gone_and_the_old_ones_back(tmp_path: Path) -> None:
    server = Server(tmp_path)
    with pytest.raises(PostgresqlError, match=r"it is broken\. The data before are back and the server answers"):
        server.put_in_place(made(server, "broken"), 1, ("f",))
    assert (server.word(), names(tmp_path)) == ("old", ["main"])


def test_a_signal_takes_the_way_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(tmp_path)
    starts = iter((lambda: os.kill(os.getpid(), signal.SIGTERM), lambda: None))
    monkeypatch.setattr(server, "start", lambda *_: next(starts)() or "")
    with pytest.raises(PostgresqlError, match=f"interrupted by signal {signal.SIGTERM:d}. The data before are back"):
        server.put_in_place(made(server, "new"), 1, ("f",))
    assert server.word() == "old"


def test_data_behind_a_link_are_not_moved(tmp_path: Path) -> None:
    server = Server(tmp_path)
    Path(server.data).rename(tmp_path / "elsewhere")
    Path(server.data).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PostgresqlError, match="a link or a mount point"):
        server.put_in_place(made(server, "new"), 1, ("f",))
    assert server.told == []


def test_the_reason_is_the_servers_own_and_not_what_it_says_to_early_clients() -> None:
    log = (
        "2026-11-26 06:08:59 UTC [1] FATAL:  the database system is starting up\n"
        '2026-11-26 06:08:59 UTC [1] FATAL:  configuration file "a" contains errors\n'
        "2026-11-26 06:08:59 UTC [2] FATAL:  the database system is starting up\n"
    )
    assert postgresql_cluster.last_reason(log) == 'configuration file "a" contains errors'
    assert (
        postgresql_cluster.one_line("note\npg_verifybackup: error: x differs\nmore\n")
        == "pg_verifybackup: error: x differs"
    )


def standby(server: Server, **given: Any) -> dict[str, Any]:
    params = {"conninfo": "host=x", "slot": "s", "overwrite": False, "restart": True, "patience": 0, **given}
    module = SimpleNamespace(params=params, check_mode=given.get("check_mode", False))
    result: dict[str, Any] = postgresql_standby.carry_out(module, server)
    return result


def test_an_empty_cluster_becomes_a_standby_and_leaves_nothing_behind(tmp_path: Path) -> None:
    server = Server(tmp_path, {postgresql_standby.OWN: ""})
    assert standby(server) == {"changed": True, "before": ""}
    assert (server.word(), names(tmp_path)) == ("new", ["main"])


def test_a_cluster_with_data_is_refused_and_with_overwrite_moved_aside(tmp_path: Path) -> None:
    server = Server(tmp_path, {postgresql_standby.OWN: "database clinic"})
    with pytest.raises(PostgresqlError, match=r"data of its own \(database clinic\); nothing was changed"):
        standby(server)
    assert server.told == []
    before = standby(server, overwrite=True)["before"]
    assert (server.word(), Path(before, "word").read_text()) == ("new", "old")


def test_a_standby_is_left_alone_and_with_overwrite_too_while_it_follows(tmp_path: Path) -> None:
    server = Server(tmp_path, {postgresql_standby.FOLLOWS: "1"})
    Path(server.data, "standby.signal").touch()
    assert standby(server)["changed"] is False
    assert standby(server, overwrite=True)["changed"] is False
    server.answers[postgresql_standby.FOLLOWS] = "0"
    postgresql_standby.follows.__defaults__ = (0.0,)
    assert standby(server, overwrite=True, check_mode=True)["changed"] is True
    assert server.told == []


def test_no_restart_allowed_means_that_nothing_is_loaded(tmp_path: Path) -> None:
    server = Server(tmp_path, {postgresql_standby.OWN: ""})
    with pytest.raises(PostgresqlError, match="lifecycle_allow_restart"):
        standby(server, restart=False)
    assert server.told == []


def test_a_primary_of_another_release_is_refused_before_the_server_is_stopped(tmp_path: Path) -> None:
    server = Server(tmp_path, {postgresql_standby.OWN: ""})
    server.version = "17"
    with pytest.raises(PostgresqlError, match="the primary runs PostgreSQL 15, and this host 17"):
        standby(server)
    assert (server.told, names(tmp_path)) == (["pg_basebackup"], ["main"])


def backup(place: Path, release: str = "15") -> dict[str, Any]:
    copy = place / "copies" / "one"
    copy.mkdir(parents=True, exist_ok=True)
    (copy / "lifecycle-release").write_text(release + "\n")
    (copy / "backup_manifest").write_text(json.dumps({"Files": [{"Size": 5}, {"Size": 7}]}))
    return {"directory": str(copy.parent), "name": "one", "patience": 1}


def restore(server: Server, params: dict[str, Any], check_mode: bool = False) -> str:
    module = SimpleNamespace(params=params, check_mode=check_mode)
    result: str = postgresql_restore.carry_out(module, server)
    return result


def test_a_backup_that_pg_verifybackup_refuses_leaves_server_and_data_alone(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.refuses["pg_verifybackup"] = "pg_verifybackup: error: x differs"
    with pytest.raises(PostgresqlError, match=r"refused by pg_verifybackup: error: x differs\. Nothing was changed"):
        restore(server, backup(tmp_path))
    assert (server.word(), names(tmp_path)) == ("old", ["copies", "main"])
    assert "stop" not in server.told


def test_a_backup_of_another_release_and_none_at_all_are_refused(tmp_path: Path) -> None:
    server = Server(tmp_path)
    params = backup(tmp_path, "17")
    for name in ("one", "two"):
        with pytest.raises(PostgresqlError, match="is no finished backup of PostgreSQL 15"):
            restore(server, {**params, "name": name})
    assert server.told == []


def test_check_mode_only_checks(tmp_path: Path) -> None:
    server = Server(tmp_path)
    assert restore(server, backup(tmp_path), check_mode=True) == ""
    assert server.told == []
    assert postgresql_restore.unpacked_size(str(tmp_path / "copies" / "one")) == 12


def test_a_backup_takes_the_place_of_the_data(tmp_path: Path) -> None:
    server = Server(tmp_path, {"ALTER SYSTEM RESET restore_command": "", "SELECT pg_reload_conf()": "t"})
    before = restore(server, backup(tmp_path))
    assert (server.word(), Path(before, "word").read_text()) == ("new", "old")


def test_a_part_of_the_unit_younger_than_the_server_asks_for_a_restart(tmp_path: Path) -> None:
    os.utime(tmp_path, (1000, 1000))
    assert postgresql_reload.younger_than([str(tmp_path), str(tmp_path / "none")], 999.5) == [str(tmp_path)]
    assert postgresql_reload.younger_than([str(tmp_path)], 1000.5) == []
