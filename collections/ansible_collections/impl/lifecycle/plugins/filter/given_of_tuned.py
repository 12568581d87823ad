# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: given_of_tuned
short_description: What the inventory says of tuned variables, before they become facts
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - A fact hides what the inventory says of the same variable. Kept as the fact C(lifecycle_given), it is seen by
    P(impl.lifecycle.tuning_plan#filter), P(impl.lifecycle.tuned_over#filter) and P(impl.lifecycle.host_servers#filter)
    in place of the fact, whatever plays came before.
positional: _input, variables
options:
  _input:
    description: Tuned variables.
    type: dict
    required: true
  variables:
    description: The variables of the host, from C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Remember what the inventory says of what is tuned
  ansible.builtin.set_fact:
    lifecycle_given: "{{ tuned | impl.lifecycle.given_of_tuned(hostvars[inventory_hostname]) }}"
"""

RETURN = r"""
_value:
  description: C(names) of the tuned variables, and the C(values) of those that the inventory gives.
  type: dict
"""

from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import given_of


class FilterModule:
    def filters(self):
        return {"given_of_tuned": given_of}
