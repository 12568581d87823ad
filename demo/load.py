#!/usr/bin/env python3
"""Users who keep their connection and never retry: what the edge loses, they count.

    python -m demo.load http://10.89.77.11/ --clients 50 --seconds 30 --json

    with Load("http://10.89.77.11/", clients=50) as load:
        ...                                   # whatever must not lose a request
    report = load.report()

Each client is one user: one keep-alive connection, its own cookies, one request at a time, time to think in between.
A connection that the server closes with its answer (`Connection: close`) is reopened and nothing is lost. A request
sent on a connection that turns out to be dead is lost, and not sent again: that is what a client without retries
sees. So the time to think has to stay below the server's keep-alive timeout.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from demo.users import Answer, Client, LostError, RefusedError, Request, Target, visit

SAMPLES = 20


@dataclass(slots=True)
class VersionCount:
    """What one version of the application answered. Times are seconds since the epoch."""

    answers: int = 0
    errors_5xx: int = 0
    users: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    last_sent_at: float = 0.0


@dataclass(slots=True)
class Report:
    """What happened so far. A request ends up in exactly one of answers, lost, refused and timed_out."""

    requests: int = 0
    answers: int = 0
    errors_5xx: int = 0
    lost: int = 0
    refused: int = 0
    timed_out: int = 0
    connections: int = 0
    version_changes: int = 0
    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    versions: dict[str, VersionCount] = field(default_factory=dict)
    latency_ms: dict[str, float] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """Requests a user would call failed."""
        return self.errors_5xx + self.lost + self.refused + self.timed_out


class Load:
    """Users in a thread of their own, until `stop` or until a bound is reached."""

    def __init__(
        self,
        url: str,
        *,
        clients: int = 20,
        think: float = 0.2,
        timeout: float = 15.0,
        max_requests: int | None = None,
        max_seconds: float | None = None,
        paths: Sequence[str] = (),
        host_header: str = "",
        ca_file: str = "",
        insecure: bool = False,
        keep_answers: bool = False,
    ) -> None:
        """`paths`: only GET these, in turn by chance; default: what visitors of the clinic do.

        `keep_answers`: note in `answers` when each request was sent, when answered, and by which version.
        """
        self.answers: list[tuple[float, float, str]] = []
        self._keep_answers = keep_answers
        parts = urlsplit(url)
        tls = ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "https" else None
        if tls and insecure:
            tls.check_hostname = False
            tls.verify_mode = ssl.CERT_NONE
        self._target = Target(parts, host_header or parts.netloc, tls)
        self._clients, self._think, self._timeout = clients, think, timeout
        self._max_requests, self._max_seconds, self._paths = max_requests, max_seconds, tuple(paths)
        self._report, self._statuses, self._latencies = Report(), Counter[str](), list[float]()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load", daemon=True)
        self._started = self._ended = 0.0

    def __enter__(self) -> Load:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Let the users in."""
        self._started = time.time()
        self._thread.start()

    def halt(self) -> None:
        """Ask the users to go, each after the request that is under way. Does not wait for them."""
        self._stopping.set()

    def stop(self) -> Report:
        """`halt`, wait until all are gone, and say what happened."""
        self.halt()
        return self.wait()

    def wait(self, seconds: float | None = None) -> Report:
        """Wait until a bound is reached, or that long."""
        self._thread.join(seconds)
        return self.report()

    @property
    def running(self) -> bool:
        """The users are at it."""
        return self._thread.is_alive()

    def report(self) -> Report:
        """What happened so far, as a copy."""
        with self._lock:
            copy = Report(**{**asdict(self._report), "statuses": dict(self._statuses)})
            copy.versions = {name: VersionCount(**asdict(count)) for name, count in self._report.versions.items()}
            ordered = sorted(self._latencies)
        copy.seconds = round((self._ended or time.time()) - self._started, 3)
        if ordered:
            marks = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}
            copy.latency_ms = {
                name: round(1000 * ordered[min(len(ordered) - 1, int(mark * len(ordered)))], 1)
                for name, mark in marks.items()
            }
        return copy

    async def _run(self) -> None:
        await asyncio.gather(*(self._live(Client(self._target), number) for number in range(self._clients)))
        self._ended = time.time()

    async def _live(self, client: Client, number: int) -> None:
        chance = random.Random(number)
        await asyncio.sleep(chance.uniform(0, min(self._think, 1.0)))
        while not self._over():
            await self._one(client, self._choose(chance))
            await asyncio.sleep(chance.uniform(0.5, 1.5) * self._think)
        client.close()

    def _over(self) -> bool:
        if self._stopping.is_set():
            return True
        if self._max_seconds is not None and time.time() - self._started >= self._max_seconds:
            return True
        with self._lock:
            return self._max_requests is not None and self._report.requests >= self._max_requests

    async def _one(self, client: Client, request: Request) -> None:
        sent, opened = time.time(), client.connections
        with self._lock:
            self._report.requests += 1
        try:
            answer = await asyncio.wait_for(client.send(request), self._timeout)
        except LostError as lost:
            self._failed("lost", request, str(lost))
        except RefusedError as refused:
            self._failed("refused", request, str(refused))
        except TimeoutError:
            self._failed("timed_out", request, f"no answer within {self._timeout:g} s")
        else:
            self._answered(client, request, answer, sent)
        with self._lock:
            self._report.connections += client.connections - opened

    def _answered(self, client: Client, request: Request, answer: Answer, sent: float) -> None:
        now, version = time.time(), answer.header("x-app-version")
        with self._lock:
            self._report.answers += 1
            if self._keep_answers:
                self.answers.append((sent, now, version))
            self._statuses[str(answer.status)] += 1
            self._latencies.append(now - sent)
            self._report.version_changes += bool(client.version and version and version != client.version)
            count = self._report.versions.setdefault(version, VersionCount(first_at=now))
            count.answers += 1
            count.users += version not in client.seen
            count.last_at, count.last_sent_at = now, max(sent, count.last_sent_at)
            if answer.status >= 500:
                self._report.errors_5xx += 1
                count.errors_5xx += 1
                self._sample(request, f"{answer.status} from version {version or 'unknown'}")
        client.version = version or client.version
        client.seen.add(version)

    def _failed(self, kind: str, request: Request, why: str) -> None:
        with self._lock:
            setattr(self._report, kind, getattr(self._report, kind) + 1)
            self._sample(request, f"{kind}: {why}")

    def _sample(self, request: Request, what: str) -> None:
        if len(self._report.samples) < SAMPLES:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._report.samples.append(f"{at} {request.method} {request.path}: {what}")

    def _choose(self, chance: random.Random) -> Request:
        return Request("GET", chance.choice(self._paths)) if self._paths else visit(chance)


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {**asdict(report), "failures": report.failures}


def as_text(report: Report) -> str:
    """The report for a person."""
    lines = [
        f"{report.requests} requests in {report.seconds:.1f} s over {report.connections} connections: "
        f"{report.failures} failed ({report.lost} lost, {report.refused} refused, {report.timed_out} without answer in "
        f"time, {report.errors_5xx} answered 5xx)",
    ]
    lines += [
        f"  version {name or 'unknown'}: {count.answers} answers to {count.users} users, {count.errors_5xx} 5xx"
        for name, count in sorted(report.versions.items())
    ]
    if report.latency_ms:
        lines.append("  milliseconds: " + ", ".join(f"{name} {value:g}" for name, value in report.latency_ms.items()))
    return "\n".join([*lines, *(f"  {sample}" for sample in report.samples)])


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Clients that keep their connection and never retry.")
    parser.add_argument("url")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--think", type=float, default=0.2, metavar="SECONDS", help="between two requests of a client")
    parser.add_argument("--timeout", type=float, default=15.0, metavar="SECONDS")
    parser.add_argument("--seconds", type=float, help="stop after that time")
    parser.add_argument("--requests", type=int, help="stop after so many requests")
    parser.add_argument("--path", action="append", default=[], help="GET only this (again for more)")
    parser.add_argument("--host", default="", help="Host header, when it differs from the address")
    parser.add_argument("--ca-file", default="")
    parser.add_argument("--insecure", action="store_true", help="take any certificate")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--output", type=Path, help="write the JSON there")
    chosen = parser.parse_args(arguments)
    if chosen.seconds is None and chosen.requests is None:
        parser.error("give a bound: --seconds or --requests")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a bound or SIGINT/SIGTERM; 1 when a request failed."""
    chosen = parse(arguments)
    load = Load(
        chosen.url, clients=chosen.clients, think=chosen.think, timeout=chosen.timeout, max_requests=chosen.requests,
        max_seconds=chosen.seconds, paths=chosen.path, host_header=chosen.host, ca_file=chosen.ca_file,
        insecure=chosen.insecure,
    )  # fmt: skip
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: load.halt())
    load.start()
    while load.running:
        load.wait(0.2)
    report = load.report()
    if chosen.output:
        chosen.output.write_text(json.dumps(as_json(report), indent=2) + "\n", encoding="utf-8")
    print(json.dumps(as_json(report), indent=2) if chosen.json else as_text(report))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
