#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: host_memory
short_description: How much memory and how many processors really count on a host, and what its data lie on
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
options:
  data:
    description:
      - Directories with data, or patterns of them. Told is what the first one that is there lies on.
    type: list
    elements: path
    version_added: "0.2.0"
  question:
    description:
      - A command whose answer is wanted in the same call. It must change nothing, as it is run in check mode, too.
      - The call fails when it ends with another code than 0.
    type: list
    elements: str
    version_added: "0.2.0"
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

- name: Ask for the disk of the database as well
  impl.lifecycle.host_memory:
    data: [/var/lib/postgresql, /var/lib]
  register: counts

- name: Ask in the same call which version the host has
  impl.lifecycle.host_memory:
    question: [dpkg-query, --show, "--showformat=${Version}", mariadb-server]
  register: found
  failed_when: found.rc not in [0, 1]
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
    text:
      description: C(mb) as a message tells it, with C(source) where that is a control group.
      type: str
      returned: always
      sample: "2048 MB [/sys/fs/cgroup/memory.max]"
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
disk:
  description: What the data lie on.
  type: dict
  returned: when O(data) is given
  contains:
    kind:
      description: V(hdd), V(ssd) or V(san); empty where the host does not tell, as below a container's overlay.
      type: str
      returned: always
    mb:
      description: Size of the file system in MB.
      type: int
      returned: always
    path:
      description: The directory that was looked at.
      type: str
      returned: always
    text:
      description: Why, in a few words. A virtual disk that says that it rotates says nothing.
      type: str
      returned: always
      sample: nvme0n1 does not rotate
rc:
  description: The code O(question) ended with.
  type: int
  returned: when there is a question
stdout:
  description: What it said. C(stdout_lines) are the lines of it.
  type: str
  returned: when there is a question
stderr:
  description: What it complained about.
  type: str
  returned: when there is a question
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import host_disk, host_limits


def main():
    module = AnsibleModule(
        argument_spec={
            "data": {"type": "list", "elements": "path"},
            "question": {"type": "list", "elements": "str"},
        },
        supports_check_mode=True,
    )
    memory, cores = host_limits.memory(), host_limits.cores()
    if not memory["mb"]:
        module.fail_json(msg="/proc/meminfo does not tell how much memory there is: is /proc mounted?")
    found = {"changed": False, "memory": memory, "cores": cores}
    if module.params["data"]:
        found["disk"] = host_disk.disk(module.params["data"])
    question = module.params["question"]
    if not question:
        module.exit_json(**found)
    rc, stdout, stderr = module.run_command(question)
    found.update(rc=rc, stdout=stdout.rstrip("\r\n"), stderr=stderr.rstrip("\r\n"))
    if rc:
        module.fail_json(msg=f"{question[0]} ended with {rc}: {found['stderr'] or found['stdout']}", **found)
    module.exit_json(**found)


if __name__ == "__main__":
    main()
