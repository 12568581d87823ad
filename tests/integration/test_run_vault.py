"""A vault without its password: refused beforehand where that is sure, told in one line where only Ansible knows."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from planted import encrypt

HOST = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
GREET = "- name: Greet\n  ansible.builtin.debug: {msg: hello}"
NONE_GIVEN = "no vault password was given that opens it; give --vault-id FILE, or --ask-vault-pass (-J)"
NONE_FITS = (
    "none of the vault passwords that were given opens it; "
    "give the one it was encrypted with: --vault-id FILE, or --ask-vault-pass (-J)"
)


@pytest.fixture
def vaulted(site: Any) -> Any:
    """A site with two groups of a host each, and a playbook for all of them."""
    site.write("vault-password", "open-sesame\n")
    site.write("wrong-password", "open-barley\n")
    groups = {"db": {"hosts": {"one": HOST}}, "edge": {"hosts": {"two": HOST}}, "empty": {}}
    (site.environment / "hosts.yml").write_text(json.dumps({"all": {"children": groups}}), encoding="utf-8")
    site.playbook(GREET)
    return site


def vault(site: Any, name: str) -> str:
    """Put an encrypted file of variables below the environment; returns how a person would name it."""
    file = site.write(f"inventories/site-lab/{name}", "database_password: of-the-vault\n")
    encrypt(site, "encrypt", str(file))
    return f"inventories/site-lab/{name}"


@pytest.mark.parametrize("name", ["group_vars/all/vault.yml", "group_vars/db.yml", "host_vars/two/vault.yml"])
@pytest.mark.parametrize(("given", "why"), [((), NONE_GIVEN), (("--vault-id", "wrong-password"), NONE_FITS)])
def test_a_run_that_is_sure_to_read_a_closed_vault_is_refused_beforehand(
    vaulted: Any, name: str, given: tuple[str, ...], why: str
) -> None:
    file = vault(vaulted, name)
    refused = vaulted.run("preflight", *given)
    assert (refused.returncode, refused.stdout) == (1, f"lifecycle: {file}: {why}\n")
    assert vaulted.history() == []


def test_every_way_to_give_the_password_is_known(vaulted: Any) -> None:
    vault(vaulted, "group_vars/all/vault.yml")
    assert vaulted.run("site.yml", "--vault-id", "vault-password").returncode == 0
    vaulted.env["ANSIBLE_VAULT_PASSWORD_FILE"] = str(vaulted.root / "vault-password")
    assert vaulted.run("site.yml").returncode == 0
    del vaulted.env["ANSIBLE_VAULT_PASSWORD_FILE"]
    vaulted.write("ansible.cfg", "[defaults]\nvault_password_file = vault-password\n")
    assert vaulted.run("site.yml").returncode == 0


@pytest.mark.parametrize("setting", ["ask_vault_pass = true", "vault_identity_list = db@prompt"])
def test_a_password_that_ansible_would_ask_for_on_a_terminal_nobody_sees_is_refused(vaulted: Any, setting: str) -> None:
    vault(vaulted, "group_vars/all/vault.yml")
    vaulted.write("ansible.cfg", f"[defaults]\n{setting}\n")
    refused = vaulted.run("site.yml")
    assert (refused.returncode, refused.stdout.count("\n")) == (1, 1), refused.stdout
    assert (
        "Ansible would ask for a vault password where nobody can answer; give --ask-vault-pass (-J)" in refused.stdout
    )


def test_a_password_file_that_is_not_there_is_named(vaulted: Any) -> None:
    file = vault(vaulted, "group_vars/all/vault.yml")
    refused = vaulted.run("preflight", "--vault-id", "gone")
    assert refused.returncode == 1
    assert refused.stdout.startswith(f"lifecycle: {file}: the vault password that opens it cannot be had (")
    assert f"{vaulted.root}/gone was not found" in refused.stdout
    assert len(refused.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["group_vars/empty.yml", "group_vars/gone/vault.yml", "group_vars/all/.kept.yml", "group_vars/all.yml"]
)
def test_a_vault_that_nothing_reads_stops_nothing(vaulted: Any, name: str) -> None:
    vault(vaulted, name)
    assert (vaulted.environment / "group_vars" / "all").is_dir(), "beside it all.yml is passed over"
    assert vaulted.run("site.yml").returncode == 0


def test_hosts_without_the_vault_can_be_had_without_its_password(vaulted: Any) -> None:
    vault(vaulted, "group_vars/edge/vault.yml")
    assert vaulted.run("site.yml", "-l", "one").returncode == 0


@pytest.mark.parametrize(("given", "why"), [((), NONE_GIVEN), (("--vault-id", "wrong-password"), NONE_FITS)])
def test_a_vault_that_only_ansible_knows_to_be_needed_fails_the_run_in_one_line(
    vaulted: Any, given: tuple[str, ...], why: str
) -> None:
    # In a rehearsal nothing marks the hosts before: the play begins, and its first task does not.
    file = vault(vaulted, "group_vars/db/vault.yml")
    failed = vaulted.run("site.yml", "--check", *given)
    assert failed.returncode == 1, failed.stdout
    assert f"failed: site: {file}: {why}\n" in failed.stdout
    (run,) = vaulted.history()
    assert run["status"] == "failed"


def test_a_vault_that_is_met_after_a_task_leaves_the_run_incomplete(vaulted: Any) -> None:
    file = vault(vaulted, "host_vars/two.yml")
    failed = vaulted.run("site.yml", "--check")
    assert failed.returncode == 2, failed.stdout
    assert f"failed: site: {file}: {NONE_GIVEN}\n" in failed.stdout
    assert vaulted.history()[0]["status"] == "incomplete"
