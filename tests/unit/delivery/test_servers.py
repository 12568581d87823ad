"""Scripts and backups are PostgreSQL's: a site whose databases are others is told before a release begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.delivery import load_environment, load_manifest
from orchestrator.delivery.servers import refuse_other_servers, servers_of_database_host
from orchestrator.errors import DeliveryError

MARIADB = "# a comment\nmariadb_databases: [{name: clinic}]\n"
VAULT = "$ANSIBLE_VAULT;1.1;AES256\n3132\n"
HOSTS = """\
all:
  children:
    databases: {children: {db: {children: {first: {hosts: {db1: {}}}, second: {hosts: {db2: {}}}}}}}
    app: {hosts: {app1: {mariadb_users: []}}}
"""


def put(site: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "servers"),
    [
        ({}, ["postgresql"]),
        ({"group_vars/databases/main.yml": MARIADB}, ["mariadb"]),
        ({"group_vars/all.yml": "lifecycle_servers: [mariadb, redis]\n"}, ["mariadb"]),
        ({"group_vars/db.yml": MARIADB, "host_vars/db1.yml": "lifecycle_servers: []\n"}, []),
        ({"group_vars/db.yml": MARIADB, "group_vars/all.yml": "postgresql_users: []\n"}, ["postgresql", "mariadb"]),
        ({"host_vars/db2.yml": MARIADB}, ["postgresql"]),
    ],
    ids=["nothing said", "of a group above", "said", "said of the host", "both", "another host"],
)
def test_what_the_first_database_host_runs_is_read_as_ansible_reads_it(
    site: Path, files: dict[str, str], servers: list[str]
) -> None:
    put(site, {"hosts.yml": HOSTS, **files})
    assert servers_of_database_host(load_environment(site)) == ("db1", servers)


@pytest.mark.parametrize(
    "files",
    [
        {"group_vars/db.yml": "lifecycle_servers: '{{ servers }}'\n"},
        {"group_vars/db.yml": "lifecycle_servers: [oracle]\n"},
        {"group_vars/db.yml": MARIADB, "group_vars/all/vault.yml": VAULT},
        {"hosts.yml": "db: {}\napp: {hosts: {app1: {mariadb_users: []}}}\n"},
    ],
    ids=["template", "unknown", "closed vault", "no database host"],
)
def test_what_is_not_to_be_told_from_here_is_left_to_the_run(site: Path, files: dict[str, str]) -> None:
    put(site, {"hosts.yml": HOSTS, **files})
    assert servers_of_database_host(load_environment(site)) is None


@pytest.mark.parametrize(
    ("database", "key", "line"),
    [
        ("expand: [one.sql]", "expand", 8),
        ("backup_before_expand: true", "backup_before_expand", 8),
        ("contract: [one.sql]", "contract", 8),
    ],
)
def test_what_needs_postgresql_is_refused_by_its_line(site: Path, database: str, key: str, line: int) -> None:
    put(site, {"hosts.yml": HOSTS, "group_vars/db.yml": MARIADB})
    file = site / "releases" / "1.1.0.yml"
    file.write_text(file.read_text().replace("expand: [one.sql]", database))
    environment = load_environment(site)
    with pytest.raises(DeliveryError) as refused:
        refuse_other_servers(environment, load_manifest(environment, "1.1.0"))
    (told,) = refused.value.lines()
    assert f"releases/1.1.0.yml:{line}: database.{key} is done in PostgreSQL, and db1 runs mariadb; take it out" in told


def test_a_version_without_scripts_is_not_refused(site: Path) -> None:
    put(site, {"hosts.yml": HOSTS, "group_vars/db.yml": MARIADB})
    file = site / "releases" / "1.1.0.yml"
    file.write_text(file.read_text().replace("expand: [one.sql]", "expand: []"))
    environment = load_environment(site)
    refuse_other_servers(environment, load_manifest(environment, "1.1.0"))
