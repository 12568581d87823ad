"""The topology of an inventory directory."""

from __future__ import annotations

from pathlib import Path

from orchestrator.delivery.inventory import listing
from orchestrator.errors import LabError
from orchestrator.lab.topology import Topology, topology
from orchestrator.languages import _


def load(directory: Path) -> Topology:
    """The topology of DIR/hosts.yml. Raises InventoryError if Ansible cannot read it, and LabError if it is no lab."""
    hosts_file = directory / "hosts.yml"
    if not hosts_file.is_file():
        raise LabError(_("no such file"), where=str(hosts_file), remedy=_("name an inventory directory with -i"))
    return topology(listing(hosts_file), default_name=directory.resolve().name)
