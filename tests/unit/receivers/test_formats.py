"""What each receiver reads: complete, harmless whatever hosts say, small enough, and signed as it wants it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.languages import translations
from orchestrator.receivers.formats import FORMATS, dingtalk_address, encoded, feishu_signature, payload
from orchestrator.receivers.mail import written
from orchestrator.receivers.message import message
from orchestrator.receivers.settings import Mail

MAIL = Mail("mail.example.com", 587, "starttls", "lifecycle@example.com", ("ann@example.com", "bob@example.com"))
LARGEST = {"wecom": 4096, "dingtalk": 20_000, "feishu": 20_000}


def text(name: str, body: dict[str, Any], language: str = "en") -> str:
    """The words of the payload, as the receiver gets them."""
    made = payload(name, message(body, translations(language)), language)
    if name == "slack":
        return str(made["text"])
    if name == "feishu":
        (post,) = made["content"]["post"].values()
        assert all(part["tag"] == "text" for line in post["content"] for part in line)
        return "\n".join([post["title"], *("".join(part["text"] for part in line) for line in post["content"])])
    markdown = made["markdown"]
    return str(markdown["content"]) if name == "wecom" else f"{markdown['title']}\n{markdown['text']}"


@pytest.mark.parametrize("name", FORMATS)
def test_a_message_says_what_happened_where_to_whom_and_why(name: str, body: dict[str, Any]) -> None:
    said = text(name, body)
    for words in (
        "failed",
        "client-lab",
        "run 7",
        "provision",
        "app1",
        "shared_buffers",
        "p.yml:3",
        "and 2 more",
        "because",
    ):
        assert words in said


@pytest.mark.parametrize("name", FORMATS)
def test_a_message_in_chinese_has_chinese_words(name: str, body: dict[str, Any]) -> None:
    said = text(name, body, "zh_CN")
    for words in ("失败", "client-lab", "运行 7", "操作人", "原因", "另外还有 2 项"):
        assert words in said
    assert "and 2 more" not in said


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_from_outside_marks_anything_or_calls_anybody(name: str, body: dict[str, Any]) -> None:
    said = text(name, body)
    assert "@" not in said
    assert not re.search(r"[<>]", said)
    if name in ("wecom", "dingtalk"):
        # What is left of marks is ours: the status in bold, and a list's dash.
        assert not re.search(r"[*`\[\]~#!\\|]", said.replace("**failed**", "", 1))
        assert re.sub(r"\w_\w", "", said).count("_") == 0
    if name == "slack":
        spans = re.split(r"`([^`\n]*)`", said)
        assert said.count("`") % 2 == 0
        assert not re.search(r"[*~_]", "".join(spans[::2]).replace("*failed*", "", 1))
        assert "&lt;!channel&gt;" in said


@given(name=st.sampled_from(sorted(FORMATS)), outside=st.text(max_size=300))
def test_no_text_from_outside_adds_a_line_or_ends_a_span(name: str, outside: str) -> None:
    told = {"event": "run_ended", "run": 1, "environment": "e", "phases": ["p"], "check": False, "operator": "o",
            "controller": "c", "reason": "r", "status": "failed", "changed": False, "failures_in_all": 1,
            "failures": [{"host": "h", "task": "t", "message": outside, "where": "w"}]}  # fmt: skip
    plain = {**told, "failures": [{**told["failures"][0], "message": "m"}]}  # type: ignore[index]
    said, usual = text(name, told), text(name, plain)
    assert said.count("\n") == usual.count("\n")
    assert said.count("`") % 2 == 0
    for mark in "<>@" if name == "slack" else "<>@[]":
        assert mark not in said
    assert said.count("*") == usual.count("*") or name in ("slack", "feishu")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("letter", ["a", "数", "😀", "&", '"'])
def test_what_is_too_large_is_cut_at_a_character_and_says_so(name: str, letter: str, body: dict[str, Any]) -> None:
    one = body["failures"][0] | {"message": letter * 5000, "host": "app1", "task": "Write"}
    body |= {"failures": [one] * 20, "failures_in_all": 20, "reason": letter * 5000}
    made = payload(name, message(body, translations("en")), "en")
    raw = encoded(made)
    raw.decode()
    said = text(name, body)
    if name == "slack":
        assert len(said) <= 4000
    elif name == "wecom":
        assert len(said.encode()) <= 4096
    else:
        assert len(raw) <= LARGEST[name]
    cut = said.splitlines()[-1]
    assert cut.startswith("This message was cut; lifecycle show 7 has all of it.") or "lifecycle show 7" not in said
    if name in ("slack", "wecom"):
        assert "lifecycle show 7" in cut
        assert said.splitlines()[-2].rstrip("`").endswith(("…", "amp;…"))


def test_wecom_gets_as_much_as_it_takes(body: dict[str, Any]) -> None:
    body["failures"] = [body["failures"][0] | {"message": "数" * 400}] * 20
    assert 4090 <= len(text("wecom", body).encode()) <= 4096


def test_dingtalk_and_feishu_are_signed_as_their_manuals_say() -> None:
    """The formulas of open.dingtalk.com and open.feishu.cn, written once more."""
    url = dingtalk_address("https://oapi.dingtalk.com/robot/send?access_token=T", "SECx", 1700000000000)
    query = parse_qs(urlsplit(url).query, strict_parsing=True)
    sign = base64.b64encode(hmac.digest(b"SECx", b"1700000000000\nSECx", "sha256")).decode()
    assert query == {"access_token": ["T"], "timestamp": ["1700000000000"], "sign": [sign]}
    made = feishu_signature("SECx", 1700000000)
    assert made == {
        "timestamp": "1700000000",
        "sign": base64.b64encode(hmac.new(b"1700000000\nSECx", digestmod=hashlib.sha256).digest()).decode(),
    }


@pytest.mark.parametrize(
    ("name", "answer", "complaint"),
    [
        ("slack", "ok", None),
        ("slack", "invalid_token", "invalid_token"),
        ("slack", "", "nothing"),
        ("wecom", '{"errcode": 0, "errmsg": "ok"}', None),
        ("wecom", '{"errcode": 93000, "errmsg": "invalid webhook url"}', "93000 invalid webhook url"),
        ("dingtalk", '{"errcode":310000,"errmsg":"sign not match"}', "310000 sign not match"),
        ("dingtalk", "[]", "[]"),
        ("dingtalk", '{"errcode": false}', "False"),
        ("feishu", '{"code":0,"msg":"success","data":{}}', None),
        ("feishu", '{"StatusCode":0,"StatusMessage":"success"}', None),
        ("feishu", '{"code":19021,"msg":"sign match fail"}', "19021 sign match fail"),
        ("feishu", "<html>\nproxy", "<html> proxy"),
    ],
)
def test_an_answer_of_200_may_still_be_a_no(name: str, answer: str, complaint: str | None) -> None:
    assert FORMATS[name].complaint(answer) == complaint


def test_a_mail_is_plain_text_whose_headers_are_ours(body: dict[str, Any]) -> None:
    body["environment"] = "client-lab\r\nBcc: evil@example.com"
    letter = written(MAIL, message(body, translations("zh_CN")))
    raw = letter.as_bytes()
    headers = raw.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    names = [line.partition(":")[0] for line in headers if not line.startswith(" ")]
    assert sorted(names) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
         "MIME-Version"]
    )  # fmt: skip
    assert letter["Subject"] == "[lifecycle] client-lab Bcc: evil@example.com: 失败"
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content_charset() == "utf-8"
    assert "操作人" in letter.get_content()
    assert "<!channel>" in letter.get_content(), "a mail has no marks: it says what was said"


def test_a_trial_says_that_it_is_one() -> None:
    told = message({"event": "trial", "operator": "ann", "controller": "ctl1"}, translations("en"))
    assert "This is a trial" in json.dumps(payload("slack", told, "en"))
