# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: compare_rounds
short_description: Whether measurements after a change are better than those before
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Compares two series of measurements by the exact Mann-Whitney test, one-sided, at the level 0.05.
positional: _input, after
options:
  _input:
    description: Measurements before the change, three or more.
    type: list
    elements: float
    required: true
  after:
    description: Measurements after it, three or more.
    type: list
    elements: float
    required: true
  higher_is_better:
    description: Transactions a second are better when there are more, milliseconds when there are fewer.
    type: bool
    default: true
  broken:
    description: Why it could not be measured after the change. It is worse then, and fewer measurements will do.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Say whether it helped
  ansible.builtin.debug:
    msg: "{{ [210, 214, 209] | impl.lifecycle.compare_rounds([250, 248, 255]) }}"
"""

RETURN = r"""
_value:
  description: >-
    C(verdict) (V(better), V(no difference) or V(worse)), the medians C(before) and C(after) with their ranges,
    C(ratio), C(p), C(rounds) and O(broken).
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.module_utils.rounds import compare, levelled_off, turns


def compare_rounds(before, after, higher_is_better=True, broken=""):
    """Return the verdict with its numbers."""
    try:
        return compare([float(one) for one in before], [float(one) for one in after], higher_is_better, broken)
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"compare_rounds: {error}") from error


class FilterModule:
    def filters(self):
        return {"compare_rounds": compare_rounds, "levelled_off": levelled_off, "round_turns": turns}
