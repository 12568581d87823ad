# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask the management interface of a WildFly instance. Managed by Ansible (impl.lifecycle.wildfly).

It wants HTTP digest authentication. The hash in mgmt-users.properties is enough for that: nobody here has the password.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import secrets
import time
import urllib.error
import urllib.request

REALM = "ManagementRealm"
STATES = ("running", "reload-required", "restart-required")


class Silent(Exception):
    """The management interface gives no answer, or not the one it should. The text is for people."""


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Management:
    """The management interface of one instance, asked as `user`, whose hash is `secret`."""

    def __init__(self, address: tuple, user: str, secret: str, timeout: float = 10) -> None:
        self.address, self.user, self.secret, self.timeout = address, user, secret, timeout

    def ask(self, operation: str, *path: tuple, **arguments: object):
        """The result of an operation. Raises Silent with WildFly's own words when it fails."""
        status, text = self.post({"operation": operation, "address": [dict([step]) for step in path], **arguments})
        if status in (401, 403):
            raise Silent(f"the management interface does not accept the user {self.user} ({status})")
        try:
            answer = json.loads(text)
        except ValueError:
            raise Silent(f"the management interface answers {status}: {text[:300]}") from None
        if answer.get("outcome") != "success":
            raise Silent(words_of(answer.get("failure-description", text)))
        return answer.get("result")

    def post(self, operation: dict) -> tuple:
        """Status and text of the answer."""
        body = json.dumps(operation)
        try:
            status, text, challenges = self._send(body, "")
            if status == 401 and challenges:
                status, text, _more = self._send(body, self._authorization(challenges))
        except (OSError, http.client.HTTPException) as error:
            raise Silent(f"the management interface does not answer: {error}") from error
        return status, text

    def _send(self, body: str, authorization: str) -> tuple:
        connection = http.client.HTTPConnection(*self.address, timeout=self.timeout)
        try:
            headers = {"Content-Type": "application/json"}
            if authorization:
                headers["Authorization"] = authorization
            connection.request("POST", "/management", body, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return answer.status, text, answer.headers.get_all("WWW-Authenticate") or []
        finally:
            connection.close()

    def _authorization(self, challenges: list) -> str:
        for challenge in challenges:
            said = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge.partition(" ")[2]))
            if challenge.lower().startswith("digest") and said.get("algorithm", "MD5").upper() == "MD5":
                break
        else:
            raise Silent(f"the management interface offers no digest authentication with MD5: {challenges}")
        nonce, cnonce, count = said.get("nonce", ""), secrets.token_hex(8), "00000001"
        second = md5("POST:/management")
        quality = "auth" if "qop" in said else ""
        middle = f"{nonce}:{count}:{cnonce}:{quality}" if quality else nonce
        parts = {
            "username": self.user, "realm": said.get("realm", REALM), "nonce": nonce, "uri": "/management",
            "response": md5(f"{self.secret}:{middle}:{second}"),
        }  # fmt: skip
        parts.update({key: said[key] for key in ("opaque",) if key in said})
        text = ", ".join(f'{key}="{value}"' for key, value in parts.items()) + ", algorithm=MD5"
        return f'Digest {text}, qop={quality}, nc={count}, cnonce="{cnonce}"' if quality else f"Digest {text}"


def words_of(description: object) -> str:
    """WildFly's description of a failure as one text."""
    return description if isinstance(description, str) else json.dumps(description, ensure_ascii=False)


def wrong_with(management: Management) -> str:
    """What is wrong with an instance that should run: nothing, or in WildFly's own words."""
    state = management.ask("read-attribute", name="server-state")
    if state not in STATES:
        return f"its server-state is {state}"
    errors = management.ask("read-boot-errors", ("core-service", "management")) or []
    if errors:
        return "it has booted with errors: " + "; ".join(words_of(error.get("failure-description")) for error in errors)
    options = {"child-type": "deployment", "include-runtime": True}
    deployments = management.ask("read-children-resources", **options) or {}
    bad = {name: about.get("status") for name, about in deployments.items() if about.get("status") not in ("OK", None)}
    return "; ".join(f"its deployment {name} is {status}" for name, status in sorted(bad.items()))


def until_well(management: Management, deadline: float, alive) -> str:
    """Wait until nothing is wrong; else what still is. Not longer than the instance lives."""
    while True:
        try:
            wrong = wrong_with(management)
        except Silent as error:
            wrong = str(error)
        final = wrong.startswith("it has booted with errors") or wrong.endswith(" is FAILED")
        if not wrong or final or time.monotonic() > deadline or not alive():
            return wrong
        time.sleep(0.25)


def answered(address: tuple, path: str, wanted: str) -> str:
    """What is wrong with the answer of the applications to GET `path`; any status will do when none is `wanted`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])
    url = f"http://{f'[{host}]' if ':' in host else host}:{address[1]}{path}"
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            got = str(answer.status)
    except urllib.error.HTTPError as error:
        got = str(error.code)
    except (OSError, http.client.HTTPException) as error:
        return f"GET {path} is not answered: {getattr(error, 'reason', error)}"
    return "" if got == wanted or not wanted else f"GET {path} is answered with {got}, not {wanted}"


def refuses_strangers(management: Management) -> str:
    """What is wrong with who is let in: empty when nobody is but the one who knows the password."""
    operation = {"operation": "read-attribute", "address": [], "name": "server-state"}
    stranger = Management(management.address, management.user, md5(secrets.token_hex(16)), management.timeout)
    status, _text = stranger.post(operation)
    if status != 401:
        return f"a wrong password was answered with {status}, not 401"
    status, _text, _challenges = stranger._send(json.dumps(operation), "")
    return "" if status == 401 else f"nobody at all was answered with {status}, not 401"


def unreachable_datasources(management: Management, names: list) -> list:
    """Datasources whose database cannot be reached, with WildFly's own words."""
    bad = []
    for name in names:
        try:
            management.ask("test-connection-in-pool", ("subsystem", "datasources"), ("data-source", name))
        except Silent as error:
            bad.append(f"datasource {name}: {error}")
    return bad
