"""Send a body over HTTP, signed as its format wants it, and read the answer."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from http.client import HTTPMessage
from typing import IO, Any, Final
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from orchestrator.languages import _
from orchestrator.receivers.formats import FORMATS, dingtalk_address, encoded, feishu_signature, payload
from orchestrator.receivers.message import Message
from orchestrator.receivers.settings import Receiver

SIGNATURE: Final = "X-Lifecycle-Signature"
# An answer is a line; whoever sends more is not listened to.
ANSWER_BYTES: Final = 20_000


class NotTakenError(Exception):
    """The receiver was reached and did not take it. The text is what it said, not yet made harmless."""


class _Stay(HTTPRedirectHandler):
    """What was meant for one receiver is not sent to another."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        del req, fp, code, msg, headers, newurl


def post(to: Receiver, body: Mapping[str, Any], told: Message, seconds: float) -> None:
    """Raises NotTakenError for an answer that is no yes, OSError where there was none. `seconds` is for each wait."""
    moment = time.time()
    url, headers = to.url, {"Content-Type": "application/json", "User-Agent": "impl-lifecycle"}
    if to.format == "json":
        text = json.dumps(body).encode()
        if to.secret is not None:
            headers[SIGNATURE] = f"t={int(moment)},v1={signature(to.secret.encode(), int(moment), text)}"
    else:
        made = payload(to.format, told, to.language)
        if to.secret is not None and to.format == "feishu":
            made |= feishu_signature(to.secret, int(moment))
        if to.secret is not None and to.format == "dingtalk":
            url = dingtalk_address(url, to.secret, int(moment * 1000))
        text = encoded(made)
    answer = _answer(Request(url, data=text, headers=headers, method="POST"), seconds)
    complaint = FORMATS[to.format].complaint(answer) if to.format in FORMATS else None
    if complaint is not None:
        raise NotTakenError(_("answered %(complaint)s") % {"complaint": complaint})


def signature(key: bytes, moment: int, text: bytes) -> str:
    """HMAC-SHA256 over the moment and the body: neither can be taken from another message."""
    return hmac.new(key, f"{moment}.".encode() + text, hashlib.sha256).hexdigest()


def _answer(request: Request, seconds: float) -> str:
    try:
        with build_opener(_Stay).open(request, timeout=seconds) as answer:
            return bytes(answer.read(ANSWER_BYTES)).decode(errors="replace")
    except HTTPError as error:
        # The reason of an error stands in its body; a page for people does not help in a line.
        with error:
            words = error.read(ANSWER_BYTES).decode(errors="replace")
        page = "<" in words or 300 <= error.code < 400
        raise NotTakenError(
            _("answered %(code)s") % {"code": error.code}
            if page or not words.strip()
            else _("answered %(code)s: %(words)s") % {"code": error.code, "words": words}
        ) from None
