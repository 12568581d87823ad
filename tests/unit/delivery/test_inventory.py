"""An inventory is read by Ansible, and refused in its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.delivery.inventory import hosts_of, listing, reason
from orchestrator.errors import InventoryError


def test_ansibles_own_error_is_told() -> None:
    stderr = "[WARNING]: something\n[ERROR]: Failed to parse inventory: bad yaml\nOrigin: x\n"
    assert reason(stderr) == "Failed to parse inventory: bad yaml"


def test_hosts_of_groups_below_are_those_of_the_group(tmp_path: Path) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text("db: {hosts: {a: {x: 1}}, children: {standby: {hosts: {b: }}}}\n")
    told = listing(file)
    assert (list(hosts_of(told, "db")), list(hosts_of(told, "app"))) == (["a", "b"], [])
    assert told["_meta"]["hostvars"]["a"] == {"x": 1}


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [
        ("hosts.yml", "all: [\n", ""),
        ("group_vars/all.yml", "$ANSIBLE_VAULT;1.1;AES256\n3132\n", "set ANSIBLE_VAULT_PASSWORD_FILE"),
    ],
)
def test_what_ansible_cannot_read_is_refused_in_one_line(tmp_path: Path, name: str, text: str, remedy: str) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "hosts.yml").write_text("all: {hosts: {a: }}\n")
    (tmp_path / name).write_text(text)
    with pytest.raises(InventoryError) as refused:
        listing(tmp_path / "hosts.yml")
    assert refused.value.where.endswith("hosts.yml")
    assert refused.value.remedy == remedy
    assert len(str(refused.value).splitlines()) == 1
