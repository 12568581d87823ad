# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: tuned_variables
short_description: What the roles are told of a tuning plan
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Turns the settings of P(impl.lifecycle.tuning_plan#filter) into the variables of the roles that write them.
  - What the inventory gives is left out, and a service whose values were taken back keeps those of before.
positional: _input, refused, before
options:
  _input:
    description: The C(settings) of the plan.
    type: dict
    required: true
  refused:
    description: Services whose values were taken back.
    type: list
    elements: str
    default: []
  before:
    description: The variables of the plan before.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show the variables
  ansible.builtin.debug:
    msg: "{{ tune_plan.settings | impl.lifecycle.tuned_variables }}"
"""

RETURN = r"""
_value:
  description: Variable to value.
  type: dict
"""

from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import variables_of


class FilterModule:
    def filters(self):
        return {"tuned_variables": variables_of}
