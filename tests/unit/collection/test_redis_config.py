"""What is compared with a Redis server's answers, and how it is spoken to."""

from __future__ import annotations

import hashlib
import io
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import redis_plan, redis_protocol
from ansible_collections.impl.lifecycle.plugins.modules import redis_config
from hypothesis import given
from hypothesis import strategies as st

DIGEST = hashlib.sha256(b"secret-secret").hexdigest()


def user(**said: Any) -> dict[str, Any]:
    return {
        "name": "clinic", "enabled": True, "password": "secret-secret", "keys": ["clinic:*"], "channels": [],
        "commands": ["+get"], **said,
    }  # fmt: skip


def answered(**said: Any) -> dict[str, Any]:
    return {
        "flags": ["on", "sanitize-payload"], "passwords": [DIGEST], "keys": "~clinic:*", "channels": "",
        "commands": "-@all +get", "selectors": [], **said,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wanted", "current"),
    [
        ("maxmemory", "64mb", "67108864"),
        ("maxmemory", "64M", "64000000"),
        ("save", "900 1  60 1", "900 1 60 1"),
        ("save", "", ""),
        ("appendonly", True, "yes"),
        ("timeout", 300, "300"),
        ("notify-keyspace-events", "KEA", "AKE"),
        ("client-output-buffer-limit", "replica 1mb 1kb 60", "normal 0 0 0 slave 1048576 1024 60 pubsub 1 1 1"),
    ],
)
def test_two_spellings_of_one_value_are_equal(name: str, wanted: Any, current: str) -> None:
    assert redis_plan.is_met(name, wanted, current)


@pytest.mark.parametrize(
    ("name", "wanted", "current"),
    [
        ("maxmemory", "64mb", "64000000"),
        ("save", "", "900 1"),
        ("notify-keyspace-events", "KE", "KEA"),
        ("client-output-buffer-limit", "pubsub 1mb 1kb 60", "normal 0 0 0 slave 1048576 1024 60 pubsub 1 1 1"),
    ],
)
def test_another_value_is_seen(name: str, wanted: Any, current: str) -> None:
    assert not redis_plan.is_met(name, wanted, current)


def test_settings_the_server_does_not_know_are_no_difference() -> None:
    assert redis_plan.differing({"port": "1", "nosuch": "x"}, {"port": "2"}) == ["port"]


def test_a_user_as_wanted_is_left_alone() -> None:
    assert not redis_plan.user_differs(user(), answered(), answered())


@pytest.mark.parametrize(
    "current",
    [
        None,
        answered(flags=["off"]),
        answered(flags=["on", "nopass"]),
        answered(passwords=[]),
        answered(passwords=[DIGEST, "0" * 64]),
        answered(keys="~*"),
        answered(channels="&*"),
        answered(commands="+@all"),
        answered(selectors=[["commands", "+@all"]]),
    ],
)
def test_any_other_right_or_password_of_a_user_is_seen(current: dict[str, Any] | None) -> None:
    assert redis_plan.user_differs(user(), answered(), current)


def test_no_password_or_digest_is_ever_described() -> None:
    assert DIGEST not in redis_plan.describe(answered())
    assert "secret-secret" not in " ".join(redis_plan.full_rules(user()))


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
def test_any_word_reaches_the_server_as_it_is(words: list[str]) -> None:
    assert redis_protocol.decode(io.BytesIO(redis_protocol.encode(words))) == words


def test_a_cut_off_answer_is_no_answer() -> None:
    with pytest.raises(redis_protocol.RedisUnreachable):
        redis_protocol.decode(io.BytesIO(b"$10\r"))


class Server(threading.Thread):
    """Answers one connection on a socket from a table; what is not in it is refused."""

    def __init__(self, path: Path, answers: dict[str, bytes]) -> None:
        super().__init__(daemon=True)
        self.answers, self.heard = answers, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)

    heard: list[str]

    def run(self) -> None:
        connection, _peer = self.listener.accept()
        stream = connection.makefile("rb")
        while stream.peek(1):
            words = " ".join(redis_protocol.decode(stream))
            self.heard.append(words)
            connection.sendall(self.answers.get(words, b"-NOPERM no\r\n"))
        connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "redis"


def logged_in_as(path: Path, answers: dict[str, bytes]) -> tuple[str | None, list[str]]:
    server = Server(path, answers)
    server.start()
    with redis_protocol.Connection(f"unix:{path}") as connection:
        name = redis_config.log_in(connection, {"username": "adm", "password": "new", "previous_password": "old"})
    server.join(5)
    server.listener.close()
    return name, server.heard


def test_the_previous_password_is_tried_only_when_the_present_one_is_refused(path: Path) -> None:
    refused = b"-WRONGPASS invalid username-password pair\r\n"
    assert logged_in_as(path, {"AUTH adm new": b"+OK\r\n"}) == ("adm", ["AUTH adm new"])
    path.unlink()
    answers = {"AUTH adm new": refused, "AUTH adm old": b"+OK\r\n"}
    assert logged_in_as(path, answers) == ("adm", ["AUTH adm new", "AUTH adm old"])


def test_a_server_that_refuses_everybody_is_told_apart_from_one_without_passwords(path: Path) -> None:
    refused = b"-WRONGPASS invalid username-password pair\r\n"
    closed = {"AUTH adm new": refused, "AUTH adm old": refused}
    assert logged_in_as(path, closed)[0] is None
    path.unlink()
    open_to_all = {**closed, "CONFIG GET maxmemory": b"*0\r\n", "ACL WHOAMI": b"$7\r\ndefault\r\n"}
    assert logged_in_as(path, open_to_all)[0] == "default"


def test_no_server_is_reported_with_every_address(tmp_path: Path) -> None:
    connection, refusals = redis_config.connect([f"unix:{tmp_path}/none", "nowhere"], 1)
    assert connection is None
    assert [text.split(": ")[0] for text in refusals] == [f"unix:{tmp_path}/none", "nowhere"]
