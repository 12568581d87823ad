"""Real receivers that take it, refuse it, hang, or are not there: one line each, in time, and without its secrets."""

from __future__ import annotations

import json
import socket
import time
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from receiving import TOKENS, Answer, PostOffice, Web, free_port

from orchestrator.receivers import tell as telling
from orchestrator.receivers.formats import dingtalk_address, feishu_signature
from orchestrator.receivers.settings import Mail, Receiver
from orchestrator.receivers.tell import tell
from orchestrator.records.entities import Status

EVERY = frozenset(Status)
PASSWORD = "planted-password-91aa"
WELL = {"wecom": '{"errcode":0}', "dingtalk": '{"errcode":0}', "feishu": '{"code":0}', "slack": "ok", "json": ""}


def receiver(web: Web, form: str, secret: str | None = None) -> Receiver:
    web.answers.setdefault(form, Answer(body=WELL[form]))
    return Receiver(form, form, EVERY, web.url(form), secret)


def mailed(office: PostOffice, security: str = "starttls", password: str | None = None) -> Receiver:
    user = "ann" if password else None
    mail = Mail("127.0.0.1", office.port, security, "l@example.com", ("ann@example.com", "bob@example.com"), user)
    return Receiver("mail", "email", EVERY, secret=password, mail=mail, language="zh_CN")


def test_everybody_is_told_at_once(web: Web, body: dict[str, Any]) -> None:
    everybody = [receiver(web, form) for form in WELL]
    for form in WELL:
        web.answers[form].seconds = 0.6
    begun = time.monotonic()
    assert tell(everybody, body) == [None] * 5
    assert time.monotonic() - begun < 2.0
    assert len(web.got) == 5


def test_the_signatures_arrive_where_each_receiver_looks(web: Web, body: dict[str, Any]) -> None:
    secret = "SEC" + "0" * 60
    assert tell([receiver(web, form, secret) for form in ("dingtalk", "feishu", "json")], body) == [None] * 3
    got = {path.split("/")[1]: (path, headers, text) for path, headers, text in web.got}
    path = got["dingtalk"][0]
    query = parse_qs(urlsplit(path).query)
    assert abs(int(query["timestamp"][0]) / 1000 - time.time()) < 60
    unsigned = path.partition("&timestamp")[0]
    assert path == dingtalk_address(unsigned, secret, int(query["timestamp"][0]))
    told = json.loads(got["feishu"][2])
    assert feishu_signature(secret, int(told["timestamp"])) == {key: told[key] for key in ("timestamp", "sign")}
    assert got["json"][1]["X-Lifecycle-Signature"].startswith("t=")
    assert secret not in str(web.got)


@pytest.mark.parametrize("form", WELL)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(500, "<html>oops"), "answered 500"),
        (Answer(307, "x"), "answered 307"),
        (Answer(302, "x"), "answered 302"),
        (Answer(403, f"no service for {TOKENS[0]}\x1b[2J or {TOKENS[1]}"), "for ******** [2J or ********"),
        (Answer(200, f'{{"errcode":1,"code":1,"msg":"bad /hook/{TOKENS[0]}?access_token={TOKENS[1]}"}}'), "bad"),
    ],
)  # fmt: skip
def test_a_receiver_that_refuses_or_sends_us_elsewhere(
    web: Web, body: dict[str, Any], form: str, answer: Answer, words: str
) -> None:
    one = receiver(web, form)
    web.answers[form] = answer
    (why,) = tell([one], body)
    if form == "json" and answer.status == 200:
        assert why is None, "a receiver of one's own says what it likes"
        return
    assert why is not None
    assert words in why
    assert not any(token in why for token in TOKENS)
    assert why.isprintable()
    assert len(web.got) == 1, "it was not followed elsewhere"


def test_a_receiver_that_is_not_there_is_told_without_its_address(body: dict[str, Any]) -> None:
    nowhere = Receiver("x", "slack", EVERY, f"http://127.0.0.1:{free_port()}/{TOKENS[0]}?key={TOKENS[1]}")
    unknown = Receiver("x", "slack", EVERY, f"http://nowhere.invalid/{TOKENS[0]}")
    refused, unresolved = tell([nowhere, unknown], body)
    assert refused == "could not be reached (Connection refused)"
    assert unresolved is not None
    assert unresolved.startswith("could not be reached (")
    assert TOKENS[0] not in unresolved


def test_a_receiver_that_is_slow_is_not_waited_for(
    web: Web, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one that says nothing, nor one that says a little again and again."""
    monkeypatch.setattr(telling, "SECONDS", 0.3)
    monkeypatch.setattr(telling, "WHOLE_SECONDS", 1.0)
    silent, dripping, well = receiver(web, "slack"), receiver(web, "wecom"), receiver(web, "json")
    web.answers |= {"slack": Answer(seconds=3), "wecom": Answer(body=WELL["wecom"], drip=True)}
    begun = time.monotonic()
    answers = tell([silent, dripping, well], body)
    assert time.monotonic() - begun < 2
    assert answers == ["could not be reached (TimeoutError)", "took longer than 1 s", None]


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_mail_arrives(
    own_certificate: Path, body: dict[str, Any], security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(own_certificate))
    password = None if security == "none" else PASSWORD
    with PostOffice(own_certificate, security, password) as office:
        assert tell([mailed(office, security, password)], body) == [None]
    (letter,) = office.letters
    assert letter.rcpt_tos == ["ann@example.com", "bob@example.com"]
    read = message_from_bytes(letter.content, policy=default)
    assert read["Subject"] == "[lifecycle] client-lab: 失败"
    assert "运行 7" in read.get_content()  # type: ignore[attr-defined]
    assert read["Bcc"] is None


def test_mail_that_cannot_be_handed_in_is_one_line(
    own_certificate: Path, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with PostOffice(own_certificate, "starttls", PASSWORD) as office:
        (untrusted,) = tell([mailed(office, "starttls", PASSWORD)], body)
        monkeypatch.setenv("SSL_CERT_FILE", str(own_certificate))
        (wrong,) = tell([mailed(office, "starttls", "planted-other-pass")], body)
        (early,) = tell([mailed(office, "none")], body)
        office.refused = {"bob@example.com"}
        (part,) = tell([mailed(office, "starttls", PASSWORD)], body)
        office.refused |= {"ann@example.com"}
        (nobody,) = tell([mailed(office, "starttls", PASSWORD)], body)
    assert untrusted == "has a certificate that is not trusted (self-signed certificate)"
    assert wrong is not None
    assert wrong.startswith("does not accept the password: 535 ")
    assert early is not None
    assert "530" in early
    assert part == "refused 1 of 2 recipients"
    assert nobody == "refused every recipient: 550 nobody of that name"
    assert len(office.letters) == 1
    with PostOffice(own_certificate, "none") as office:
        (bare,) = tell([mailed(office, "starttls", PASSWORD)], body)
        (plain,) = tell([mailed(office, "tls", PASSWORD)], body)
    assert bare == "cannot do what was asked for: STARTTLS extension not supported by server."
    assert plain is not None
    assert plain.startswith("could not be reached (")
    assert office.letters == [], "nothing was sent in the clear"


def test_a_mail_server_that_is_down_or_says_nothing(body: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    mail = Mail("127.0.0.1", free_port(), "starttls", "l@example.com", ("ann@example.com",))
    assert tell([Receiver("m", "email", EVERY, mail=mail)], body) == ["could not be reached (Connection refused)"]
    monkeypatch.setattr(telling, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        mail = Mail("127.0.0.1", deaf.getsockname()[1], "starttls", "l@example.com", ("ann@example.com",))
        (why,) = tell([Receiver("m", "email", EVERY, mail=mail)], body)
    assert why == "closed the connection, or did not answer in time"
