"""The host's own record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.modules import ledger

NOON, LATER = "2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z"


def report(path: Path, now: str = NOON, check: bool = False, **said: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    options = {
        "role": said.get("role", "redis"),
        "installed": said.get("installed", {}),
        "pending_restart": said.get("pending", []),
        "cleared_restart": said.get("cleared", []),
        "units": said.get("units"),
        "unmet": said.get("unmet"),
    }
    return ledger.record(
        str(path), check, lambda current: ledger.merge(current, options, now, said.get("configuration", 0))
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "facts.d" / "lifecycle.fact"


def test_a_first_report_makes_the_ledger(path: Path) -> None:
    report(path, installed={"redis-server": "5:7.0.15"}, pending=["redis-server.service"])
    assert json.loads(path.read_text()) == {
        "roles": {"redis": {"installed": {"redis-server": "5:7.0.15"}}},
        "pending_restart": {"redis-server.service": {"since": NOON, "role": "redis"}},
    }
    assert path.stat().st_mode & 0o7777 == 0o644
    assert [entry.name for entry in path.parent.iterdir()] == ["lifecycle.fact"]


def test_the_same_report_again_writes_nothing_and_keeps_the_first_time(path: Path) -> None:
    report(path, pending=["redis-server.service"])
    inode = path.stat().st_ino
    before, after = report(path, now=LATER, pending=["redis-server.service"])
    assert before == after
    assert path.stat().st_ino == inode


def test_roles_do_not_disturb_each_other(path: Path) -> None:
    report(path, installed={"redis-server": "1"}, pending=["redis-server.service"])
    _, after = report(path, role="nginx", installed={"nginx": "2"}, cleared=["nginx.service"])
    assert set(after["roles"]) == {"redis", "nginx"}
    assert set(after["pending_restart"]) == {"redis-server.service"}


def test_a_role_that_has_nothing_installed_any_more_is_forgotten(path: Path) -> None:
    report(path, installed={"redis-server": "1"}, pending=["redis-server.service"])
    _, after = report(path, installed={"redis-server": ""}, cleared=["redis-server.service"])
    assert after == {"roles": {}, "pending_restart": {}}
    before, again = report(path, installed={"redis-server": ""}, cleared=["redis-server.service"])
    assert (before, again) == (after, after), "a second removal changes nothing"


def test_the_way_back_is_what_was_before_the_last_change_of_either(path: Path) -> None:
    _, first = report(path, installed={"redis-server": "1"}, units=["redis-server.service"], configuration=1)
    assert "before" not in first["roles"]["redis"], "there was nothing before"
    report(path, installed={"redis-server": "1"}, configuration=2)
    _, after = report(path, cleared=["redis-server.service"], configuration=2)
    assert after["roles"]["redis"]["before"] == {"installed": {"redis-server": "1"}, "configuration": 1}
    _, after = report(path, installed={"redis-server": "2"}, configuration=2)
    assert after["roles"]["redis"] == {
        "installed": {"redis-server": "2"},
        "configuration": 2,
        "units": ["redis-server.service"],
        "before": {"installed": {"redis-server": "1"}, "configuration": 2},
    }


def test_an_instance_has_a_way_back_of_its_own_and_no_packages(path: Path) -> None:
    report(path, installed={"redis-server": "1"}, units=["redis-server.service"], configuration=1)
    unit = "redis-server@sessions.service"
    _, first = report(path, role="redis@sessions", units=[unit], configuration=1)
    assert first["roles"]["redis@sessions"] == {"installed": {}, "units": [unit], "configuration": 1}
    _, after = report(path, role="redis@sessions", units=[unit], configuration=2, pending=[unit])
    assert after["roles"]["redis@sessions"]["before"] == {"installed": {}, "configuration": 1}
    assert after["pending_restart"][unit]["role"] == "redis@sessions"
    assert after["roles"]["redis"] == first["roles"]["redis"]
    _, gone = report(path, role="redis@sessions", installed={"redis-server": ""}, cleared=[unit])
    assert gone == {"roles": {"redis": first["roles"]["redis"]}, "pending_restart": {}}


def test_what_is_no_service_has_no_way_back(path: Path) -> None:
    report(path, role="os_baseline", configuration=1)
    _, after = report(path, role="os_baseline", configuration=2)
    assert "before" not in after["roles"]["os_baseline"]


def test_going_back_twice_is_where_it_was(path: Path) -> None:
    for version, configuration in (("1", 1), ("2", 2), ("1", 3)):
        _, after = report(path, installed={"redis-server": version}, configuration=configuration)
    assert after["roles"]["redis"]["before"] == {"installed": {"redis-server": "2"}, "configuration": 2}


def test_what_others_wrote_into_the_ledger_stays(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"site": "north"}))
    report(path, installed={"redis-server": "1"})
    assert json.loads(path.read_text())["site"] == "north"


def test_check_mode_writes_nothing(path: Path) -> None:
    before, after = report(path, check=True, installed={"redis-server": "1"})
    assert before != after
    assert not path.parent.exists()


@pytest.mark.parametrize("content", ["{half", "[]"])
def test_a_ledger_that_is_no_json_object_is_refused_with_the_remedy(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(ledger.LedgerError, match="move it away"):
        report(path)
    assert path.read_text() == content


def test_what_a_host_cannot_do_is_kept_until_the_role_says_otherwise(path: Path) -> None:
    report(path, role="os_baseline", unmet={"sysctl vm.swappiness": "read-only here; holds 60"})
    _, after = report(path, role="os_baseline", installed={"chrony": "4.3"})
    assert after["roles"]["os_baseline"]["unmet"] == {"sysctl vm.swappiness": "read-only here; holds 60"}
    _, after = report(path, role="os_baseline", unmet={})
    assert "unmet" not in after["roles"]["os_baseline"]
