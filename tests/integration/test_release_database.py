"""Scripts for PostgreSQL at a site with MariaDB: one refusal by `lifecycle`, and the same by the playbooks alone."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COLLECTIONS = Path(__file__).parents[2] / "collections"
PLAYBOOKS = COLLECTIONS / "ansible_collections" / "impl" / "lifecycle" / "playbooks"
HOST = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
MANIFEST = """\
schema: 1
application: clinic
version: "1.1.0"
artifact: {{path: clinic.war, sha256: {sha256}}}
database:
  expand: [one.sql]
  contract: [two.sql]
"""
# What release_close has done by then, and its own file of tasks.
CLOSING = """\
- name: Close
  hosts: edge
  gather_facts: false
  vars:
    lifecycle_delivery: {{application: {{name: clinic}}}}
    lifecycle_asked: {{state: {{stable: {{version: "1.1.0"}}}}}}
  tasks:
    - name: Read and check
      ansible.builtin.include_tasks: {playbooks}/tasks/release_contract_request.yml
      args: {{apply: {{run_once: true}}}}
"""


@pytest.fixture
def mariadb(site: Any) -> Any:
    groups = {group: {"hosts": {f"{group}1": HOST}} for group in ("edge", "app", "db")}
    (site.environment / "hosts.yml").write_text(json.dumps({"all": {"children": groups}}), encoding="utf-8")
    site.group_vars("mariadb_databases: [{name: clinic}]\n", name="db/main.yml")
    releases = "inventories/site-lab/releases"
    war = site.write(f"{releases}/clinic.war", "war")
    site.write(f"{releases}/one.sql", "CREATE TABLE a (b int);\n")
    site.write(f"{releases}/two.sql", "DROP TABLE a;\n")
    site.write(f"{releases}/1.1.0.yml", MANIFEST.format(sha256=hashlib.sha256(war.read_bytes()).hexdigest()))
    return site


def play(site: Any, playbook: str, *given: str) -> subprocess.CompletedProcess[str]:
    """ansible-playbook, without `lifecycle`."""
    program = Path(sys.executable).parent / "ansible-playbook"
    environment = {**site.env, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
    command = [program, playbook, "-i", "inventories/site-lab/hosts.yml", "-e", "candidate=1.1.0", *given]
    return subprocess.run(command, cwd=site.root, env=environment, text=True, capture_output=True, check=False)


@pytest.mark.parametrize("vault", [False, True], ids=["plain", "vaulted"])
def test_lifecycle_refuses_in_one_line_and_no_release_is_left(mariadb: Any, vault: bool) -> None:
    options = []
    if vault:
        # As a site has it: only who starts the release has the password, and Ansible alone reads what is in there.
        password = mariadb.write("vault-password", "opens-it-4711")
        file = mariadb.group_vars("mariadb_users: []\n", name="db/main.yml")
        encrypt = ["ansible-vault", "encrypt", "--vault-password-file", str(password), str(file)]
        subprocess.run([Path(sys.executable).parent / encrypt[0], *encrypt[1:]], check=True, capture_output=True)
        options = ["--vault-id", str(password)]
    refused = mariadb.lifecycle("release", "start", "1.1.0", "-i", "site-lab", *options)
    line = refused.stdout.splitlines()[-1]
    what = "releases/1.1.0.yml:6: database.expand is done in PostgreSQL, and db1 runs mariadb; take it out and change"
    assert what in line, refused.stdout
    assert refused.returncode == 1
    status = mariadb.lifecycle("release", "status", "-i", "site-lab")
    assert "no release" in status.stdout, status.stdout


def test_the_playbook_alone_refuses_before_anything_is_changed(mariadb: Any) -> None:
    refused = play(mariadb, "impl.lifecycle.release", "-e", "weight=0")
    assert refused.returncode == 2, refused.stdout
    said = " ".join(refused.stdout.split())
    assert "releases/1.1.0.yml:6: database.expand is done in PostgreSQL, and db1 runs mariadb. Take it out" in said
    assert "changed=0" in said
    assert "Ask the edges" not in said


def test_where_postgresql_is_named_the_playbook_goes_on(mariadb: Any) -> None:
    mariadb.group_vars("mariadb_databases: []\nlifecycle_servers: [postgresql, mariadb]\n", name="db/main.yml")
    went = play(mariadb, "impl.lifecycle.release", "-e", "weight=0", "--check")
    assert "is done in PostgreSQL" not in went.stdout
    assert "Ask the edges whether the step fits" in went.stdout


def test_contracting_is_refused_before_the_window_is_closed(mariadb: Any) -> None:
    mariadb.write("close.yml", CLOSING.format(playbooks=PLAYBOOKS))
    refused = play(mariadb, "close.yml", "-e", "contract=true")
    assert refused.returncode == 2, refused.stdout
    said = " ".join(refused.stdout.split())
    assert "releases/1.1.0.yml:7: database.contract is done in PostgreSQL, and db1 runs mariadb." in said
