"""What is told to a MariaDB server, and by which way an account can be tried."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_client import (
    Client,
    MariadbError,
    defaults_text,
    younger_than,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_values import Variable
from ansible_collections.impl.lifecycle.plugins.modules import mariadb_config, mariadb_login, mariadb_replica

FOLLOWING = {
    "Master_Host": "db1", "Master_Port": "3306", "Master_User": "replicator", "Master_SSL_Allowed": "No",
    "Master_SSL_CA_File": "", "Using_Gtid": "Slave_Pos", "Slave_IO_Running": "Yes", "Slave_SQL_Running": "Yes",
    "Last_IO_Errno": "0",
}  # fmt: skip
PRIMARY = {"host": "db1", "port": 3306, "user": "replicator", "password": "it's", "tls": False, "ca": None}


class Server:
    """A server with some variables, which remembers what it was told; `stubborn` ones keep their value."""

    def __init__(self, stubborn: tuple[str, ...] = ()) -> None:
        self.kinds = {"max_connections": "BIGINT", "sql_mode": "SET", "port": "INT"}
        self.values = {"max_connections": "40", "sql_mode": "ANSI", "port": "3306"}
        self.stubborn = stubborn
        self.told: list[str] = []

    def variables(self, names: Any) -> dict[str, Variable]:
        return {
            name: Variable(name, self.values[name], self.kinds[name], "YES" if name == "port" else "NO")
            for name in names
            if name in self.values
        }

    def ask(self, statement: str) -> str:
        self.told.append(statement)
        for part in statement.removeprefix("SET GLOBAL ").split(", "):
            name, value = part.split(" = ")
            if name not in self.stubborn:
                self.values[name] = value.strip("'")
        return ""


def configured(server: Server, check_mode: bool = False, **params: Any) -> mariadb_config.Server:
    given = {"settings": {}, "startup_settings": {}, "startup_files": [], "restart_files": [], "unit": "u", **params}
    module = SimpleNamespace(params=given, check_mode=check_mode, run_command=lambda _argv: (0, "0\n", ""))
    return mariadb_config.Server(module, server)


def test_what_differs_is_set_in_one_statement() -> None:
    server = Server()
    task = configured(server, settings={"max_connections": "1K", "sql_mode": "ansi"})
    task.apply_settings()
    assert server.told == ["SET GLOBAL max_connections = 1024"]
    assert (task.before, task.after, task.reasons) == (["max_connections 40\n"], ["max_connections 1K\n"], [])


def test_check_mode_sets_nothing_and_shows_the_same() -> None:
    server = Server()
    task = configured(server, check_mode=True, settings={"max_connections": 50})
    task.apply_settings()
    assert (server.told, task.before) == ([], ["max_connections 40\n"])


def test_a_value_the_running_server_does_not_take_is_a_reason_to_restart_and_no_change() -> None:
    task = configured(Server(stubborn=("max_connections",)), settings={"max_connections": 50})
    task.apply_settings()
    assert task.before == []
    assert task.reasons == ["max_connections stays '40' in the running server, wanted is '50'"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"nonsense": 1}, "knows no variable nonsense"), ({"port": 1}, "only when the server starts")],
)
def test_a_setting_that_cannot_be_set_is_refused(settings: dict[str, int], words: str) -> None:
    with pytest.raises(MariadbError, match=words):
        configured(Server(), settings=settings).apply_settings()


def test_startup_settings_are_compared_and_the_rest_is_told_by_the_age_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "startup.cnf"
    file.touch()
    task = configured(
        Server(), startup_settings={"port": 3307, "plugin_load_add": "x"}, startup_files=[str(file)], restart_files=[]
    )
    assert task.compare_startup() == ["plugin_load_add"]
    assert task.reasons == ["port is '3306', wanted is '3307'", "plugin_load_add: the file is younger than the server"]


def test_only_a_file_written_after_the_start_is_younger(tmp_path: Path) -> None:
    file = tmp_path / "dropin"
    file.touch()
    os.utime(file, (1000, 1000))
    paths = [str(file), str(tmp_path / "none")]
    assert younger_than(paths, 999.5) == [str(file)]
    assert younger_than(paths, 1000.5) == []


def test_a_refusal_of_the_server_is_raised_in_its_words() -> None:
    module = SimpleNamespace(run_command=lambda _argv, **_more: (1, "", "ERROR 1064 (42000): wrong\n"))
    with pytest.raises(MariadbError, match="ERROR 1064"):
        Client(module, "/socket").ask("nonsense")


@pytest.mark.parametrize(
    ("pattern", "name", "means"),
    [
        ("localhost", "localhost", True),
        ("10.0.0.%", "10.0.0.7", True),
        ("10.0.0.%", "10.0.1.7", False),
        ("10.0.0.0/255.255.255.0", "10.0.0.7", True),
        ("10.0.0.0/255.255.255.0", "localhost", False),
        ("db_.example.org", "DB1.example.org", True),
        ("a.b", "axb", False),
    ],
)
def test_a_host_part_means_some_clients(pattern: str, name: str, means: bool) -> None:
    assert mariadb_login.fits(pattern, name) is means


def test_an_account_is_tried_where_no_other_one_fits_better() -> None:
    local, anywhere = {"name": "clinic", "host": "localhost"}, {"name": "clinic", "host": "%"}
    far = {"name": "far", "host": "192.0.2.1"}
    ways = mariadb_login.ways_of("127.0.0.1,10.0.0.5", [])
    accounts = [local, anywhere, far]
    assert ways == [None, "127.0.0.1", "10.0.0.5"]
    assert [mariadb_login.way_for(account, accounts, ways, ["db1"]) for account in accounts] == [
        None,
        "10.0.0.5",
        False,
    ]


def test_a_server_on_all_addresses_is_reached_by_the_hosts_own() -> None:
    assert mariadb_login.ways_of("*", ["10.0.0.5", "fe80::1"]) == [None, "127.0.0.1", "10.0.0.5"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"wanted": True, "accepted": True, "answer": "clinic@%"}, None),
        ({"wanted": True, "accepted": True, "answer": "@localhost"}, "taken for @localhost"),
        ({"wanted": True, "accepted": False, "answer": "ERROR 1045"}, "is refused: ERROR 1045"),
        ({"wanted": False, "accepted": False, "refused": True, "answer": "ERROR 1045"}, None),
        ({"wanted": False, "accepted": True, "answer": "clinic@%"}, "accepted with a password that is not"),
        ({"wanted": False, "accepted": False, "answer": "ERROR 2002"}, "is not refused, but: ERROR 2002"),
    ],
)
def test_what_is_complained_of(answer: dict[str, Any], words: str | None) -> None:
    said = mariadb_login.complaint({"account": "clinic@%", "way": "socket", "refused": False, **answer})
    assert (said is None) if words is None else words in said


def test_a_login_is_an_option_file() -> None:
    assert defaults_text("clinic", 'a"#b') == '[client]\nuser="clinic"\npassword="a\\"#b"\n'


@pytest.mark.parametrize(
    ("status", "after"),
    [
        (FOLLOWING, ""),
        ({**FOLLOWING, "Master_Host": "old"}, "Master_Host db1\n"),
        ({**FOLLOWING, "Slave_SQL_Running": "No"}, "replication started\n"),
        ({**FOLLOWING, "Slave_IO_Running": "Connecting", "Last_IO_Errno": "1045"}, "password as given\n"),
        ({**FOLLOWING, "Slave_IO_Running": "Connecting", "Last_IO_Errno": "2003"}, ""),
    ],
)
def test_a_replica_is_told_only_what_is_not_so(status: dict[str, str], after: str) -> None:
    assert mariadb_replica.differences(status, PRIMARY)[1] == after


def test_a_password_stays_one_literal_and_out_of_the_logs() -> None:
    statement = mariadb_replica.change_statement(PRIMARY)
    assert "MASTER_PASSWORD = 'it''s'," in statement
    assert statement.startswith("SET SESSION sql_log_off = 1;")


def test_a_log_gets_its_file_before_it_is_switched_on() -> None:
    server = Server()
    server.kinds |= {"slow_query_log": "BOOLEAN", "slow_query_log_file": "VARCHAR"}
    server.values |= {"slow_query_log": "OFF", "slow_query_log_file": "host-slow.log"}
    configured(server, settings={"slow_query_log": True, "slow_query_log_file": "/var/log/slow.log"}).apply_settings()
    assert server.told == ["SET GLOBAL slow_query_log_file = '/var/log/slow.log', slow_query_log = 'ON'"]
