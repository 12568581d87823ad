"""Releases under load: keep-alive clients that do not retry, GET and POST. Nobody loses a request."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from demo.load import Load, Report

from .conftest import ENVIRONMENT, URL, Lifecycle, ansible_processes, eventually

pytestmark = pytest.mark.lab
ENV = ("-i", str(ENVIRONMENT))
APP_HOSTS = ["app1", "app2"]


@contextmanager
def users(clients: int = 40, think: float = 0.3) -> Iterator[Load]:
    with Load(URL + "/", clients=clients, think=think, max_seconds=600) as load:
        time.sleep(2)
        yield load
        time.sleep(2)


def unanswered(report: Report) -> int:
    return report.lost + report.refused + report.timed_out


def version_served() -> str:
    with urllib.request.urlopen(URL + "/", timeout=10) as answer:
        return str(answer.headers["X-App-Version"])


def test_the_first_release_goes_to_everybody(clinic: Lifecycle) -> None:
    assert version_served() == "1.0.0"
    status = clinic.json("release", "status", *ENV)
    assert status["release"]["state"] == "promoted"


def test_a_good_version_reaches_everybody_and_nobody_loses_a_request(clinic: Lifecycle) -> None:
    with users() as load:
        clinic.json("release", "start", "1.1.0", *ENV)
        time.sleep(1)
        assert "1.1.0" not in load.report().versions, "staged means that no user has it"
        for weight in ("10", "50", "100"):
            clinic.json("release", "widen", weight, *ENV)
            time.sleep(3)
            share = load.report().versions["1.1.0"].users
            assert share <= 40
        clinic.json("release", "promote", *ENV)
        time.sleep(2)
    report = load.report()
    assert unanswered(report) == 0, report.samples
    assert report.errors_5xx == 0, report.samples
    assert report.requests > 1000
    assert version_served() == "1.1.0"


def slots_running(host: Any, colour: str) -> list[str]:
    found = {name: host(name).run(f"systemctl is-active tomcat@clinic-{colour}").stdout.strip() for name in APP_HOSTS}
    return [name for name, state in found.items() if state == "active"]


def test_closing_the_window_stops_the_old_slot_and_nobody_notices(clinic: Lifecycle, host: Any) -> None:
    early = clinic("release", "close", *ENV)
    assert early.returncode == 1, early.stdout + early.stderr
    assert "1.0.0 is kept warm until" in early.stderr
    assert slots_running(host, "blue") == APP_HOSTS
    with users() as load:
        clinic.json("release", "close", "--now", *ENV)
    report = load.report()
    assert slots_running(host, "blue") == []
    assert unanswered(report) == report.errors_5xx == 0, report.samples


def test_after_the_window_a_rollback_says_what_it_takes_and_starts_the_old_slot_first(
    clinic: Lifecycle, host: Any
) -> None:
    refused = clinic("release", "rollback", *ENV)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    last = refused.stderr.strip().splitlines()[-1]
    assert last.startswith("lifecycle: the slot of 1.0.0 is stopped on app1, app2:"), refused.stderr
    assert "--start-slot" in last
    assert version_served() == "1.1.0"
    assert slots_running(host, "blue") == []
    with users() as load:
        clinic.json("release", "rollback", "--start-slot", *ENV, "--reason", "needed after the window")
    report = load.report()
    assert version_served() == "1.0.0"
    assert unanswered(report) == report.errors_5xx == 0, report.samples
    clinic.json("release", "start", "1.1.0", "--weight", "100", "--again", "--reason", "go on with the road", *ENV)
    clinic.json("release", "promote", *ENV)
    assert version_served() == "1.1.0"


def test_rolling_back_takes_seconds_and_loses_nothing(clinic: Lifecycle) -> None:
    with users(clients=80) as load:
        clinic.json("release", "start", "1.2.0", *ENV)
        clinic.json("release", "widen", "10", *ENV)
        time.sleep(4)
        assert load.report().versions["1.2.0"].answers > 0
        commanded = time.time()
        clinic.json("release", "rollback", *ENV, "--reason", "one request in twenty fails")
        time.sleep(3)
    report = load.report()
    bad = report.versions["1.2.0"]
    took = bad.last_at - commanded
    print(f"from the command to the last answer of the bad version: {took:.2f} s")
    assert took < 5
    assert unanswered(report) == 0, report.samples
    assert report.errors_5xx == bad.errors_5xx, "only the bad version failed"


def test_a_version_taken_back_is_void(clinic: Lifecycle) -> None:
    refused = clinic("release", "start", "1.2.0", *ENV)
    assert refused.returncode == 1
    assert "1.2.0" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1, refused.stderr


def test_kill_nine_during_a_widening_never_stops_the_site(clinic: Lifecycle) -> None:
    clinic.json("release", "start", "1.2.0", "--again", "--reason", "to be killed", *ENV)
    with users() as load:
        running = clinic.start("release", "widen", "10", *ENV)
        assert eventually(ansible_processes, 15)
        time.sleep(0.8)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        assert eventually(lambda: not ansible_processes(), 10), ansible_processes()
        newest = clinic.json("history", *ENV)[0]
        assert newest["status"] == "lost"
        clinic.json("release", "abort", *ENV)
        time.sleep(1)
        assert version_served() == "1.1.0"
    report = load.report()
    assert unanswered(report) == 0, report.samples


def test_plain_ansible_playbook_releases_too(clinic: Lifecycle) -> None:
    staged = clinic.ansible_playbook(
        "impl.lifecycle.release", "-e", "candidate=1.2.0", "-e", "weight=10", "-e", "again=true"
    )
    assert staged.returncode == 0, staged.stdout[-3000:]
    live = clinic.json("release", "status", "--live", *ENV)
    assert live["edge"]["weight"] == 10
    back = clinic.ansible_playbook("impl.lifecycle.rollback")
    assert back.returncode == 0, back.stdout[-3000:]
    assert clinic.json("release", "status", "--live", *ENV)["edge"]["weight"] == 0
    assert version_served() == "1.1.0"


def test_the_guard_takes_a_bad_version_back_while_no_controller_runs(clinic: Lifecycle) -> None:
    with users(clients=80) as load:
        clinic.json("release", "start", "1.2.0", "--again", "--reason", "to be judged", *ENV)
        clinic.json("release", "widen", "20", *ENV)
        began = time.time()
        assert eventually(lambda: quiet_since(load, "1.2.0") > 6, 240), "users are still on 1.2.0"
        took = load.report().versions["1.2.0"].last_at - began
        print(f"the guard took 1.2.0 back by itself after {took:.0f} s")
    report = load.report()
    assert unanswered(report) == 0, report.samples
    status = clinic.json("release", "status", "--live", *ENV)
    assert status["release"]["state"] == "rolled_back"
    assert "the guard on edge1 took it back: evidence" in status["steps"][-1]["reason"]
    plain = clinic.ansible_playbook("impl.lifecycle.release", "-e", "candidate=1.2.0", "-e", "weight=10")
    assert plain.returncode != 0
    assert "stays back until a person lets it go" in plain.stdout
    assert version_served() == "1.1.0"


def quiet_since(load: Load, version: str) -> float:
    """Seconds since `version` answered last; nothing as long as it never did."""
    seen = load.report().versions.get(version)
    return time.time() - seen.last_at if seen else 0.0


def test_every_step_is_on_record(clinic: Lifecycle) -> None:
    runs = clinic.json("history", *ENV, "--limit", "100")
    phases = [phase for run in runs for phase in run["phases"]]
    assert {"provision", "release", "rollback"} <= set(phases)
    reasons = {run["reason"] for run in runs}
    assert "one request in twenty fails" in reasons
    newest: dict[str, Any] = clinic.json("show", str(runs[0]["run"]))
    assert newest["results"]
    assert newest["versions"]["ansible-core"]
