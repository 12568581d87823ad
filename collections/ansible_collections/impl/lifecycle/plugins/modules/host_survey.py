#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: host_survey
short_description: Look at what a host is, has and can reach
version_added: "0.1.0"
description:
  - Reads operating system, processors, memory, free disk, listeners, name resolution, package sources and the way to
    other hosts in one call. Changes nothing on the host.
  - Never fails for what it finds. A host that cannot be reached, or whose C(sudo) does not work, gives a result that
    says so, so that one bad host does not hide what is wrong with the others.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  ports:
    description: TCP ports whose holder is wanted.
    type: list
    elements: int
    default: []
  reach:
    description: Ports of other hosts to connect to.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description: Inventory name of the other host.
        type: str
        required: true
      address:
        description: Address to connect to.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        required: true
  names:
    description: Names the host has to resolve besides its own.
    type: list
    elements: str
    default: []
  paths:
    description: Directories whose file systems are measured.
    type: list
    elements: path
    default: [/var, /opt]
  package_source:
    description: V(online) fetches an index of every package source through the host's own apt. V(offline) asks none.
    type: str
    choices: [online, offline]
    default: online
  timeout:
    description: Seconds one connection may take.
    type: int
    default: 5
attributes:
  check_mode:
    description: Does the same in check mode, because it changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Look at the host
  impl.lifecycle.host_survey:
    ports: [8080, 8180]
    reach:
      - {host: db1, address: 10.0.0.41, port: 5432}
  become: true
  register: survey
"""

RETURN = r"""
reached:
  description: The host answered a login.
  type: bool
  returned: always
problem:
  description: Why there are no facts; empty when there are.
  type: str
  returned: always
privileged:
  description: The survey ran as root.
  type: bool
  returned: always
privilege_problem:
  description: What C(sudo) said when it did not work. The survey then ran again without it.
  type: str
  returned: always
offset_low:
  description: The host's clock is at least so many seconds ahead of the controller's (negative when it is behind).
  type: float
  returned: when the host was reached
offset_high:
  description: The host's clock is at most so many seconds ahead of the controller's.
  type: float
  returned: when the host was reached
facts:
  description:
    - What was found. C(os), C(cpus), C(memory_mb), C(disks), C(listeners) (by port), C(roles) (of the ledger),
      C(unresolved), C(package_sources), C(reach) (with C(outcome)).
  type: dict
  returned: always; null when there are none
"""

import json
import os
import socket

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import survey, survey_network

LEDGER = "/etc/ansible/facts.d/lifecycle.fact"


def roles_of_ledger():
    """The roles that this collection has set up on this host."""
    try:
        return sorted(json.loads(survey.read("/", LEDGER)).get("roles", {}))
    except (ValueError, AttributeError):
        return []


def look(options):
    """Everything that is asked for."""
    wait = options["timeout"]
    return {
        "os": survey.operating_system(),
        "cpus": survey.processors(),
        "memory_mb": survey.memory_total_mb(),
        "disks": survey.disks(options["paths"]),
        "listeners": {str(port): holder for port, holder in survey.holders(set(options["ports"])).items()},
        "roles": roles_of_ledger(),
        "unresolved": survey_network.unresolved([socket.gethostname(), *options["names"]]),
        "package_sources": survey_network.package_sources(wait) if options["package_source"] == "online" else [],
        "reach": survey_network.reach(options["reach"], wait),
    }


def main():
    reach = {"host": {"type": "str", "required": True}, "address": {"type": "str", "required": True}}
    reach["port"] = {"type": "int", "required": True}
    module = AnsibleModule(
        argument_spec={
            "ports": {"type": "list", "elements": "int", "default": []},
            "reach": {"type": "list", "elements": "dict", "default": [], "options": reach},
            "names": {"type": "list", "elements": "str", "default": []},
            "paths": {"type": "list", "elements": "path", "default": ["/var", "/opt"]},
            "package_source": {"type": "str", "choices": ["online", "offline"], "default": "online"},
            "timeout": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, facts=look(module.params), privileged=os.geteuid() == 0)


if __name__ == "__main__":
    main()
