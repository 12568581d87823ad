# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: memory_budget
short_description: Share out a host's memory among the services that run on it
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Gives every service on a host its share, so that all of them together stay below RAM minus a reserve.
  - Each service has a minimum. What is left above all minimums is shared out by the profile's weights. More RAM never
    gives a service less.
  - What was given explicitly is kept, and the rest is fitted around it. What cannot be is refused in one line with the
    arithmetic and with what would make it fit.
  - 1 MB is 1 MiB.
positional: ram_mb
options:
  _input:
    description:
      - The services that run on the host, each with its options; V({}) when nothing was decided. Any of them may have
        C(share_mb), its whole share in MB.
    type: dict
    required: true
    suboptions:
      postgresql:
        description: C(connections), C(shared_buffers_mb), C(work_mem_mb), C(maintenance_work_mem_mb), C(huge_pages).
        type: dict
      mariadb:
        description: C(connections), C(buffer_pool_mb).
        type: dict
      redis:
        description: >-
          C(maxmemory_mb); C(persistence), whether it saves, appends or feeds replicas, which forks (default true);
          C(copy_on_write_percent), how much of its memory is written while a child saves (default 100).
        type: dict
      memcached:
        description: C(memory_mb) of each of C(instances) (default 1), C(connections).
        type: dict
      tomcat:
        description: >-
          C(slots) that run at the same time (default 1; 2 where a release can be on its way), and of each C(heap_mb),
          C(metaspace_mb), C(threads).
        type: dict
      wildfly:
        description: C(instances) (default 1), and of each C(heap_mb), C(metaspace_mb), C(threads).
        type: dict
      nginx:
        description: C(workers) (default one for each core), C(connections) of each.
        type: dict
      apache:
        description: C(workers), the requests at the same time.
        type: dict
      monitoring:
        description: C(agents), a list of names (default node_exporter), or C(memory_mb).
        type: dict
      other:
        description: C(memory_mb) of everything else.
        type: dict
      page_cache:
        description: Always present. C(share_mb), where the size is to be fixed.
        type: dict
  ram_mb:
    description: MB of RAM that count; C(memory.mb) of M(impl.lifecycle.host_memory).
    type: int
    required: true
  profile:
    description: What the host does.
    type: str
    choices: [oltp, reporting, web, mixed, small_site]
    default: mixed
  cores:
    description: Processors that count; C(cores.count) of M(impl.lifecycle.host_memory).
    type: float
    default: 2
  host:
    description: Name of the host, for messages.
    type: str
    default: ""
  reserve_mb:
    description: MB that stay with the system. Without it 96 MB and 1/16 of the RAM, from 128 to 8192 MB.
    type: int
seealso:
  - module: impl.lifecycle.host_memory
"""

EXAMPLES = r"""
- name: Ask what counts
  impl.lifecycle.host_memory:
  register: counts

- name: Show the arithmetic of the host
  ansible.builtin.debug:
    msg: "{{ budget.arithmetic }}"
  vars:
    budget: >-
      {{ {'postgresql': {}, 'redis': {'maxmemory_mb': 128}, 'tomcat': {'slots': 2}} | impl.lifecycle.memory_budget(
           ram_mb=counts.memory.mb, cores=counts.cores.count, profile='mixed', host=inventory_hostname) }}
"""

RETURN = r"""
_value:
  description:
    - C(ram_mb), C(reserve_mb), C(available_mb), C(total_mb) of all shares, C(unassigned_mb), and C(arithmetic), one
      line in which they add up.
    - C(shares) by service, each with C(mb), C(min_mb), C(given) (the user's options that decide it), C(why), C(source),
      C(arithmetic), C(terms) of one instance and C(count) of instances, C(values), and C(settings), a list of C(name),
      C(value), C(why), C(source) as the service's configuration takes them.
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_budget import budget
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_options import BudgetError


def memory_budget(services, ram_mb, profile="mixed", cores=2, host="", reserve_mb=None):
    """Return the budget of a host."""
    try:
        return budget(services, ram_mb, profile, cores, host, reserve_mb)
    except BudgetError as error:
        raise AnsibleFilterError(f"memory_budget: {error}") from error


class FilterModule:
    def filters(self):
        return {"memory_budget": memory_budget}
