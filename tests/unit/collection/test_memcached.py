"""Role memcached: the command line of an instance, what its server has to answer, and the talk with a server."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import memcached_plan as plans
from ansible_collections.impl.lifecycle.plugins.module_utils import memcached_protocol as protocol
from ansible_collections.impl.lifecycle.plugins.modules import memcached_config, memcached_probe, memcached_sasl


def planned(**instance: Any) -> dict[str, Any]:
    made: dict[str, Any] = plans.plan({"name": "default", "memory_mb": 64, **instance}, "sandbox")
    return made


def test_memory_is_no_part_of_what_needs_a_restart() -> None:
    small, large = planned(), planned(memory_mb=128, verbosity=1, options={"slab_automove": 0})
    assert small["configuration"] == large["configuration"]
    assert small["startup"] == large["startup"] == "-l 127.0.0.1 -p 11211 -U 0 -c 1024 -t 4 -b 1024 -I 1m"
    assert large["live"] == "-m 128 -v -o slab_automove=0"
    assert planned(threads=8)["configuration"] != small["configuration"]
    assert plans.plan({"name": "default", "memory_mb": 64}, "another")["configuration"] != small["configuration"]


def test_options_are_words_flags_or_their_opposite() -> None:
    made = planned(options={"idle_timeout": 60, "track_sizes": True, "maxconns_fast": False})
    assert made["startup"].endswith("-o idle_timeout=60,track_sizes,no_maxconns_fast")
    assert made["settings"]["maxconns_fast"] == "no"
    assert plans.differing(made["settings"], {"idle_timeout": "60", "maxconns_fast": "yes"}) == ["maxconns_fast"]


def test_an_instance_on_a_socket_has_no_address() -> None:
    made = planned(name="a", socket="/run/memcached/a.sock", listen=None)
    assert made["unit"] == "memcached@a.service"
    assert made["addresses"] == ["unix:/run/memcached/a.sock"]
    assert made["startup"].startswith("-s /run/memcached/a.sock -a 0770 -U 0")
    assert "inter" not in made["settings"]


def test_a_plan_carries_no_secret() -> None:
    secrets = {"sasl_users": [{"name": "u", "password": "not-for-a-plan"}]}
    made = planned(**secrets, tls={"certificate_content": "c", "key_content": "key-not-for-a-plan"})
    assert "not-for-a-plan" not in repr(made)
    assert "-S -Z -o ssl_chain_cert=/etc/memcached/tls/default.crt" in made["startup"]


@pytest.mark.parametrize(
    ("wanted", "current", "same"),
    [("0.2", "0.20", True), ("yes", "1", True), ("on", "off", False), ("1", "2", False), ("xxh3", "murmur3", False)],
)
def test_spellings_of_one_value(wanted: str, current: str, same: bool) -> None:
    assert plans.same(wanted, current) is same


def test_each_command_is_sent_once() -> None:
    current = {"hot_lru_pct": "20", "warm_lru_pct": "40", "hot_max_factor": "0.20", "warm_max_factor": "2.00"}
    wanted = {"maxbytes": str(96 << 20), "hot_lru_pct": "10", "warm_lru_pct": "30"}
    commands = plans.commands_for(["maxbytes", "hot_lru_pct", "warm_lru_pct"], wanted, current)
    assert commands == ["cache_memlimit 96", "lru tune 10 30 0.20 2.00"]


def test_where_a_running_server_answers_is_read_from_its_command_line() -> None:
    words = ["/usr/bin/memcached", *planned(listen=["10.0.0.1", "::1"], port=11300)["startup"].split()]
    assert plans.process_of(words) == {"addresses": ["10.0.0.1:11300", "[::1]:11300"], "sasl": False, "tls": False}


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Any:
    """A server of one connection that answers each request with the next answer."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []

    def serve() -> None:
        connection, _peer = listener.accept()
        with connection:
            for answer in request.param:
                asked.append(connection.recv(4096))
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}", asked
    thread.join(5)
    listener.close()


@pytest.mark.parametrize(
    "server", [[b"STAT maxbytes 67108864\r\nSTAT inter 127.0.0.1\r\nEND\r\n", b"SERVER_ERROR no\r\n"]], indirect=True
)
def test_the_text_protocol(server: Any) -> None:
    address, asked = server
    client = protocol.Text(protocol.connect(address))
    assert client.settings() == {"maxbytes": "67108864", "inter": "127.0.0.1"}
    with pytest.raises(protocol.MemcachedError, match="SERVER_ERROR no"):
        client.change("cache_memlimit 8")
    assert asked == [b"stats settings\r\n", b"cache_memlimit 8\r\n"]


def packet(status: int, key: bytes = b"", value: bytes = b"") -> bytes:
    return struct.pack(">BBHBBHIIQ", 0x81, 0, len(key), 0, 0, status, len(key) + len(value), 0, 0) + key + value


@pytest.mark.parametrize(
    "server",
    [[packet(0x20), packet(0), packet(0, b"maxbytes", b"1") + packet(0, b"inter", b"NULL") + packet(0)]],
    indirect=True,
)
def test_the_binary_protocol(server: Any) -> None:
    address, asked = server
    client = protocol.Binary(protocol.connect(address))
    assert client.login("u", "wrong") is False
    assert client.login("u", "right") is True
    assert client.settings() == {"maxbytes": "1", "inter": "NULL"}
    assert asked[1].endswith(b"PLAIN\0u\0right")


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(protocol.MemcachedUnreachable):
        protocol.connect(f"127.0.0.1:{port}")


def test_a_port_on_another_address_is_found() -> None:
    with socket.create_server(("127.0.0.2", 0)) as listener:
        port = listener.getsockname()[1]
        plan = planned(port=port)
        found = list(memcached_probe.other_doors(plan, ["127.0.0.1", "127.0.0.2"], {("127.0.0.1", str(port))}))
    assert found == [f"port {port} of memcached.service answers on 127.0.0.2, which is not in its listen"]


def test_the_users_are_written_when_they_or_the_database_differ(tmp_path: Any) -> None:
    database, users = tmp_path / "users.db", [{"name": "u", "password": "one-of-twelve"}]
    assert not memcached_sasl.is_current(str(database), users, "host")
    database.write_bytes(b"database")
    stamp = memcached_sasl.stamp_of(str(database), users, "host", b"salt")
    (tmp_path / "users.db.digest").write_text(stamp)
    assert "one-of-twelve" not in stamp
    assert memcached_sasl.is_current(str(database), users, "host")
    assert not memcached_sasl.is_current(str(database), users, "renamed")
    assert not memcached_sasl.is_current(str(database), [{"name": "u", "password": "another-one-1"}], "host")
    database.write_bytes(b"changed by hand")
    assert not memcached_sasl.is_current(str(database), users, "host")


def test_a_process_tells_with_what_it_was_started(tmp_path: Any) -> None:
    process = tmp_path / "7"
    process.mkdir()
    (process / "cmdline").write_bytes(b"/usr/bin/memcached\0-m\x0064\0")
    (process / "environ").write_bytes(b"LANG=C\0LIFECYCLE_CONFIGURATION=abc\0")
    (process / "exe").symlink_to("/usr/bin/memcached (deleted)")
    read = memcached_config.Process(7, str(tmp_path))
    assert (read.words[1:], read.configuration, read.replaced) == (["-m", "64"], "abc", True)
