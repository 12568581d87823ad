"""What two counts of a cluster differ in, and that the old release runs again whatever fails on the way."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_cluster import PostgresqlError
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_contents import counted, differences, some
from ansible_collections.impl.lifecycle.plugins.modules import postgresql_upgrade

Contents = dict[str, Any]


def contents(**entries: int) -> Contents:
    named = {name.replace("__", " "): number for name, number in entries.items()}
    return {"roles": ["clinic", "postgres"], "databases": {"clinic": named, "postgres": {}}}


def test_what_was_counted_is_read_from_the_lines_that_are_answers() -> None:
    answers = {
        "postgres": [],
        "clinic": [
            ["table", "public.patient", 3],
            ["sequence", "public.patient_id_seq", 3],
            ["extension", "pg_trgm", 1],
        ],
    }

    def ask(sql: str, database: str) -> str:
        if "pg_roles" in sql:
            return '["clinic", "postgres"]'
        if "json_agg(datname" in sql:
            return json.dumps(sorted(answers))
        return "\n".join(["", *map(json.dumps, answers[database])])

    found = counted(ask)
    assert found["roles"] == ["clinic", "postgres"]
    assert found["databases"]["clinic"] == {
        "table public.patient": 3,
        "sequence public.patient_id_seq": 3,
        "extension pg_trgm": 1,
    }


def test_the_same_is_no_difference() -> None:
    assert differences(contents(table__a=3), contents(table__a=3)) == []


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (contents(table__a=2), "clinic: table a had 3 rows and has 2"),
        (contents(), "clinic: table a is missing"),
        (contents(table__a=3, table__b=1), "clinic: table b is new"),
        ({**contents(table__a=3), "roles": ["postgres"]}, "user clinic is missing"),
        ({**contents(table__a=3), "databases": {"postgres": {}}}, "database clinic is missing"),
    ],
)
def test_what_differs_is_named(after: Contents, line: str) -> None:
    assert differences(contents(table__a=3), after) == [line]


def test_many_differences_are_some_and_a_number() -> None:
    assert some(["a", "b", "c"], most=2) == "a; b; and 1 more"


class Release(postgresql_upgrade.Release):
    """A cluster without a server: it remembers what it was told, and fails where the test says."""

    trouble: ClassVar[set[str]] = set()
    calls: ClassVar[list[str]] = []
    place = Path()

    def __init__(self, module: Any, version: str) -> None:
        super().__init__(module, version)
        self.configuration = str(self.place / version)
        self.start_conf = str(self.place / version / "start.conf")

    def systemctl(self, _verb: str) -> str:
        return ""

    def running(self) -> bool:
        return False

    def note(self, what: str) -> None:
        self.calls.append(f"{self.version} {what}")
        if f"{self.version} {what}" in self.trouble:
            self.trouble.clear()
            raise PostgresqlError(f"{what} of {self.version} failed")

    def command(self, tool: str, *_arguments: str) -> None:
        self.note(tool)
        if tool == "pg_upgradecluster":
            Path(self.configuration, "postgresql.conf").touch()
        elif tool == "pg_dropcluster":
            Path(self.configuration, "postgresql.conf").unlink()

    def start_alone(self, _hba: str) -> None:
        self.note("start_alone")

    def end(self) -> None:
        self.note("end")

    def start(self, _patience: float, _accepted: object = ()) -> str:
        self.note("start")
        return ""

    def start_text(self) -> str:
        return Path(self.start_conf).read_text()


@pytest.fixture
def upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> postgresql_upgrade.Upgrade:
    for version in ("15", "17"):
        (tmp_path / version).mkdir()
    (tmp_path / "15" / "postgresql.conf").touch()
    (tmp_path / "15" / "start.conf").write_text("auto\n")
    monkeypatch.setattr(Release, "place", tmp_path)
    monkeypatch.setattr(Release, "trouble", set())
    monkeypatch.setattr(Release, "calls", [])
    monkeypatch.setattr(postgresql_upgrade, "Release", Release)
    monkeypatch.setattr(postgresql_upgrade, "RECORDS", str(tmp_path / "records"))
    monkeypatch.setattr(postgresql_upgrade, "counted", lambda _ask: contents(table__a=3))
    monkeypatch.setattr(postgresql_upgrade.Upgrade, "check", lambda _self: 5432)
    params = {"old": "15", "new": "17", "cluster": "main", "method": "dump", "confirmed": False, "patience": 1}
    module = SimpleNamespace(params=params, check_mode=False, run_command=lambda *_a, **_k: (0, "", ""))
    return postgresql_upgrade.Upgrade(module)


def test_an_upgrade_leaves_the_old_release_stopped_for_good_and_remembers_how_it_started(
    upgrade: postgresql_upgrade.Upgrade,
) -> None:
    result = upgrade.go()
    assert (result["changed"], result["port"], result["rows"]) == (True, 5432, 3)
    assert upgrade.old.start_text().endswith("\nmanual\n")
    assert upgrade.record()["start_conf"] == "auto\n"
    assert upgrade.go()["changed"] is False


@pytest.mark.parametrize(
    "trouble", ["15 end", "15 start_alone", "17 pg_upgradecluster", "17 start_alone", "17 end"], ids=str
)
def test_whatever_fails_the_old_release_runs_as_before(upgrade: postgresql_upgrade.Upgrade, trouble: str) -> None:
    # What fails once does not fail when the way back is taken.
    Release.trouble = {trouble}
    with pytest.raises(PostgresqlError, match="PostgreSQL 15/main runs as before"):
        upgrade.go()
    assert Release.calls[-1] == "15 start"
    assert upgrade.old.start_text() == "auto\n"
    assert not upgrade.new.exists()
    assert upgrade.record() == {}


def test_rows_that_did_not_come_over_fail_the_upgrade(
    upgrade: postgresql_upgrade.Upgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = iter([contents(table__a=3), contents(table__a=2)])
    monkeypatch.setattr(postgresql_upgrade, "counted", lambda _ask: next(counts))
    with pytest.raises(PostgresqlError, match=r"table a had 3 rows and has 2\. PostgreSQL 15/main runs as before"):
        upgrade.go()


def test_the_way_back_needs_a_consent_and_then_starts_the_old_release(upgrade: postgresql_upgrade.Upgrade) -> None:
    upgrade.go()
    with pytest.raises(PostgresqlError, match="Nothing was changed"):
        upgrade.back()
    upgrade.params["confirmed"] = True
    assert upgrade.back()["changed"] is True
    assert upgrade.old.start_text() == "auto\n"
    assert upgrade.new.start_text().endswith("\nmanual\n")
    assert Release.calls[-1] == "15 start"
