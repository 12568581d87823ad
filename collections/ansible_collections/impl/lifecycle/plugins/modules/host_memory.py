#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: host_memory
short_description: How much memory and how many processors really count on a host
version_added: "0.2.0"
description:
  - The least of what the kernel has (C(MemTotal)) and what control groups allow (C(memory.max) of version 2,
    C(memory.limit_in_bytes) of version 1), from the group of process 1 upwards as far as it is visible. Processors
    likewise (C(cpu.max), C(cpu.cfs_quota_us)).
  - In a container C(ansible_facts.memtotal_mb) is the outer machine's memory; whoever gives services that much gets
    them killed.
  - Changes nothing on the host.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
attributes:
  check_mode:
    description: Does the same in check mode, because it changes nothing.
    support: full
seealso:
  - plugin: impl.lifecycle.memory_budget
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask what counts on the host
  impl.lifecycle.host_memory:
  register: counts

- name: Say it
  ansible.builtin.debug:
    msg: "{{ counts.memory.mb }} MB, because of {{ counts.memory.source }}"
"""

RETURN = r"""
memory:
  description: RAM that counts.
  type: dict
  returned: always
  contains:
    mb:
      description: MB (1024 x 1024 bytes) that count.
      type: int
      returned: always
    source:
      description: Where that was said.
      type: str
      returned: always
    limited:
      description: A control group allows less than the machine has.
      type: bool
      returned: always
    found:
      description: Everything that was found, each with C(mb) and C(source).
      type: list
      elements: dict
      returned: always
cores:
  description: Processors that count.
  type: dict
  returned: always
  contains:
    count:
      description: How many; 1.5 where a control group gives the time of one and a half.
      type: float
      returned: always
    source:
      description: Where that was said.
      type: str
      returned: always
    limited:
      description: A control group allows less time than there are processors.
      type: bool
      returned: always
    found:
      description: Everything that was found, each with C(count) and C(source).
      type: list
      elements: dict
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import host_limits


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    memory, cores = host_limits.memory(), host_limits.cores()
    if not memory["mb"]:
        module.fail_json(msg="/proc/meminfo does not tell how much memory there is: is /proc mounted?")
    module.exit_json(changed=False, memory=memory, cores=cores)


if __name__ == "__main__":
    main()
