"""The load generator against a server that misbehaves on purpose: what it loses is counted, what it may do is not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from demo.load import Load, Report, as_text, main

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(body: str = "ok", status: int = 200, version: str = "1.0.0", *extra: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", f"X-App-Version: {version}", *extra, "", body]
    return "\r\n".join(lines).encode()


async def request(reader: asyncio.StreamReader) -> str:
    """One request as the server reads it: head and body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next((int(line[15:]) for line in head.split("\r\n") if line.startswith("Content-Length:")), 0)
    return head + (await reader.readexactly(length)).decode()


@contextmanager
def server(conversation: Conversation) -> Iterator[str]:
    """A server which holds `conversation` with each connection; gives its address."""
    started = threading.Event()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = []

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await conversation(reader, writer)
        writer.close()

    async def serve() -> None:
        listening = await asyncio.start_server(connection, "127.0.0.1", 0)
        over = asyncio.Event()
        running.append((asyncio.get_running_loop(), over, listening.sockets[0].getsockname()[1]))
        started.set()
        await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(5)
    loop, over, port = running[0]
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)


def run(conversation: Conversation, requests: int = 6, clients: int = 1, timeout: float = 5.0) -> Report:
    with server(conversation) as url:
        load = Load(url, clients=clients, think=0.01, max_requests=requests, timeout=timeout, paths=["/"])
        load.start()
        return load.wait(20)


def test_a_healthy_server_loses_nothing_and_keeps_one_connection_per_user() -> None:
    async def healthy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request(reader)
            writer.write(answer())

    report = run(healthy, requests=12, clients=3)
    assert (report.requests, report.answers, report.failures, report.connections) == (12, 12, 0, 3)
    assert report.versions["1.0.0"].users == 3


def test_a_connection_closed_as_announced_is_no_loss() -> None:
    async def polite(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(answer("ok", 200, "1.0.0", "Connection: close"))

    report = run(polite)
    assert (report.answers, report.failures, report.connections) == (6, 0, 6)


def test_an_answer_that_ends_with_the_connection_is_no_loss() -> None:
    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")

    assert run(old).failures == 0


def test_a_chunked_answer_is_read_to_its_end() -> None:
    async def chunked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")

    report = run(chunked)
    assert (report.answers, report.connections) == (6, 1)


def test_an_idle_connection_that_died_unannounced_loses_the_next_request() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(answer())
        await writer.drain()  # and closes, without having said so

    report = run(rude)
    assert (report.requests, report.answers, report.lost) == (6, 3, 3)
    assert report.failures == 3


def test_a_reset_is_a_loss() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.transport.abort()

    assert run(reset).lost == 6


def test_half_an_answer_is_a_loss() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    report = run(half)
    assert (report.answers, report.lost) == (0, 6)
    assert "cut within the answer" in report.samples[0]


def test_something_that_is_not_http_is_a_loss() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"hello\r\n\r\n")

    assert run(garbage).lost == 6


def test_no_answer_in_time_is_counted_apart() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await request(reader)
        await asyncio.sleep(3)

    report = run(silent, requests=2, timeout=0.1)
    assert (report.timed_out, report.lost) == (2, 0)


def test_a_port_where_nobody_listens_is_refused_not_lost() -> None:
    load = Load("http://127.0.0.1:1/", clients=1, think=0.01, max_requests=2, paths=["/"])
    load.start()
    report = load.wait(10)
    assert (report.refused, report.lost, report.failures) == (2, 0, 2)


def test_answers_are_counted_per_version_with_their_server_errors() -> None:
    served = iter(["1.0.0", "1.1.0", "1.1.0", "1.0.0"])

    async def mixed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request(reader)
            version = next(served)
            writer.write(answer("ok", 500 if version == "1.1.0" else 200, version))

    report = run(mixed, requests=4)
    assert report.statuses == {"200": 2, "500": 2}
    assert {name: (count.answers, count.errors_5xx) for name, count in report.versions.items()} == {
        "1.0.0": (2, 0),
        "1.1.0": (2, 2),
    }
    assert report.version_changes == 2
    assert report.versions["1.1.0"].last_at <= report.versions["1.0.0"].last_at


def test_a_user_brings_back_the_cookies_it_was_given_on_every_connection() -> None:
    heads: list[str] = []

    async def cookies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await request(reader))
        writer.write(answer("ok", 200, "1.0.0", "Set-Cookie: uid=abc; Path=/; HttpOnly", "Connection: close"))

    run(cookies, requests=3)
    assert "Cookie:" not in heads[0]
    assert all("Cookie: uid=abc\r\n" in head for head in heads[1:])


def test_visitors_of_the_clinic_look_and_book() -> None:
    requests: list[str] = []

    async def clinic(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            requests.append(await request(reader))
            writer.write(answer())

    with server(clinic) as url:
        load = Load(url, clients=4, think=0.001, max_requests=200)
        load.start()
        assert load.wait(20).failures == 0
    lines = {text.split(" HTTP", 1)[0] for text in requests}
    assert lines == {"GET /", "GET /api/appointments", "POST /api/appointments", "POST /appointments"}
    assert any('"doctor": "Dr. ' in text for text in requests)


def test_stop_lets_the_requests_under_way_finish() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request(reader)
            await asyncio.sleep(0.3)
            writer.write(answer())

    with server(slow) as url:
        load = Load(url, clients=3, think=0.01, paths=["/"])
        load.start()
        while load.report().requests < 3:
            time.sleep(0.01)
        report = load.stop()
    assert report.requests == report.answers >= 3
    assert not load.running


def test_the_command_fails_when_a_request_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://127.0.0.1:1/", "--requests", "1", "--json"]) == 1
    assert '"refused": 1' in capsys.readouterr().out


def test_a_load_without_bound_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["http://127.0.0.1:1/"])
    assert "--seconds or --requests" in capsys.readouterr().err


def test_the_text_names_what_was_lost() -> None:
    assert "3 failed (2 lost, 0 refused, 0 without answer in time, 1 answered 5xx)" in as_text(
        Report(requests=9, answers=7, lost=2, errors_5xx=1)
    )
