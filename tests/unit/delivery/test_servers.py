"""Scripts and backups are PostgreSQL's: a site whose databases are others is told before a release begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.delivery import load_environment, load_manifest
from orchestrator.delivery.servers import other_servers, refuse_other_servers
from orchestrator.errors import DeliveryError

MARIADB = "# a comment\nmariadb_databases: [{name: clinic}]\n"
VAULT = "$ANSIBLE_VAULT;1.1;AES256\n3132\n"
GROUPS = """\
all:
  children:
    databases: {children: {db: {}}}
    db: {hosts: {db1: {}, db2: {}}}
    app: {hosts: {app1: {mariadb_users: []}}}
"""


def put(site: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "servers", "where"),
    [
        ({"group_vars/db/main.yml": MARIADB}, ["mariadb"], "group_vars/db/main.yml:2"),
        ({"group_vars/db.yml": MARIADB, "group_vars/all/vault.yml": VAULT}, ["mariadb"], "group_vars/db.yml:2"),
        ({"group_vars/all.yml": "lifecycle_servers: [mariadb, redis]\n"}, ["mariadb"], "group_vars/all.yml:1"),
        ({"group_vars/db.yml": "lifecycle_servers: []\npostgresql_port: 1\n"}, [], "group_vars/db.yml:1"),
        ({"hosts.yml": GROUPS, "group_vars/databases.yml": MARIADB}, ["mariadb"], "group_vars/databases.yml:2"),
        ({"hosts.yml": "app:\ndb: {hosts: {db1: {mariadb_users: []}}}\n"}, ["mariadb"], "hosts.yml:2"),
        ({"hosts.yml": "app:\ndb:\n  hosts: {db1: }\n  vars: {mariadb_users: []}\n"}, ["mariadb"], "hosts.yml:4"),
    ],
)
def test_databases_that_are_not_postgresql_are_known_by_the_line_that_says_so(
    site: Path, files: dict[str, str], servers: list[str], where: str
) -> None:
    put(site, files)
    found = other_servers(load_environment(site))
    assert found is not None
    assert found[0] == servers
    assert found[1].endswith(f"/{where}") or found[1] == where


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"group_vars/db.yml": MARIADB, "group_vars/all.yml": "postgresql_users: []\n"},
        {"group_vars/db.yml": MARIADB, "host_vars/db1.yml": "lifecycle_servers: [postgresql, mariadb]\n"},
        {"group_vars/db.yml": MARIADB, "group_vars/db/own.yml": "x: 1\n"},
        {"group_vars/db.yml": "lifecycle_servers: '{{ servers }}'\n"},
        {"group_vars/db.yml": "lifecycle_servers: [oracle]\n"},
        {"hosts.yml": GROUPS, "host_vars/db2.yml": MARIADB},
        {"hosts.yml": "db: {}\napp: {hosts: {app1: {mariadb_users: []}}}\n"},
        {
            "hosts.yml": GROUPS,
            "group_vars/db.yml": "lifecycle_servers: [mariadb]\n",
            "group_vars/databases.yml": "lifecycle_servers: [postgresql]\n",
        },
    ],
    ids=["nothing", "both", "said", "passed over", "template", "unknown", "one of two", "no database host", "two say"],
)
def test_where_postgresql_may_run_nothing_is_refused(site: Path, files: dict[str, str]) -> None:
    put(site, files)
    assert other_servers(load_environment(site)) is None


@pytest.mark.parametrize(
    ("database", "key", "line"),
    [
        ("expand: [one.sql]", "expand", 8),
        ("backup_before_expand: true", "backup_before_expand", 8),
        ("contract: [one.sql]", "contract", 8),
    ],
)
def test_what_needs_postgresql_is_refused_with_both_lines(site: Path, database: str, key: str, line: int) -> None:
    put(site, {"group_vars/db.yml": MARIADB})
    file = site / "releases" / "1.1.0.yml"
    file.write_text(file.read_text().replace("expand: [one.sql]", database))
    environment = load_environment(site)
    with pytest.raises(DeliveryError) as refused:
        refuse_other_servers(environment, load_manifest(environment, "1.1.0"))
    (told,) = refused.value.lines()
    assert f"releases/1.1.0.yml:{line}: database.{key} is done in PostgreSQL, and the group db runs mariadb (" in told
    assert "group_vars/db.yml:2)" in told


def test_a_version_without_scripts_is_not_refused(site: Path) -> None:
    put(site, {"group_vars/db.yml": MARIADB})
    file = site / "releases" / "1.1.0.yml"
    file.write_text(file.read_text().replace("expand: [one.sql]", "expand: []"))
    environment = load_environment(site)
    refuse_other_servers(environment, load_manifest(environment, "1.1.0"))
