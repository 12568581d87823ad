"""Which instances of Redis a host has, read from their configurations."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_instances import instances


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    return tmp_path / "redis"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_host_without_redis_has_none(etc: Path) -> None:
    assert instances(str(etc)) == {}


def test_debians_own_file_listens_at_the_default_port_and_is_not_ours(etc: Path) -> None:
    write(etc / "redis.conf", "# Redis configuration file example.\nbind 127.0.0.1 -::1\n# port 7000\n")
    found = instances(str(etc))["main"]
    assert found == {"ports": [6379], "maxmemory_mb": 0, "managed": False, "path": str(etc / "redis.conf")}


def test_what_is_included_counts_and_the_last_line_wins(etc: Path) -> None:
    live = etc / "redis-sessions" / "lifecycle-live.conf"
    write(live, "maxmemory 64mb\ntls-port 6391\n")
    write(etc / "redis-sessions.conf", f"# Managed by impl.lifecycle, role redis.\nport 1\nport 6381\ninclude {live}\n")
    found = instances(str(etc))["sessions"]
    assert (found["ports"], found["maxmemory_mb"], found["managed"]) == ([6381, 6391], 64, True)


@pytest.mark.parametrize(
    ("written", "megabytes"), [("1gb", 1024), ("1048577", 2), ("100M", 96), ("0", 0), ('"32mb"', 32), ("plenty", 0)]
)
def test_a_bound_is_read_in_every_spelling_and_rounded_up(etc: Path, written: str, megabytes: int) -> None:
    write(etc / "redis-one.conf", f"port 0\nmaxmemory {written}\n")
    assert instances(str(etc))["one"]["maxmemory_mb"] == megabytes


def test_a_port_that_is_off_is_no_port(etc: Path) -> None:
    write(etc / "redis-socket.conf", "port 0\ntls-port 0\n")
    assert instances(str(etc))["socket"]["ports"] == []


def test_sentinel_has_ports_and_what_else_lies_there_is_no_instance(etc: Path) -> None:
    write(etc / "lifecycle-sentinel.conf", "# Managed by impl.lifecycle, role redis.\nport 0\ntls-port 26400\n")
    for name in ("lifecycle-live.conf", "users.acl", "sentinel.conf", "redis-old.conf.dpkg-bak"):
        write(etc / name, "port 1\n")
    assert {name: about["ports"] for name, about in instances(str(etc)).items()} == {"sentinel": [26400]}


def test_files_that_include_each_other_end(etc: Path) -> None:
    write(etc / "redis-round.conf", f"include {etc}/redis-round.conf\nport 6400\n")
    assert instances(str(etc))["round"]["ports"] == [6400]
