# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: memcached_plan
short_description: Command line, addresses and expected settings of memcached instances
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Turns the role's C(memcached_instances) into what its files and modules need.
  - No password and no key is in the result.
positional: _input, sandbox
options:
  _input:
    description: The instances, as the role memcached describes them.
    type: list
    elements: dict
    required: true
  sandbox:
    description: Text of the units; a change of it needs a restart, too.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show the command line of each instance
  ansible.builtin.debug:
    msg: "{{ memcached_instances | impl.lifecycle.memcached_plan | map(attribute='startup') }}"
"""

RETURN = r"""
_value:
  description: One dictionary for each instance.
  type: list
  elements: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.module_utils.memcached_plan import plan


def memcached_plan(instances, sandbox=""):
    """Return one plan for each of `instances`."""
    try:
        return [plan(instance, sandbox) for instance in instances]
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"memcached_plan: {error!r} in memcached_instances") from error


class FilterModule:
    def filters(self):
        return {"memcached_plan": memcached_plan}
