"""What Redis is measured by: who may, with which rights, and that nobody stays behind, kill -9 included."""

from __future__ import annotations

import os
import signal
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import redis_bench
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import Connection, RedisError
from ansible_collections.impl.lifecycle.plugins.modules import redis_benchmark

FREE = {"maxmemory": "0", "used_memory": "1000000"}
ANSWER = '"test","rps","avg_latency_ms"\n"SET lifecycle-bench:__rand_int__ xx EX 900","71000.50","0.35"\n'


def test_a_server_that_would_lose_what_it_holds_is_not_measured() -> None:
    full = {"maxmemory": str(64 << 20), "used_memory": str(60 << 20)}
    assert redis_bench.why_not(full, {"role": "master"}) == (
        "60 of 64 MB are in use: measuring would push out what it holds"
    )
    assert redis_bench.why_not(full | {"used_memory": str(40 << 20)}, {"role": "master"}) == ""
    assert "replica" in redis_bench.why_not(FREE, {"role": "slave"})
    assert redis_bench.why_not(FREE, {"role": "master"}) == ""


def test_the_command_line_has_no_password_and_no_key_of_others() -> None:
    for kind in redis_benchmark.COMMANDS:
        words = redis_bench.command_line("/run/x.sock", "guest", 8, 1000, kind)
        assert words[words.index("-a") + 1] == "none"
        assert [word for word in words if "__rand_int__" in word] == ["lifecycle-bench:__rand_int__"]
    assert "EX" in redis_bench.command_line("/run/x.sock", "guest", 8, 1000, "SET")


def test_the_rate_is_that_of_the_last_line() -> None:
    assert redis_bench.rate_in(ANSWER) == 71000.5
    with pytest.raises(ValueError, match="no figures"):
        redis_bench.rate_in("Could not connect")


def test_as_many_of_each_are_slower_than_the_mean() -> None:
    assert redis_benchmark.together({"SET": 100.0, "GET": 300.0}) == pytest.approx(150.0)


class Answering(socketserver.StreamRequestHandler):
    """As much of Redis as making and removing a user takes. What Redis allows a guest, scenario tune asks."""

    server: Server

    def handle(self) -> None:
        while self.rfile.peek(1):
            count = int(self.rfile.readline()[1:])
            words = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2].decode() for _ in range(count)]
            self.wfile.write(self.server.answer(words))


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str) -> None:
        super().__init__(path, Answering)
        self.users: set[str] = set()
        self.gone: set[str] = set()
        self.full = 0

    def answer(self, words: list[str]) -> bytes:
        if self.full:
            self.full -= 1
            return b"-ERR max number of clients reached\r\n"
        if words[:2] == ["ACL", "SETUSER"]:
            if " " in words[2]:
                return b"-ERR Usernames can't contain spaces\r\n"
            self.users.add(words[2])
        elif words[:2] == ["ACL", "DELUSER"]:
            self.users.discard(words[2])
        else:
            self.gone.update(words[1:])
        return b":1\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(str(tmp_path / "redis.sock")) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def guest(server: Server, name: str = "guest") -> redis_bench.Guest:
    return redis_bench.Guest(name, lambda: Connection(f"unix:{server.server_address}"))


def test_the_guest_goes_with_the_keys(server: Server) -> None:
    with guest(server):
        assert server.users == {"guest"}
    assert server.users == set()
    assert len(server.gone) == redis_bench.KEYS
    assert "lifecycle-bench:000000009999" in server.gone


def test_the_guest_goes_although_others_hold_every_connection(server: Server) -> None:
    with guest(server):
        server.full = 3
    assert server.users == set()


def test_the_guest_goes_when_who_measures_is_killed(server: Server) -> None:
    told, tell = os.pipe()
    process = os.fork()
    if process == 0:
        with guest(server):
            os.write(tell, b"here")
            time.sleep(60)
    assert os.read(told, 4) == b"here"
    assert server.users == {"guest"}
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(told)
    os.close(tell)
    for _ in range(100):
        if not server.users:
            return
        time.sleep(0.05)
    pytest.fail("the guest is still there")


def test_a_guest_whom_the_server_refuses_is_said(server: Server) -> None:
    with pytest.raises(RedisError, match="spaces"), guest(server, "a guest"):
        pytest.fail("it was accepted")
