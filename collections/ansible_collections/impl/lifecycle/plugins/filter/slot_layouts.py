# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: slot_layouts
short_description: Which hosts may run which slot while hosts change one after another
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Where application hosts run one slot at a time, one colour has the first hosts and the other one the last.
options:
  _input:
    description: Number of application hosts.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Show what two hosts go through
  ansible.builtin.debug:
    msg: "{{ 2 | impl.lifecycle.slot_layouts }}"
"""

RETURN = r"""
_value:
  description: Triples of a colour, how many of the first hosts it has, and how many of the last the other one has.
  type: list
  elements: list
"""

from ansible_collections.impl.lifecycle.plugins.module_utils import layout


def slot_layouts(hosts):
    """Return every layout in which not all hosts run the same."""
    return [list(one) for one in layout.all_layouts(int(hosts))]


class FilterModule:
    def filters(self):
        return {"slot_layouts": slot_layouts}
