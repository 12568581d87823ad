# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that is set on a host: the memory budget, and the values of each service with why and source. Pure."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from ansible_collections.impl.lifecycle.plugins.module_utils import tuning_postgresql, tuning_services
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_budget import budget
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_machine import Machine
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import variables_of

GIVEN = "given in the inventory"
# The memory that a service asks for first: its note has the whole host's arithmetic.
MEMORY = ("shared_buffers", "innodb_buffer_pool_size", "maxmemory", "-m", "-Xmx")
# Values that follow from the host and the workload alone, and those that follow from the share as well.
OF_MACHINE = {
    "postgresql": tuning_postgresql.settings,
    "memcached": tuning_services.memcached,
    "nginx": tuning_services.nginx,
}
OF_SHARE = {
    "mariadb": tuning_services.mariadb,
    "redis": tuning_services.redis,
    "tomcat": tuning_services.tomcat,
}


def plan(
    services: Mapping[str, Any],
    machine: Machine,
    host: str = "",
    given: Optional[Mapping[str, Mapping[str, Any]]] = None,
) -> dict[str, Any]:
    """Return {host, machine, budget, settings: {service: [{name, value, why, source, given}]}, variables}.

    The setting that takes most of a service's share has `host`, too: how the memory of the whole host was shared out.
    `services`: service -> what is given about its memory, as `budget` takes it. `given`: service -> setting -> the
    owner's value, which is kept. `variables`: what the roles are told. The kernel is the service `kernel`,
    the journal `journal`. Raises
    BudgetError with the arithmetic when the services do not fit.
    """
    shares = budget(services, machine.ram_mb, machine.profile, machine.cores, host)
    settings = {}
    for service, share in shares["shares"].items():
        found = list(share["settings"])
        if service in OF_MACHINE:
            found += OF_MACHINE[service](machine)
        if service in OF_SHARE:
            found += OF_SHARE[service](machine, share["values"])
        found = [{**one, "host": shares["arithmetic"]} if one["name"] in MEMORY else one for one in found]
        if found:
            settings[service] = found
    kernel = tuning_services.kernel(machine, services)
    if kernel:
        settings["kernel"] = kernel
    settings["journal"] = tuning_services.journal(machine)
    settings = {
        service: [kept(one, (given or {}).get(service, {})) for one in made] for service, made in settings.items()
    }
    about = {
        "ram_mb": machine.ram_mb,
        "cores": machine.cores,
        "disk": machine.disk,
        "disk_source": machine.disk_source,
        "disk_mb": machine.disk_mb,
        "profile": machine.profile,
    }
    return {"host": host, "machine": about, "budget": shares, "settings": settings, "variables": variables_of(settings)}


def kept(made: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The owner's value in place of ours, where there is one."""
    name = made["name"]
    if name.startswith("-XX:+Use") and "-XX:+UseGC" in given:
        return {**made, "name": given["-XX:+UseGC"], "why": GIVEN, "source": "inventory", "given": True}
    if name in given:
        return {**made, "value": given[name], "why": GIVEN, "source": "inventory", "given": True}
    return {**made, "given": False}
