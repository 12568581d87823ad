"""When a PostgreSQL cluster has to read its files again, and what is asked of it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.modules import postgresql_login, postgresql_reload


class Cluster:
    """A cluster which has loaded its files at `loaded` and remembers what it was told."""

    port, directory = 5432, "/run/postgresql"

    def __init__(self, loaded: float, altered: list[list[str]]) -> None:
        self.answer = {
            "loaded": loaded, "altered": altered, "pending_restart": ["port"], "shadowed": [], "databases": [],
            "started": 0.0, "in_recovery": False, "receiver": None, "lag": None,
        }  # fmt: skip
        self.told: list[Any] = []

    def state(self) -> dict[str, Any]:
        return self.answer

    def reset(self, names: dict[str, str]) -> None:
        self.told.append(("reset", list(names)))

    def reload(self) -> dict[str, Any]:
        self.told.append("reload")
        return self.answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lifecycle.conf"
    path.touch()
    os.utime(path, (1000.5, 1000.5))
    return path


def bring(cluster: Cluster, file: Path, check_mode: bool = False) -> dict[str, Any]:
    module = SimpleNamespace(
        params={"files": [str(file), str(file) + ".none"], "restart_paths": []}, check_mode=check_mode
    )
    result: dict[str, Any] = postgresql_reload.bring_to_files(module, cluster)
    return result


def test_a_file_younger_than_the_last_load_is_read_even_within_one_second(file: Path) -> None:
    cluster = Cluster(1000.4, [])
    assert bring(cluster, file)["changed"]
    assert cluster.told == [("reset", []), "reload"]


def test_a_server_that_has_read_its_files_is_left_alone(file: Path) -> None:
    cluster = Cluster(1000.6, [])
    result = bring(cluster, file)
    assert (result["changed"], cluster.told, result["pending_restart"]) == (False, [], ["port"])


def test_alter_system_is_taken_back_and_shown(file: Path) -> None:
    cluster = Cluster(1000.6, [["work_mem", "9MB"]])
    result = bring(cluster, file)
    assert cluster.told == [("reset", ["work_mem"]), "reload"]
    assert result["diff"]["before"] == "ALTER SYSTEM SET work_mem = 9MB\n"


def test_check_mode_tells_the_server_nothing(file: Path) -> None:
    cluster = Cluster(1.0, [["work_mem", "9MB"]])
    assert bring(cluster, file, check_mode=True)["changed"]
    assert cluster.told == []


def test_a_pid_file_of_a_dead_server_is_no_server(tmp_path: Path) -> None:
    text = f"{{pid}}\n{tmp_path}\n{int(time.time())}\n5433\n/run/postgresql\n"
    (tmp_path / "postmaster.pid").write_text(text.format(pid=os.getpid()))
    assert postgresql_reload.read_postmaster(str(tmp_path)) == (5433, "/run/postgresql")
    (tmp_path / "postmaster.pid").write_text(text.format(pid=2**22 + 1))
    assert postgresql_reload.read_postmaster(str(tmp_path)) == (None, None)


def test_a_name_cannot_leave_its_place_in_a_statement() -> None:
    assert postgresql_reload.literal("a'b") == "'a''b'"
    assert not postgresql_reload.SETTING_NAME.match("x; DROP TABLE y")


def test_a_password_with_colons_and_backslashes_stays_one_field() -> None:
    assert postgresql_login.password_line("clinic", r"a:b\c") == "*:*:*:clinic:a\\:b\\\\c\n"
