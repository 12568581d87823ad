"""Reads an inventory directory the way Ansible does, in a process of its own: group_vars and host_vars count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from orchestrator.errors import LabError
from orchestrator.lab.topology import Topology, topology
from orchestrator.languages import _


def load(directory: Path) -> Topology:
    """The topology of DIR/hosts.yml. Raises LabError if Ansible cannot read it, or if it is no lab."""
    hosts_file = directory / "hosts.yml"
    if not hosts_file.is_file():
        raise LabError(_("no such file"), where=str(hosts_file), remedy=_("name an inventory directory with -i"))
    # As a module of this interpreter: the Ansible beside it is the one the runs use, whatever PATH says.
    argv = [sys.executable, "-m", "ansible.cli.inventory", "-i", str(hosts_file), "--list"]
    # A file that is no YAML would otherwise be an inventory without hosts, and a warning.
    environment = {**os.environ, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    listing = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
    if listing.returncode != 0:
        words = reason(listing.stderr)
        remedy = _("set ANSIBLE_VAULT_PASSWORD_FILE") if "vault" in words else ""
        raise LabError(words, where=str(hosts_file), remedy=remedy)
    return topology(json.loads(listing.stdout), default_name=directory.resolve().name)


def reason(stderr: str) -> str:
    """Ansible's own words, without its warnings."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("[WARNING]")]
    errors = [line.removeprefix("[ERROR]: ") for line in lines if line.startswith("[ERROR]")]
    return (errors or lines[-1:] or [_("ansible-inventory failed without a word")])[0]
