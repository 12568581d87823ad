# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Ask an address once, as a health check asks: no proxy, no redirect followed, and never an exception."""

from __future__ import annotations

import contextlib
import http.client
import urllib.error
import urllib.request
from typing import Mapping, NamedTuple

READ = 4000  # bytes of an answer that are worth keeping


class Redirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer, not a way to somewhere else."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return None


class Answer(NamedTuple):
    """What came back. `status` is 0 when nothing did; `text` is then the reason, else the start of the body."""

    status: int
    text: str
    headers: Mapping[str, str]


def ask(url: str, timeout: float) -> Answer:
    """One GET of `url` within `timeout` seconds."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Redirects())
    try:
        with opener.open(url, timeout=max(timeout, 0.1)) as answer:
            return Answer(answer.status, _words(answer.read(READ)), answer.headers)
    except urllib.error.HTTPError as error:
        body = b""
        with contextlib.suppress(OSError, http.client.HTTPException):
            body = error.read(READ)
        return Answer(error.code, _words(body), error.headers)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Answer(0, str(getattr(error, "reason", error)), {})


def _words(body: bytes) -> str:
    return body.decode("utf-8", "replace").strip()
