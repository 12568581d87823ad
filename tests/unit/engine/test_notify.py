"""Whoever is to be told is told, signed; and a receiver that fails changes nothing but a note."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import threading
import time
from pathlib import Path

from receiving import Answer, Web

from orchestrator.engine.notify import notify
from orchestrator.engine.request import HostFailure, RunOutcome
from orchestrator.engine.scrub import Scrubber
from orchestrator.errors import ExitCode
from orchestrator.records.entities import NewRun, Status
from orchestrator.records.liveness import this_actor

ABOUT = NewRun("client-lab", "/x", ("provision",), this_actor())


def outcome(status: Status = Status.FAILED, failures: int = 1) -> RunOutcome:
    failed = tuple(HostFailure(f"app{number}", "Write", "why", "p.yml:3") for number in range(failures))
    return RunOutcome(7, status, (), {}, failed, ExitCode.HOST_FAILED)


def test_the_body_is_signed_with_its_moment(web: Web, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    settings = {"LIFECYCLE_NOTIFY_URL": web.url(), "LIFECYCLE_NOTIFY_KEY_FILE": str(tmp_path / "key")}
    assert notify(ABOUT, outcome(failures=25), settings=settings) == ()
    ((_, headers, text),) = web.got
    told = json.loads(text)
    assert (told["event"], told["run"], told["environment"], told["status"]) == ("run_ended", 7, "client-lab", "failed")
    assert (len(told["failures"]), told["failures_in_all"], told["exit_code"]) == (20, 25, 2)
    moment, signed = (part.partition("=")[2] for part in headers["X-Lifecycle-Signature"].split(","))
    assert signed == hmac.new(b"s3cret", f"{moment}.".encode() + text, hashlib.sha256).hexdigest()


def test_only_chosen_outcomes_are_told_and_without_a_key_nothing_is_signed(web: Web) -> None:
    settings = {"LIFECYCLE_NOTIFY_URL": web.url(), "LIFECYCLE_NOTIFY_ON": "failed, unreachable"}
    assert notify(ABOUT, outcome(Status.SUCCESSFUL), settings=settings) == ()
    assert web.got == []
    assert notify(ABOUT, outcome(Status.UNREACHABLE), settings=settings) == ()
    assert "X-Lifecycle-Signature" not in web.got[0][1]
    assert notify(ABOUT, outcome(), settings={}) == ()
    assert len(web.got) == 1


def test_who_could_not_be_told_is_a_note_each_and_the_others_are_told(web: Web, tmp_path: Path) -> None:
    web.answers["wecom"] = Answer(body='{"errcode":93000,"errmsg":"invalid webhook url"}')
    (tmp_path / "notify.yml").write_text(
        "schema: 1\nreceivers:\n"
        f"  - {{name: on call, format: wecom, url: '{web.url('wecom')}'}}\n"
        f"  - {{format: slack, url: '{web.url('slack')}'}}\n"
        "  - {format: feishu, url_file: nowhere}\n"
    )
    notes = notify(ABOUT, outcome(), settings={"LIFECYCLE_NOTIFY_FILE": str(tmp_path / "notify.yml")})
    missing, refused = notes
    assert missing.startswith("not everybody was told how run 7 ended: ")
    assert missing.endswith("nowhere cannot be read: No such file or directory")
    assert refused == "on call was not told how run 7 ended: it answered 93000 invalid webhook url"
    assert len(web.got) == 2


def test_what_is_told_knows_no_secret_of_the_run_and_neither_does_a_note(web: Web) -> None:
    failed = (HostFailure("app1", "Write", "cannot log in with hunter22", "p.yml:3"),)
    told = RunOutcome(7, Status.FAILED, (), {}, failed, ExitCode.HOST_FAILED)
    about = NewRun("client-lab", "/x", ("provision",), this_actor(), reason="because hunter22")
    web.answer = Answer(500, "what is hunter22")
    settings = {"LIFECYCLE_NOTIFY_URL": web.url(), "LIFECYCLE_NOTIFY_FORMAT": "slack"}
    notes = notify(about, told, Scrubber(["hunter22"]), settings)
    assert notes == ("the receiver was not told how run 7 ended: it answered 500: what is ********",)
    assert b"hunter22" not in web.got[0][2]
    assert b"cannot log in with ********" in web.got[0][2]


def test_settings_that_cannot_be_meant_are_a_note() -> None:
    (note,) = notify(ABOUT, outcome(), settings={"LIFECYCLE_NOTIFY_URL": "ftp://x/"})
    assert note == "not everybody was told how run 7 ended: LIFECYCLE_NOTIFY_URL: is no http or https address"


def test_a_person_who_does_not_wait_for_a_receiver_changes_nothing_about_the_run(web: Web) -> None:
    web.answer = Answer(seconds=3)
    # What is started in the background by a shell without job control ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupt = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        interrupt.start()
        begun = time.monotonic()
        notes = notify(ABOUT, outcome(), settings={"LIFECYCLE_NOTIFY_URL": web.url()})
        interrupt.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert notes == ("nobody may have been told how run 7 ended (KeyboardInterrupt)",)
    assert time.monotonic() - begun < 2
