# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: tuning_plan
short_description: What should be set on a host, each value with its arithmetic and its source
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Shares out the memory of a host among what runs there, and derives the settings of each service from it, from the
    workload, the processors and the disk.
  - What the inventory gives is kept, and the rest is fitted around it.
positional: _input
options:
  _input:
    description: Name of the host.
    type: str
    required: true
  hostvars:
    description: The variables of all hosts.
    type: dict
    required: true
  groups:
    description: The hosts of all groups.
    type: dict
    required: true
  slots:
    description: Slots of the application that run on a host at the same time.
    type: int
    default: 2
  ram_mb:
    description: Memory of the host that really counts, in MiB.
    type: int
    required: true
  cores:
    description: Its processors.
    type: float
    required: true
  disk:
    description: What its data lie on.
    type: str
    choices: [ssd, hdd, san]
    default: ssd
  disk_source:
    description: Who says what it is, in a few words.
    type: str
    default: ""
  disk_mb:
    description: Size of the file system with the data, in MiB; it bounds what a database may write ahead.
    type: int
  profile:
    description: The workload.
    type: str
    choices: [oltp, reporting, web, mixed, small_site]
    default: mixed
"""

EXAMPLES = r"""
- name: Show what a larger host would get
  ansible.builtin.debug:
    msg: "{{ inventory_hostname | impl.lifecycle.tuning_plan(hostvars, groups, ram_mb=32768, cores=8) }}"
"""

RETURN = r"""
_value:
  description:
    - C(machine), C(budget) as the filter P(impl.lifecycle.memory_budget#filter) gives it, and C(settings) by service,
      each with C(name), C(value), C(why), C(source) and whether it was C(given).
    - C(variables) are what the roles are told.
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_options import BudgetError
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_inventory import (
    given_of,
    note_pools,
    pools_of,
    services_of,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_machine import Machine
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_plan import plan
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import inventory_of


def tuning_plan(
    host, hostvars, groups, ram_mb, cores, slots=2, disk="ssd", disk_mb=None, profile="mixed", disk_source=""
):
    """Return the plan of one host."""
    mine = [name for name, hosts in groups.items() if host in hosts]
    try:
        size = None if disk_mb is None else whole("disk_mb", disk_mb)
        machine = Machine(whole("ram_mb", ram_mb), max(whole("cores", cores), 1), disk, size, profile, disk_source)
        pools = pools_of([hostvars[name] for name in groups.get("app", [])], int(slots))
        variables = inventory_of(hostvars[host])
        made = plan(services_of(mine, variables, int(slots), pools), machine, host, given_of(mine, variables))
        note_pools(made["settings"], pools)
        return made
    except (BudgetError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"tuning_plan: {error}") from error


def whole(name, value):
    """A number that may be written as a text, without its fraction. Raises BudgetError naming the one that is none."""
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        raise BudgetError(f"{name} is no number: {value}") from None


class FilterModule:
    def filters(self):
        return {"tuning_plan": tuning_plan}
