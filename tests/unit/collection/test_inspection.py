"""What an inspection says deserves a look, and what it says nothing about."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import inspection
from ansible_collections.impl.lifecycle.plugins.module_utils.inspection_summary import findings, lines

APPLICATION: dict[str, Any] = {"name": "clinic", "context_path": "/app", "health": {"path": "/health"}}


def report(**changed: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "os": "Debian 12",
        "kernel": "6.1",
        "uptime_seconds": 90061,
        "memory": {"total_mb": 1000, "used_mb": 500},
        "disks": [{"path": "/", "total_mb": 1000, "free_mb": 500}],
        "roles": [],
        "packages": [],
        "services": [],
        "failed_units": [],
        "pending_restart": {},
        "reboot_required": False,
        "slots": [],
        "health_status": 200,
        "routing": None,
        "certificates": [],
        "databases": [],
        "settings": {},
        "settings_unknown": {},
        **changed,
    }
    return {**whole, "findings": findings(whole)}


def slot(**changed: Any) -> dict[str, Any]:
    return {
        "colour": "blue",
        "port": 8080,
        "release": "1.0.0",
        "active": "active",
        "status": 200,
        "answers": "1.0.0",
        "problem": "",
        **changed,
    }


def certificate(days: int, problem: str = "") -> dict[str, Any]:
    return {"path": "/c.pem", "ends": "2026-01-01", "days_left": days, "problem": problem}


def test_an_empty_host_is_one_line() -> None:
    assert lines(report()) == ["Debian 12, up 1 d, memory 500 of 1000 MB, 500 MB free below /"]


@pytest.mark.parametrize(
    "well",
    [
        {"slots": [slot()]},
        {"slots": [slot(answers="")]},  # an application that does not name its version
        {"slots": [slot(active="inactive", status=0, answers="")]},  # a stopped slot is a state, not a fault
        {"packages": [{"name": "nginx", "recorded": "1", "installed": "1"}]},
        {"certificates": [certificate(30)]},
        {"disks": [{"path": "/", "total_mb": 1000, "free_mb": 100}]},
        {"disks": [{"path": "/", "total_mb": 0, "free_mb": 0}]},
        {"memory": {"total_mb": 1000, "used_mb": 950}},
    ],
)
def test_nothing_is_said_about_what_is_well(well: dict[str, Any]) -> None:
    assert report(**well)["findings"] == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"failed_units": ["a.service"]}, "unit a.service failed"),
        ({"pending_restart": {"b.service": {"since": "T"}}}, "b.service waits for a restart since T"),
        ({"reboot_required": True}, "the system waits for a reboot"),
        ({"packages": [{"name": "p", "recorded": "1", "installed": "2"}]}, "p is 2, the ledger says 1"),
        ({"packages": [{"name": "p", "recorded": "1", "installed": ""}]}, "p is gone, the ledger says 1"),
        ({"disks": [{"path": "/var", "total_mb": 1000, "free_mb": 99}]}, "/var is 91 % full"),
        ({"memory": {"total_mb": 1000, "used_mb": 951}}, "951 of 1000 MB memory in use"),
        ({"slots": [slot(status=503)]}, "slot blue answers its health check with 503"),
        ({"slots": [slot(answers="1.1.0")]}, "slot blue holds 1.0.0 but answers as 1.1.0"),
        ({"slots": [slot(status=0, problem="refused")]}, "slot blue does not answer: refused"),
        ({"slots": [slot(active="failed", status=0)]}, "slot blue does not answer: its service failed"),
        ({"certificates": [certificate(29)]}, "certificate /c.pem ends in 29 days"),
        ({"certificates": [certificate(-1)]}, "certificate /c.pem ended on 2026-01-01"),
        ({"certificates": [certificate(0, "cannot be read")]}, "certificate /c.pem cannot be read"),
        ({"routing": {"problem": "set.json cannot be read"}}, "set.json cannot be read"),
    ],
)
def test_one_thing_wrong_is_one_sentence(wrong: dict[str, Any], said: str) -> None:
    told = report(**wrong)
    assert told["findings"] == [said]
    assert lines(told)[-1] == f"LOOK: {said}"


def test_the_lines_name_slots_and_who_gets_the_candidate() -> None:
    told = lines(
        report(
            slots=[slot()],
            routing={
                "stable": {"version": "1.0.0", "colour": "blue"},
                "candidate": {"version": "1.1.0", "colour": "green"},
                "weight": 10,
                "set_id": "s1",
                "problem": "",
            },
        )
    )
    assert told[1:] == [
        "slot blue (port 8080): 1.0.0, answers 200",
        "routing set s1: stable 1.0.0 (blue), candidate 1.1.0 (green) gets 10 %",
    ]


@contextmanager
def application(status: int) -> Iterator[int]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/app/health" else 404)
            self.send_header("X-App-Version", "1.2.3")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [200, 503])
def test_a_slot_is_asked_for_its_own_health_and_version(status: int) -> None:
    with application(status) as port:
        assert inspection.ask_slot(port, APPLICATION) == {"status": status, "answers": "1.2.3"}


def test_a_slot_that_does_not_answer_is_a_problem_and_no_crash() -> None:
    assert "refused" in inspection.ask_slot(1, APPLICATION)["problem"]


def test_the_routing_set_in_force_is_read_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "clinic/sets/s7").mkdir(parents=True)
    (tmp_path / "clinic/sets/s7/set.json").write_text(json.dumps({"weight": 10}), encoding="utf-8")
    (tmp_path / "clinic/current").symlink_to("sets/s7")
    assert inspection.routing("clinic", str(tmp_path)) == {"weight": 10, "set_id": "s7", "problem": ""}
    assert inspection.routing("other", str(tmp_path)) is None


def test_a_broken_routing_set_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic/current").symlink_to("sets/gone")
    broken = inspection.routing("clinic", str(tmp_path))
    assert "cannot be read" in broken["problem"]


def test_a_slot_whose_service_does_not_run_is_listed_with_its_version(tmp_path: Path) -> None:
    (tmp_path / "clinic-green").mkdir()
    (tmp_path / "clinic-green/release").symlink_to("/opt/lifecycle/clinic/releases/2.0.0")
    [only] = inspection.slots({**APPLICATION, "slots": {"green": 9180}}, str(tmp_path))
    assert (only["colour"], only["port"], only["release"], only["status"]) == ("green", 9180, "2.0.0", 0)


def test_a_command_that_is_missing_says_nothing() -> None:
    assert inspection.run(["no-such-command"]) == ""
