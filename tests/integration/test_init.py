"""A scaffolded environment in Ansible's own hands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.delivery.scaffold import scaffold

ROOT = Path(__file__).parents[2]
ROLES = ROOT / "collections" / "ansible_collections" / "impl" / "lifecycle" / "roles"
# What a playbook derives, and what belongs to the site alone.
OWN = {"database_name", "app_network", "database_password", "cache_password"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sites") / "acme-test"
    scaffold(path, "acme", "test", "web-shop")
    (path.parent / "plain.cfg").write_text("[defaults]\n")
    return path


def ansible(*command: str, cwd: Path, config: str = "../plain.cfg") -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "ANSIBLE_CONFIG": config, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false"}
    # The programs of this virtual environment, whatever is on the PATH.
    program = str(Path(sys.executable).parent / command[0])
    return subprocess.run([program, *command[1:]], cwd=cwd, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("given", "config"), [("hosts.yml", "../plain.cfg"), (".", str(ROOT / "ansible.cfg"))])
def test_ansible_reads_it_without_a_warning(environment: Path, given: str, config: str) -> None:
    answer = ansible("ansible-inventory", "-i", given, "--list", cwd=environment, config=config)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    inventory: dict[str, Any] = json.loads(answer.stdout)
    assert set(inventory["all"]["children"]) >= {"edge", "app", "cache", "db"}
    assert set(inventory["_meta"]["hostvars"]) == {"edge1", "app1", "app2", "cache1", "db1"}


def test_a_missing_password_stops_the_run_by_its_name(environment: Path) -> None:
    command = ("ansible", "db1", "-i", "hosts.yml", "-c", "local", "-m", "ansible.builtin.debug", "-a")
    answer = ansible(*command, "msg={{ postgresql_users }}", cwd=environment)
    assert answer.returncode != 0
    assert "vault_database_password" in answer.stdout + answer.stderr


def test_with_a_vault_the_password_arrives(environment: Path, tmp_path: Path) -> None:
    secret = tmp_path / "vault-password"
    secret.write_text("of the vault\n")
    vault = environment / "group_vars" / "all" / "vault.yml"
    vault.write_text('vault_database_password: "hunter2"\n')
    try:
        answer = ansible("ansible-vault", "encrypt", "--vault-password-file", str(secret), str(vault), cwd=environment)
        assert answer.returncode == 0, answer.stderr
        command = ("ansible", "db1", "-i", "hosts.yml", "-c", "local", "--vault-password-file", str(secret))
        shown = ansible(
            *command, "-m", "ansible.builtin.debug", "-a", "msg={{ postgresql_users[0].password }}", cwd=environment
        )
        assert "hunter2" in shown.stdout
    finally:
        vault.unlink()


def test_every_variable_it_sets_is_one_a_role_or_a_playbook_knows(environment: Path) -> None:
    known = set(OWN)
    for playbook in (ROLES.parent / "playbooks").glob("*.yml"):
        known |= set(re.findall(r"[a-z]+(?:_[a-z]+)+", playbook.read_text()))
    for specs in ROLES.glob("*/meta/argument_specs.yml"):
        entry_points = yaml.safe_load(specs.read_text())["argument_specs"].values()
        known |= {option for entry in entry_points for option in entry.get("options", {})}
    for file in (environment / "group_vars").rglob("*.yml"):
        text = file.read_text()
        names = set(yaml.safe_load(text) or {}) | set(re.findall(r"^# ([a-z]+_[a-z_]+):", text, re.M))
        strange = {name for name in names if not name.startswith("ansible_")} - known
        assert not strange, f"{file.name}: nothing reads {', '.join(sorted(strange))}"
