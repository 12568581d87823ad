"""Reads an inventory the way Ansible does, in a process of its own: group_vars and host_vars count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.errors import InventoryError
from orchestrator.languages import _
from orchestrator.paths import shown


def listing(hosts_file: Path) -> dict[str, Any]:
    """What `ansible-inventory --list` tells: group -> {hosts, children}, and `_meta`: {hostvars: host -> variables}.

    Templates stand there as they are written. Raises InventoryError in Ansible's words when it cannot read the files.
    """
    # As a module of this interpreter: the Ansible beside it is the one the runs use, whatever PATH says.
    argv = [sys.executable, "-m", "ansible.cli.inventory", "-i", str(hosts_file), "--list"]
    # A file that is no YAML would otherwise be an inventory without hosts, and a warning.
    environment = {**os.environ, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
    if ended.returncode != 0:
        words = reason(ended.stderr)
        remedy = _("set ANSIBLE_VAULT_PASSWORD_FILE") if "vault" in words else ""
        raise InventoryError(words, where=shown(hosts_file), remedy=remedy)
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def hosts_of(told: Mapping[str, Any], group: str) -> Iterator[str]:
    """The hosts of a group and of those below it; one that is in several of them comes as often."""
    about = told.get(group, {})
    yield from about.get("hosts", ())
    for child in about.get("children", ()):
        yield from hosts_of(told, child)


def reason(stderr: str) -> str:
    """Ansible's own words, without its warnings."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("[WARNING]")]
    errors = [line.removeprefix("[ERROR]: ") for line in lines if line.startswith("[ERROR]")]
    return (errors or lines[-1:] or [_("ansible-inventory failed without a word")])[0]
