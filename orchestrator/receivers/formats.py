"""A message as each receiver reads it, and what its answer says. Pure.

What comes from outside can neither end a mark, nor begin one, nor call anybody: marks are shown as characters that look
alike and mean nothing, on Slack inside a code span.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from orchestrator.receivers.message import Line, Message, Piece, fitted, plain

# WeCom: "markdown content, at most 4096 bytes, UTF-8" (developer.work.weixin.qq.com/document/path/91770).
WECOM_BYTES: Final = 4096
# DingTalk takes 20,000 bytes, Feishu a body of 20 KB with timestamp and signature (open.feishu.cn, add-custom-bot).
DINGTALK_BYTES: Final = 20_000
FEISHU_BYTES: Final = 20_000
# Slack advises 4000 characters for `text` and cuts at 40,000 (docs.slack.dev, chat.postMessage).
SLACK_LETTERS: Final = 4000

# Looks alike, marks nothing. The same for all: nobody is called by @all, @channel or <!channel> of a host.
FULL_WIDTH: Final = str.maketrans({one: chr(ord(one) + 0xFEE0) for one in "<>@&*[]`~|\\#!"})
# As CommonMark has it, an underscore inside of a word marks nothing: shared_buffers stays as it is.
EDGE: Final = re.compile(r"(?<!\w)_|_(?!\w)")
UNDERSCORE: Final = "＿"
GRAVE: Final = "ˋ"


@dataclass(frozen=True, slots=True)
class Format:
    """How a message becomes a JSON body, whether that is small enough, and what an answer of 200 complains of."""

    payload: Callable[[Message, tuple[Line, ...], str], dict[str, Any]]
    fits: Callable[[dict[str, Any]], bool]
    complaint: Callable[[str], str | None]


def payload(name: str, told: Message, language: str) -> dict[str, Any]:
    """The body for a receiver of format `name`; cut, with a word about it, where it would be too large."""
    form = FORMATS[name]
    lines = fitted(told.lines, told.cut, lambda some: form.fits(form.payload(told, some, language)))
    return form.payload(told, lines, language)


def encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def harmless(text: str) -> str:
    """`text` for Markdown of WeCom and DingTalk, of which nobody knows how a mark is escaped: there is no mark left."""
    return EDGE.sub(UNDERSCORE, text.translate(FULL_WIDTH))


def _markdown(line: Line) -> str:
    return "".join(harmless(one.text) if one.outside else f"**{one.text}**" if one.strong else one.text for one in line)


def slack_escaped(text: str) -> str:
    """The three characters that control Slack's mrkdwn (docs.slack.dev/messaging/formatting-message-text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mrkdwn_piece(piece: Piece) -> str:
    if not piece.outside:
        return f"*{slack_escaped(piece.text)}*" if piece.strong else slack_escaped(piece.text)
    # A code span, because mrkdwn has no way to write a star that is one. Mattermost reads the same body, and there
    # a plain @all calls everybody.
    text = piece.text.replace("`", GRAVE).replace("@", "＠")
    return f"`{slack_escaped(text)}`" if text else ""


def slack(told: Message, lines: tuple[Line, ...], language: str) -> dict[str, Any]:  # noqa: ARG001
    """Also understood by Mattermost and others with Slack's incoming webhooks."""
    text = "\n".join("".join(map(_mrkdwn_piece, line)) for line in lines)
    return {"text": text, "unfurl_links": False, "unfurl_media": False}


def wecom(told: Message, lines: tuple[Line, ...], language: str) -> dict[str, Any]:  # noqa: ARG001
    return {"msgtype": "markdown", "markdown": {"content": "\n".join(map(_markdown, lines))}}


def dingtalk(told: Message, lines: tuple[Line, ...], language: str) -> dict[str, Any]:  # noqa: ARG001
    text = "\n\n".join(map(_markdown, lines))
    markdown = {"title": harmless(told.title), "text": text}
    return {"msgtype": "markdown", "markdown": markdown, "at": {"isAtAll": False}}


def feishu(told: Message, lines: tuple[Line, ...], language: str) -> dict[str, Any]:
    """A post: its texts have no marks, and a call would be an element of its own."""
    content = [[{"tag": "text", "text": "".join(_feishu_piece(one) for one in line)}] for line in lines]
    post = {"title": told.title.translate(FULL_WIDTH), "content": content}
    return {"msg_type": "post", "content": {"post": {"zh_cn" if language == "zh_CN" else "en_us": post}}}


def _feishu_piece(piece: Piece) -> str:
    return piece.text.translate(FULL_WIDTH) if piece.outside else piece.text


def dingtalk_address(url: str, secret: str, moment: int) -> str:
    """`url` with timestamp (ms) and sign: base64 of HMAC-SHA256 by the secret over "timestamp\\nsecret".

    Source: open.dingtalk.com/document/robots/customize-robot-security-settings; valid for an hour.
    """
    digest = hmac.new(secret.encode(), f"{moment}\n{secret}".encode(), hashlib.sha256).digest()
    parts = urlsplit(url)
    signed = urlencode({"timestamp": moment, "sign": base64.b64encode(digest).decode()})
    return urlunsplit(parts._replace(query=f"{parts.query}&{signed}" if parts.query else signed))


def feishu_signature(secret: str, moment: int) -> dict[str, str]:
    """timestamp (s) and sign for the body: base64 of HMAC-SHA256 by "timestamp\\nsecret" over nothing at all.

    Source: open.feishu.cn/document/client-docs/bot-v3/add-custom-bot; what other services sign is the key here.
    """
    digest = hmac.new(f"{moment}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": str(moment), "sign": base64.b64encode(digest).decode()}


def slack_complaint(answer: str) -> str | None:
    return None if answer.strip() == "ok" else plain(answer) or "nothing"


def complaint_by(*keys: str) -> Callable[[str], str | None]:
    """What an answer complains of that has a number under one of `keys`: 0 is well."""

    def complaint(answer: str) -> str | None:
        try:
            read = json.loads(answer)
        except ValueError:
            return plain(answer) or "nothing"
        told = read if isinstance(read, dict) else {}
        number = next((told[key] for key in keys if key in told), None)
        if number == 0 and not isinstance(number, bool):
            return None
        words = next((told[key] for key in ("errmsg", "msg", "StatusMessage") if key in told), "")
        return plain(f"{number} {words}" if number is not None else answer)

    return complaint


def _small(limit: int) -> Callable[[dict[str, Any]], bool]:
    return lambda body: len(encoded(body)) <= limit


FORMATS: Final = {
    "slack": Format(slack, lambda body: len(body["text"]) <= SLACK_LETTERS, slack_complaint),
    "wecom": Format(
        wecom, lambda body: len(body["markdown"]["content"].encode()) <= WECOM_BYTES, complaint_by("errcode")
    ),
    "dingtalk": Format(dingtalk, _small(DINGTALK_BYTES), complaint_by("errcode")),
    "feishu": Format(feishu, _small(FEISHU_BYTES - 200), complaint_by("code", "StatusCode")),
}
