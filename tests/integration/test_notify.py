"""A run tells its end to who wants to know, and does not suffer from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from receiving import TOKENS, Answer, PostOffice, Web, free_port


def test_the_end_of_a_run_is_told_and_a_dead_receiver_is_a_note(site: Any, web: Web) -> None:
    site.env |= {"LIFECYCLE_NOTIFY_URL": web.url()}
    site.playbook("- name: Stop here\n  ansible.builtin.fail: {msg: no further}")
    assert site.run("site.yml").returncode == 2
    ((_, _, text),) = web.got
    told = json.loads(text)
    assert (told["run"], told["status"], told["failures"][0]["host"]) == (1, "failed", "one")
    assert "no further" in told["failures"][0]["message"]
    site.env |= {"LIFECYCLE_NOTIFY_URL": f"http://127.0.0.1:{free_port()}/{TOKENS[0]}"}
    site.playbook("- name: Go on\n  ansible.builtin.debug:")
    dead = site.run("site.yml")
    assert dead.returncode == 0, dead.stdout
    assert "note: the receiver was not told how run 2 ended: it could not be reached" in dead.stdout
    assert TOKENS[0] not in dead.stdout
    assert [run["status"] for run in site.history()] == ["successful", "failed"]


def test_whatever_becomes_of_receivers_a_run_ends_as_it_ends(site: Any, web: Web, own_certificate: Path) -> None:
    """Down, slow, redirecting, answering with an error, with TLS that is not trusted, with another password."""
    site.write("password", "wrong-password\n")
    web.answers |= {
        "slow": Answer(body='{"code":0}', seconds=8),
        "sends": Answer(302),
        "says": Answer(body='{"errcode":310000,"errmsg":"sign not match"}'),
    }
    mail = "format: email, server: 127.0.0.1, from: l@example.com, to: [ann@example.com], user: ann"
    mail += ", password_file: password"
    with PostOffice(own_certificate, "starttls", "right-password") as office:
        site.write(
            "notify.yml",
            f"""\
            schema: 1
            receivers:
              - {{name: down, format: slack, url: 'http://127.0.0.1:{free_port()}/'}}
              - {{name: slow, format: feishu, url: '{web.url("slow")}'}}
              - {{name: sends, format: wecom, url: '{web.url("sends")}'}}
              - {{name: says, format: dingtalk, url: '{web.url("says")}', secret_file: password}}
              - {{name: untrusted, {mail}, port: {office.port}}}
              - {{name: only bad ends, format: slack, url: '{web.url("bad")}', ends: [failed]}}
        """,
        )
        site.env |= {"LIFECYCLE_NOTIFY_FILE": str(site.root / "notify.yml")}
        site.playbook("- name: Go on\n  ansible.builtin.debug:")
        well = site.run("site.yml")
        site.env |= {"SSL_CERT_FILE": str(own_certificate)}
        site.playbook("- name: Stop here\n  ansible.builtin.fail: {msg: no further}")
        failed = site.run("site.yml")
        tried = site.lifecycle("notify", "--json")
    assert (well.returncode, failed.returncode, tried.returncode) == (0, 2, 1), well.stdout
    for words in (
        "down was not told how run 1 ended: it could not be reached (Connection refused)",
        "slow was not told how run 1 ended: it could not be reached (TimeoutError)",
        "sends was not told how run 1 ended: it answered 302",
        "says was not told how run 1 ended: it answered 310000 sign not match",
        "untrusted was not told how run 1 ended: it has a certificate that is not trusted (self-signed certificate)",
    ):
        assert f"note: {words}" in well.stdout
    assert "untrusted was not told how run 2 ended: it does not accept the password: 535" in failed.stdout
    assert sum(path.startswith("/bad/") for path, _, _ in web.got) == 2, "of run 2, and the trial"
    assert office.letters == []
    assert [run["status"] for run in site.history()] == ["failed", "successful"]
    problems = {one["receiver"]: one["problem"] for one in json.loads(tried.stdout)}
    assert problems["only bad ends"] is None
    assert problems["says"] == "answered 310000 sign not match"


def test_a_run_that_tells_nobody_loads_nothing_for_it(site: Any) -> None:
    assert site.lifecycle("notify").returncode == 1
    tried = site.lifecycle("notify")
    assert tried.stdout == "lifecycle: nobody is to be told; set LIFECYCLE_NOTIFY_URL or LIFECYCLE_NOTIFY_FILE\n"
