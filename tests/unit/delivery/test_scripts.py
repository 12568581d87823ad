"""The expand scripts of a manifest are checked before a release begins, and every refusal names file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.delivery import load_environment, load_manifest
from orchestrator.delivery.scripts import check_scripts, mixing
from orchestrator.errors import DeliveryError

REVIEW = "  reviewed: {by: Ann, reason: it only fills the new column}\nsessions"


def check(site: Path, script: str, manifest: tuple[str, str] = ("", "")) -> tuple[str, ...]:
    file = site / "releases" / "1.1.0.yml"
    file.write_text(file.read_text().replace(*manifest, 1))
    (site / "releases" / "one.sql").write_text(script)
    environment = load_environment(site)
    return check_scripts(environment, load_manifest(environment, "1.1.0"))


def refused(site: Path, script: str, manifest: tuple[str, str] = ("", "")) -> tuple[str, ...]:
    with pytest.raises(DeliveryError) as caught:
        check(site, script, manifest)
    return caught.value.lines()


def test_every_destructive_statement_is_named_with_its_line_and_the_manifests(site: Path) -> None:
    assert refused(site, "SELECT 1;\nDROP TABLE a;\nTRUNCATE b;\n") == (
        "inventories/demo-test/releases/one.sql:2: DROP TABLE a: table a is dropped "
        "(database.expand, inventories/demo-test/releases/1.1.0.yml:8); move it to database.contract",
        "inventories/demo-test/releases/one.sql:3: TRUNCATE b: every row is removed "
        "(database.expand, inventories/demo-test/releases/1.1.0.yml:8); move it to database.contract",
    )


def test_what_is_not_understood_is_refused_until_somebody_answers_for_it(site: Path) -> None:
    script = "DO $$ BEGIN NULL; END $$;"
    (line,) = refused(site, script)
    assert "not understood, so not checked" in line
    assert "database.reviewed {by, reason}" in line
    (notice,) = check(site, script, ("sessions", REVIEW))
    assert notice.endswith("reviewed by Ann (inventories/demo-test/releases/1.1.0.yml:9): it only fills the new column")


def test_a_review_does_not_excuse_what_is_plainly_destructive(site: Path) -> None:
    (line,) = refused(site, "DROP TABLE a; DO $$ BEGIN NULL; END $$;", ("sessions", REVIEW))
    assert "DROP TABLE a" in line


def test_a_warning_is_told_and_refuses_nothing(site: Path) -> None:
    (notice,) = check(site, "CREATE INDEX i ON a (b);")
    assert "releases/one.sql:1: CREATE INDEX i ON a (b): nobody can write to the table" in notice


def test_a_script_that_is_no_text_is_refused(site: Path) -> None:
    (site / "releases" / "one.sql").write_bytes(b"\xff\xfe\x00")
    environment = load_environment(site)
    with pytest.raises(DeliveryError, match=r"one\.sql: the script is not UTF-8 text"):
        check_scripts(environment, load_manifest(environment, "1.1.0"))


@pytest.mark.parametrize(
    ("sessions", "mix", "told"),
    [("isolated", "true", 1), ("finish_on_old", "true", 1), ("isolated", "false", 0), ("shared", "true", 0)],
)
def test_versions_that_mix_although_sessions_do_not_are_told_with_the_line(
    site: Path, sessions: str, mix: str, told: int
) -> None:
    for name, old, new in (
        ("releases/1.1.0.yml", "shared", sessions),
        ("delivery.yml", "release:\n", f"release:\n  mix_versions: {mix}\n"),
    ):
        (site / name).write_text((site / name).read_text().replace(old, new, 1))
    environment = load_environment(site)
    notices = mixing(environment, load_manifest(environment, "1.1.0"))
    assert len(notices) == told
    assert all(
        notice.startswith(f"inventories/demo-test/releases/1.1.0.yml:9: sessions are {sessions}") for notice in notices
    )
