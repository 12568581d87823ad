#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wait until nobody uses a slot any more."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slot_drain
short_description: Wait until the last connection to a port has ended
description:
  - Waits until no connection to a local port is established, or until the deadline. Changes nothing.
  - For a slot that no user is sent to any more and that is about to stop. Long requests, downloads and WebSockets end
    by themselves meanwhile; what is left at the deadline is counted, so that it is known what the stop cuts.
  - An edge's idle keep-alive connections end too, after the keep-alive time of its pool (15 seconds).
author: impl.lifecycle contributors (@impl-lifecycle)
version_added: 0.2.0
attributes:
  check_mode:
    description: Counts, and does not wait.
    support: full
options:
  port:
    description: The port of the slot.
    type: int
    required: true
  deadline:
    description: Seconds to wait at most.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Let the last requests end
  impl.lifecycle.slot_drain:
    port: 8080
    deadline: 60
"""

RETURN = r"""
connected:
  description: Connections there were at first.
  returned: always
  type: int
cut:
  description: Connections that are still there at the deadline and that a stop would cut.
  returned: always
  type: int
seconds:
  description: How long it took.
  returned: always
  type: float
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.connections import drain


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(
        argument_spec={"port": {"type": "int", "required": True}, "deadline": {"type": "int", "default": 30}},
        supports_check_mode=True,
    )
    deadline = 0 if module.check_mode else module.params["deadline"]
    connected, cut, seconds = drain(module.params["port"], deadline)
    module.exit_json(changed=False, connected=connected, cut=cut, seconds=round(seconds, 2))


if __name__ == "__main__":
    main()
