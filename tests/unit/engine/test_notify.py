"""Whoever is to be told is told, signed; and a receiver that fails changes nothing but a note."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine import notify as notifying
from orchestrator.engine.notify import notify, receiver
from orchestrator.engine.request import HostFailure, RunOutcome
from orchestrator.errors import ExitCode, UsageError
from orchestrator.records.entities import NewRun, Status
from orchestrator.records.liveness import this_actor

ABOUT = NewRun("client-lab", "/x", ("provision",), this_actor())


def outcome(status: Status = Status.FAILED, failures: int = 1) -> RunOutcome:
    failed = tuple(HostFailure(f"app{number}", "Write", "why", "p.yml:3") for number in range(failures))
    return RunOutcome(7, status, (), {}, failed, ExitCode.HOST_FAILED)


@pytest.fixture
def listening() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]], Callable[[int], None]]]:
    """A receiver on this machine: its address, what it got, and how it answers from now on (204 at first)."""
    got: list[tuple[dict[str, str], bytes]] = []
    answer = [204]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answer[0])
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_args: Any) -> None:
            """Nothing on the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook?token=hidden", got, lambda code: answer.__setitem__(0, code)
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_body_is_signed_with_its_moment(listening: Any, tmp_path: Path) -> None:
    url, got, _ = listening
    (tmp_path / "key").write_text("s3cret\n")
    settings = {"LIFECYCLE_NOTIFY_URL": url, "LIFECYCLE_NOTIFY_KEY_FILE": str(tmp_path / "key")}
    assert notify(ABOUT, outcome(failures=25), settings) is None
    ((headers, text),) = got
    told = json.loads(text)
    assert (told["event"], told["run"], told["environment"], told["status"]) == ("run_ended", 7, "client-lab", "failed")
    assert (len(told["failures"]), told["failures_in_all"], told["exit_code"]) == (20, 25, 2)
    moment, signed = (part.partition("=")[2] for part in headers["X-Lifecycle-Signature"].split(","))
    assert signed == hmac.new(b"s3cret", f"{moment}.".encode() + text, hashlib.sha256).hexdigest()


def test_only_chosen_outcomes_are_told_and_without_a_key_nothing_is_signed(listening: Any) -> None:
    url, got, _ = listening
    settings = {"LIFECYCLE_NOTIFY_URL": url, "LIFECYCLE_NOTIFY_ON": "failed, unreachable"}
    assert notify(ABOUT, outcome(Status.SUCCESSFUL), settings) is None
    assert got == []
    assert notify(ABOUT, outcome(Status.UNREACHABLE), settings) is None
    assert "X-Lifecycle-Signature" not in got[0][0]
    assert notify(ABOUT, outcome(), {}) is None
    assert len(got) == 1


@pytest.mark.parametrize("code", [500, 302, 307])
def test_a_receiver_that_refuses_or_sends_us_elsewhere_is_a_note(listening: Any, code: int) -> None:
    url, got, answer = listening
    answer(code)
    told = notify(ABOUT, outcome(), {"LIFECYCLE_NOTIFY_URL": url})
    assert told == f"nobody was told how run 7 ended: the receiver answered {code}"
    assert len(got) == 1


def test_a_receiver_that_is_not_there_is_a_note_without_its_address() -> None:
    told = notify(ABOUT, outcome(), {"LIFECYCLE_NOTIFY_URL": "http://127.0.0.1:1/?token=hidden"})
    assert told == "nobody was told how run 7 ended: the receiver could not be reached (Connection refused)"


def test_a_receiver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(notifying, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        told = notify(ABOUT, outcome(), {"LIFECYCLE_NOTIFY_URL": f"http://127.0.0.1:{deaf.getsockname()[1]}/"})
    assert told is not None
    assert "could not be reached" in told


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"LIFECYCLE_NOTIFY_URL": "ftp://x/"}, "LIFECYCLE_NOTIFY_URL: is no http or https address"),
        ({"LIFECYCLE_NOTIFY_URL": "http://x/", "LIFECYCLE_NOTIFY_ON": "broken"}, "'broken' is no status of a run"),
        ({"LIFECYCLE_NOTIFY_URL": "http://x/", "LIFECYCLE_NOTIFY_KEY_FILE": "/nowhere"}, "cannot be read"),
        ({"LIFECYCLE_NOTIFY_URL": "http://x/", "LIFECYCLE_NOTIFY_KEY_FILE": "/dev/null"}, "a file without a key"),
    ],
)
def test_settings_that_cannot_be_meant_are_said_so(settings: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        receiver(settings)
    assert words in str(notify(ABOUT, outcome(), settings))
