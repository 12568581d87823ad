"""Tell a receiver how a run ended, by a signed POST. Whatever becomes of that, the run stays what it was."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orchestrator.engine.request import RunOutcome
from orchestrator.errors import UsageError
from orchestrator.records.entities import NewRun, Status

URL, KEY_FILE, ON = "LIFECYCLE_NOTIFY_URL", "LIFECYCLE_NOTIFY_KEY_FILE", "LIFECYCLE_NOTIFY_ON"
SIGNATURE = "X-Lifecycle-Signature"
# A receiver that takes longer is not waited for: the terminal is a person's.
SECONDS = 5.0
# How many failed hosts are named; the rest is on record.
NAMED = 20


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where it is told, what is told, and the key by which the receiver knows that it was us."""

    url: str
    on: frozenset[Status]
    key: bytes | None = None


def receiver(settings: Mapping[str, str]) -> Receiver | None:
    """Who is to be told; None when nobody is. Raises UsageError for settings that cannot be meant."""
    url = settings.get(URL)
    if not url:
        return None
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise UsageError("is no http or https address", where=URL)
    names = [name.strip() for name in settings.get(ON, "").split(",") if name.strip()]
    unknown = next((name for name in names if name not in list(Status)), None)
    if unknown:
        raise UsageError(f"'{unknown}' is no status of a run", where=ON, remedy=f"of these: {', '.join(Status)}")
    on = frozenset(Status(name) for name in names) or frozenset(Status)
    return Receiver(url, on, _key(settings.get(KEY_FILE)))


def _key(file: str | None) -> bytes | None:
    if not file:
        return None
    try:
        key = Path(file).read_bytes().strip()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=KEY_FILE) from error
    if not key:
        raise UsageError("names a file without a key", where=KEY_FILE)
    return key


def notify(about: NewRun, outcome: RunOutcome, settings: Mapping[str, str] | None = None) -> str | None:
    """Tell the receiver that the environment variables name, if any. Returns what to tell a person when it failed."""
    try:
        found = receiver(os.environ if settings is None else settings)
        if found is None or outcome.status not in found.on:
            return None
        _post(found, json.dumps(body(about, outcome), default=str).encode())
    except Exception as error:  # A run must not come to another end because nobody could be told of it.
        return f"nobody was told how run {outcome.run_id} ended: {_reason(error)}"
    return None


def body(about: NewRun, outcome: RunOutcome) -> dict[str, Any]:
    """What is told. Keys are an interface: add, never rename."""
    return {
        "event": "run_ended",
        "run": outcome.run_id,
        "environment": about.environment,
        "phases": about.phases,
        "check": about.check,
        "operator": about.actor.operator,
        "controller": about.actor.host,
        "status": outcome.status,
        "changed": outcome.changed,
        "exit_code": int(outcome.exit_code),
        "failures": [asdict(failure) for failure in outcome.failures[:NAMED]],
        "failures_in_all": len(outcome.failures),
    }


def signature(key: bytes, moment: int, text: bytes) -> str:
    """HMAC-SHA256 over the moment and the body: neither can be taken from another message."""
    return hmac.new(key, f"{moment}.".encode() + text, hashlib.sha256).hexdigest()


def _post(to: Receiver, text: bytes) -> None:
    # Imported here: most runs tell nobody.
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Stay(HTTPRedirectHandler):
        """What was meant for one receiver is not sent to another."""

        def redirect_request(self, *_args: Any, **_more: Any) -> None:
            return None

    headers = {"Content-Type": "application/json", "User-Agent": "impl-lifecycle"}
    if to.key is not None:
        moment = int(time.time())
        headers[SIGNATURE] = f"t={moment},v1={signature(to.key, moment, text)}"
    request = Request(to.url, data=text, headers=headers, method="POST")
    with build_opener(Stay).open(request, timeout=SECONDS) as answer:
        answer.read(1)


def _reason(error: Exception) -> str:
    """In one line, without the address: it may hold a token."""
    if isinstance(error, UsageError):
        return error.line()
    status = getattr(error, "code", None)
    if status is not None:
        return f"the receiver answered {status}"
    inner = getattr(error, "reason", error)
    text = getattr(inner, "strerror", None) or type(inner).__name__
    return f"the receiver could not be reached ({text})"
