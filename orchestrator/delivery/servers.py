"""Whether what a manifest wants of PostgreSQL can be had, before a run begins.

The playbooks ask the same before they change anything (tasks/release_database.yml): they are the other door.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestrator.delivery.inventory import hosts_of, listing
from orchestrator.delivery.yamlfile import read_yaml
from orchestrator.errors import InventoryError
from orchestrator.languages import _
from orchestrator.paths import module_util

if TYPE_CHECKING:
    from orchestrator.delivery.environment import Environment
    from orchestrator.delivery.manifest import Manifest

GROUP: Final = "db"
SERVER: Final = "postgresql"
NEEDING: Final = ("expand", "backup_before_expand", "contract")


def refuse_other_servers(environment: Environment, manifest: Manifest) -> None:
    """Raises DeliveryError when the manifest wants something of PostgreSQL that the host which would do it has not."""
    wanted = [key for key in NEEDING if getattr(manifest.database, key)]
    found = servers_of_database_host(environment) if wanted else None
    if found is None or SERVER in found[1]:
        return
    host, servers = found
    file = read_yaml(environment.manifest_path(manifest.version))
    raise file.problem(
        ("database", wanted[0]),
        _("database.%(key)s is done in PostgreSQL, and %(host)s runs %(servers)s")
        % {"key": wanted[0], "host": host, "servers": ", ".join(servers) or _("no database server")},
        _("take it out and change that database by its own means, or name postgresql in lifecycle_servers if it runs"),
    )


def servers_of_database_host(environment: Environment) -> tuple[str, list[str]] | None:
    """The first host of the group db, which scripts run on, and what it runs.

    None where there is no such host, and where it is not to be told from here: what stands in a vault that is closed or
    in a template, the run reads for itself, or refuses.
    """
    try:
        told = listing(environment.hosts_file)
        for host in hosts_of(told, GROUP):
            variables = told["_meta"]["hostvars"].get(host, {})
            return host, module_util("host_servers").servers_of([GROUP], variables)
    except (InventoryError, ValueError):
        pass
    return None
