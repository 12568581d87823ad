# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: tuned_over
short_description: Tuned variables below those of the inventory
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Puts what the inventory gives over what was tuned. Dictionaries are joined, lists are put behind one another, and
    any other variable that the inventory has is left out.
positional: _input, given
options:
  _input:
    description: Tuned variables.
    type: dict
    required: true
  given:
    description: The variables of the host.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the roles would see
  ansible.builtin.debug:
    msg: "{{ {'redis_maxmemory_mb': 64} | impl.lifecycle.tuned_over(hostvars[inventory_hostname]) }}"
"""

RETURN = r"""
_value:
  description: Variable to value.
  type: dict
"""

from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import over


class FilterModule:
    def filters(self):
        return {"tuned_over": over}
