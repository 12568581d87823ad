"""Tell all receivers at once, and wait for none of them longer than a person would. Nothing here raises."""

from __future__ import annotations

import base64
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from orchestrator.languages import _, translations
from orchestrator.receivers.mail import mail
from orchestrator.receivers.message import message, plain, short
from orchestrator.receivers.post import NotTakenError, post
from orchestrator.receivers.settings import Receiver

# For each wait for a receiver, and for all of it: the terminal is a person's.
SECONDS: float = 5.0
WHOLE_SECONDS: float = 10.0
WORDS_LETTERS: Final = 200
MASK: Final = "********"
# A shorter part of an address is a word such as `send`, not a token.
TOKEN_LETTERS: Final = 8


def tell(to: Sequence[Receiver], body: Mapping[str, Any]) -> list[str | None]:
    """For each receiver, in their order: None when it was told, else why not, without anything secret of it."""
    answers: list[str | None] = [_("took longer than %(seconds)s s") % {"seconds": f"{WHOLE_SECONDS:g}"}] * len(to)

    def one(place: int) -> None:
        try:
            _send(to[place], body)
            answers[place] = None
        except BaseException as error:
            answers[place] = masked(_reason(error), to)

    # Daemons: one that hangs (in a name server, say) does not keep the process.
    threads = [threading.Thread(target=one, args=(place,), daemon=True) for place in range(len(to))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + WHOLE_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(answers)


def _send(to: Receiver, body: Mapping[str, Any]) -> None:
    told = message(body, translations(to.language))
    if to.format == "email":
        mail(to, told, SECONDS)
    else:
        post(to, body, told, SECONDS)


def _reason(error: BaseException) -> str:
    """In a few words, without the address: it may hold a token."""
    if isinstance(error, NotTakenError):
        return str(error)
    inner = error.reason if isinstance(error, URLError) else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return _("has a certificate that is not trusted (%(why)s)") % {"why": inner.verify_message}
    text = getattr(inner, "reason", None) if isinstance(inner, ssl.SSLError) else getattr(inner, "strerror", None)
    return _("could not be reached (%(why)s)") % {"why": text or type(inner).__name__}


def masked(words: str, to: Sequence[Receiver]) -> str:
    """What a receiver said, as one harmless line without anybody's token, key or password, which it may repeat."""
    known = sorted({form for one in to for value in _secrets(one) for form in _forms(value)}, key=len, reverse=True)
    # Before anything is cut or cleaned: half a token is one, too.
    hidden = re.sub("|".join(map(re.escape, known)), MASK, words) if known else words
    return short(plain(hidden), WORDS_LETTERS)


def _secrets(to: Receiver) -> Iterator[str]:
    parts = urlsplit(to.url)
    yield from (value for value in (to.secret, parts.password, parts.username) if value)
    if to.mail is not None and to.mail.user is not None:
        # What AUTH PLAIN and AUTH LOGIN send, should the server repeat it.
        whole = f"\0{to.mail.user}\0{to.secret}", str(to.secret)
        yield from (base64.b64encode(text.encode()).decode() for text in whole)
    yield from (value for _, value in parse_qsl(parts.query) if len(value) > 3)
    yield from (part for part in parts.path.split("/") if len(part) >= TOKEN_LETTERS)


def _forms(value: str) -> Iterator[str]:
    changes: tuple[Callable[[str], str], ...] = (str, quote, unquote, plain, lambda text: quote(text, safe=""))
    yield from (form for change in changes if (form := change(value)))
