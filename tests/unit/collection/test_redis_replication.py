"""Whose replica a Redis becomes, and what of it is Sentinel's business."""

from __future__ import annotations

import os
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import redis_protocol, redis_sentinels, redis_watch
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_sentinels import STAY, Decision, Part, Place
from ansible_collections.impl.lifecycle.plugins.modules import redis_replica

ONE, TWO, THREE = Place("10.0.0.1", 6379), Place("10.0.0.2", 6379), Place("10.0.0.3", 6379)
EMPTY, FULL, REPLICA = Part(0, None, 0), Part(7, None, 0), Part(0, ONE, 0)


@pytest.mark.parametrize(
    ("now", "wanted", "decided"),
    [
        (EMPTY, None, STAY),
        (REPLICA, ONE, STAY),
        (EMPTY, ONE, Decision(True, ONE, None)),
        (REPLICA, TWO, Decision(True, TWO, None)),
        (REPLICA, None, Decision(True, None, None)),
    ],
)
def test_without_sentinel_the_inventory_says_it(now: Part, wanted: Place | None, decided: Decision) -> None:
    assert redis_sentinels.by_inventory(now, wanted, False) == decided


def test_a_primary_with_keys_becomes_no_replica_unless_told_so() -> None:
    refused = redis_sentinels.by_inventory(FULL, ONE, False)
    assert not refused.change
    assert "7 keys" in refused.refusal
    assert redis_sentinels.by_inventory(FULL, ONE, True) == Decision(True, ONE, None)


def decide(now: Part, known: Place | None, own: Place) -> Decision:
    return redis_sentinels.by_sentinels(now, known, ONE, lambda host: host == own.host, False)


def test_the_first_run_makes_replicas_of_the_inventorys_primary() -> None:
    assert decide(EMPTY, None, ONE) == STAY
    assert decide(EMPTY, None, TWO) == Decision(True, ONE, None)
    assert decide(FULL, None, TWO).refusal


def test_after_a_failover_nothing_is_changed() -> None:
    assert decide(FULL, TWO, TWO) == STAY
    # The old primary, back with its data and not yet converted by Sentinel.
    assert decide(FULL, TWO, ONE) == STAY
    # Already a replica, even of somebody else: a failover may be under way.
    assert decide(Part(0, TWO, 0), THREE, ONE) == STAY


def test_a_new_host_follows_the_primary_of_the_sentinels_and_not_of_the_inventory() -> None:
    assert decide(EMPTY, TWO, THREE) == Decision(True, TWO, None)
    assert decide(EMPTY, TWO, ONE) == Decision(True, TWO, None)


def test_sentinels_that_lost_their_memory_do_not_unseat_a_primary_with_replicas() -> None:
    assert decide(Part(7, None, 2), None, TWO) == STAY


def test_most_sentinels_decide_and_a_silent_one_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"a": TWO, "b": ONE, "c": TWO, "d": None}
    monkeypatch.setattr(redis_sentinels, "told_by", lambda host, _peers, _timeout: told[host])
    assert redis_sentinels.ask({"hosts": list("abcd")}) == TWO
    assert redis_sentinels.ask({"hosts": ["d"]}) is None


def test_an_address_is_local_or_not() -> None:
    assert redis_sentinels.is_local("127.0.0.1")
    assert not redis_sentinels.is_local("192.0.2.7")


def test_the_login_is_read_from_sentinels_own_file() -> None:
    text = 'port 1\nsentinel auth-pass a one\nsentinel auth-user a "u"\nsentinel auth-pass b two\nsentinel myid x\n'
    assert redis_watch.kept_in(text, "a") == {"auth-pass": "one", "auth-user": "u"}
    assert redis_watch.kept_in("", "a") == {}


class Answers:
    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers, self.heard = answers, []

    heard: list[str]

    def command(self, *words: Any) -> Any:
        self.heard.append(" ".join(map(str, words)))
        answer = self.answers.get(self.heard[-1], "OK")
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_file_younger_than_the_process_needs_a_restart(tmp_path: Path) -> None:
    config = tmp_path / "conf"
    config.write_text("")
    os.utime(config, (1000, 1000))
    said = "# Server\r\nconfig_file:/state\r\nserver_time_usec:1500000000\r\nuptime_in_seconds:{0}\r\n"
    older, younger = Answers({"INFO server": said.format(400)}), Answers({"INFO server": said.format(600)})
    assert redis_watch.reasons_to_restart(older, "/state", [str(config)]) == ([], True)
    reasons, usable = redis_watch.reasons_to_restart(younger, "/state", [str(config)])
    assert usable
    assert "changed since it started" in reasons[0]
    assert not redis_watch.reasons_to_restart(older, "/other", [])[1]


def watch(tmp_path: Path, master: Any, kept: str, **said: Any) -> tuple[redis_watch.Watch, Answers]:
    (tmp_path / "state").write_text(kept)
    answers = Answers({
        "SENTINEL MASTER clinic": master,
        "SENTINEL CONFIG GET sentinel-*": ["sentinel-user", "watcher", "sentinel-pass", "secret-secret"],
        "ACL USERS": ["default"],
        **said,
    })  # fmt: skip
    params = {
        "sentinels": {"name": "clinic", "hosts": [], "username": "watcher", "password": "secret-secret",
                      "primary": "10.0.0.1", "primary_port": 6379},
        "primary": None, "options": {"quorum": 2, "parallel-syncs": 1}, "users": [], "wait": 0,
        "config_file": str(tmp_path / "state"),
    }  # fmt: skip
    return redis_watch.Watch(answers, params, check_mode=False), answers


KEPT = "sentinel auth-pass clinic secret-secret\nsentinel auth-user clinic watcher\n"
# Another primary than that of the inventory: a failover was there.
MASTER = ["ip", "10.0.0.2", "port", "6379", "flags", "master", "quorum", "2", "parallel-syncs", "1"]


def test_a_sentinel_that_knows_all_is_told_nothing(tmp_path: Path) -> None:
    watching, answers = watch(tmp_path, MASTER, KEPT)
    watching.apply()
    assert watching.before == []
    assert [heard for heard in answers.heard if "SET" in heard or "MONITOR" in heard] == []


def test_only_what_differs_is_set_and_no_password_is_shown(tmp_path: Path) -> None:
    watching, answers = watch(tmp_path, [*MASTER[:-1], "9"], "")
    watching.apply()
    assert [heard for heard in answers.heard if " SET " in heard] == [
        "SENTINEL SET clinic parallel-syncs 1 auth-user watcher auth-pass secret-secret"
    ]
    assert "secret-secret" not in "".join(watching.before + watching.after)


def test_a_sentinel_that_knows_nobody_is_told_the_primary(tmp_path: Path) -> None:
    unknown = redis_protocol.RedisError("ERR No such master with that name")
    watching, answers = watch(tmp_path, unknown, "")
    watching.check_mode = True
    watching.apply()
    assert watching.after == ["primary of clinic 10.0.0.1:6379\n"]
    assert not any("MONITOR" in heard for heard in answers.heard)


FOLLOWER = "# Replication\r\nrole:slave\r\nmaster_host:10.0.0.2\r\nmaster_port:6379\r\nconnected_slaves:0\r\n"


class Server(Answers):
    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_ignored: object) -> None:
        pass


def test_waiting_goes_on_when_sentinel_cuts_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    said = FOLLOWER + "master_link_status:{0}\r\n"
    cut = redis_protocol.RedisUnreachable("Broken pipe")
    turns = iter([cut, said.format("down"), said.format("up")])
    monkeypatch.setattr(redis_replica, "enter", lambda _params: Server({"INFO replication": next(turns)}))
    monkeypatch.setattr(redis_replica.time, "sleep", lambda _seconds: None)
    assert redis_replica.wait_for({"sentinels": None, "wait": 60}) == ([], Part(0, TWO, 0))


def test_a_link_that_stays_down_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said = FOLLOWER + "master_link_status:down\r\n"
    monkeypatch.setattr(redis_replica, "enter", lambda _params: Server({"INFO replication": said}))
    monkeypatch.setattr(redis_replica.time, "sleep", lambda _seconds: None)
    problems, _now = redis_replica.wait_for({"sentinels": None, "wait": 0})
    assert problems == ["the link to the primary 10.0.0.2:6379 is not up after 0 s"]


def test_the_first_certificate_of_a_chain_is_the_servers(tmp_path: Path) -> None:
    for name in ("leaf", "other"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             f"/CN={name}", "-keyout", tmp_path / f"{name}.key", "-out", tmp_path / f"{name}.crt"],
            check=True, capture_output=True,
        )  # fmt: skip
    leaf, other = ((tmp_path / f"{name}.crt").read_text() for name in ("leaf", "other"))
    (tmp_path / "chain").write_text("words before\n" + leaf + other)
    assert redis_protocol.certificate_in(tmp_path / "chain") == ssl.PEM_cert_to_DER_cert(leaf)
    with pytest.raises(ValueError, match="has no certificate"):
        redis_protocol.certificate_in(tmp_path / "leaf.key")
