"""One user of a web application: a keep-alive connection, cookies, and no second try.

A plain HTTP/1.1 client of its own, because every ready-made one retries or reopens a dead connection silently, and it
is exactly those requests that `demo.load` counts.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlencode

DOCTORS = ("Dr. Ada Lindqvist", "Dr. Samuel Okoro", "Dr. Maria Petrova")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a user. `path` comes below the address the load is pointed at."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = ""


class LostError(Exception):
    """The request went out and no complete answer came back."""


class RefusedError(Exception):
    """No connection could be opened."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response."""

    status: int
    headers: list[tuple[str, str]]

    def header(self, name: str) -> str:
        """The first header called `name`, which is given in lower case."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def keeps_open(self) -> bool:
        """It can carry another request: the server did not say `close`, nor marked this answer's end by closing."""
        framed = self.status in (204, 304) or self.header("content-length") or self.header("transfer-encoding")
        return bool(framed) and "close" not in self.header("connection").lower()


@dataclass(frozen=True, slots=True)
class Target:
    """Where the users go and how they get there."""

    url: SplitResult
    host_header: str
    tls: ssl.SSLContext | None

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open one connection."""
        port = self.url.port or (443 if self.tls else 80)
        server_name = self.host_header.rsplit(":", 1)[0] if self.tls else None
        try:
            return await asyncio.open_connection(self.url.hostname, port, ssl=self.tls, server_hostname=server_name)
        except OSError as error:
            raise RefusedError(f"connect: {error}") from error


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Read one response to its very end, whatever its framing."""
    head: list[str] = []
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = [line.partition(":") for line in head[1:] if line]
        headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
        answer = Answer(int(head[0].split(" ", 2)[1]), headers)
        if answer.status in (204, 304):
            return answer
        if "chunked" in answer.header("transfer-encoding").lower():
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                await reader.readexactly(size + 2)
            await reader.readuntil(b"\r\n")
        elif length := answer.header("content-length"):
            await reader.readexactly(int(length))
        else:
            while await reader.read(65536):
                pass
    except asyncio.IncompleteReadError as cut:
        raise LostError(
            "cut within the answer" if head or cut.partial else "connection closed without an answer"
        ) from cut
    except OSError as broken:
        raise LostError(f"connection broken: {broken}") from broken
    except (ValueError, IndexError, asyncio.LimitOverrunError) as garbled:
        raise LostError(f"not an HTTP answer: {garbled}") from garbled
    return answer


class Client:
    """One user."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._cookies: dict[str, str] = {}
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.connections = 0
        self.version = ""
        self.seen: set[str] = set()

    async def send(self, request: Request) -> Answer:
        """Send one request once. Raises LostError or RefusedError; the next request then starts on a new connection."""
        if self._connection is None:
            self._connection = await self._target.connect()
            self.connections += 1
        reader, writer = self._connection
        healthy = False
        try:
            writer.write(self._bytes(request))
            try:
                await writer.drain()
            except OSError as broken:
                raise LostError(f"connection broken: {broken}") from broken
            answer = await read_answer(reader)
            healthy = answer.keeps_open
        finally:
            if not healthy:
                self.close()
        self._keep_cookies(answer)
        return answer

    def close(self) -> None:
        """Drop the connection; the cookies stay."""
        if self._connection is not None:
            self._connection[1].close()
            self._connection = None

    def _bytes(self, request: Request) -> bytes:
        base = self._target.url.path.rstrip("/")
        lines = [f"{request.method} {base}{request.path} HTTP/1.1", f"Host: {self._target.host_header}"]
        if self._cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self._cookies.items()))
        if request.method == "POST":
            lines += [f"Content-Type: {request.content_type}", f"Content-Length: {len(request.body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + request.body

    def _keep_cookies(self, answer: Answer) -> None:
        for key, value in answer.headers:
            if key == "set-cookie":
                name, _, rest = value.partition("=")
                self._cookies[name.strip()] = rest.partition(";")[0]


def visit(chance: random.Random) -> Request:
    """What a visitor of the clinic does next: mostly looks, sometimes books."""
    dice = chance.random()
    if dice < 0.6:
        return Request("GET", "/")
    if dice < 0.85:
        return Request("GET", "/api/appointments")
    starts_at = datetime.now() + timedelta(days=chance.randint(1, 300))
    booking = {
        "patient": f"Visitor {chance.randrange(10_000)}",
        "doctor": chance.choice(DOCTORS),
        "starts_at": starts_at.isoformat(timespec="minutes"),
    }
    if dice < 0.95:
        return Request("POST", "/api/appointments", json.dumps(booking).encode(), "application/json")
    return Request("POST", "/appointments", urlencode(booking).encode(), "application/x-www-form-urlencoded")
