# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: release_capacity
short_description: Whether the hosts that run a version well carry a step of its release
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - A step's weight may not exceed the share of the application hosts on which the version's slot is well.
positional: asked
options:
  _input:
    description: For each application host an empty text when the version's slot is well there, else why it is not.
    type: dict
    required: true
  version:
    description: The version.
    type: str
    required: true
  asked:
    description: Percent of the users it is to have.
    type: int
    required: true
  present:
    description: Percent of the users it has now.
    type: int
    default: 0
  percent:
    description: Percent of the users that all hosts together carry; C(release.capacity_percent) of C(delivery.yml).
    type: float
    default: 100
"""

EXAMPLES = r"""
- name: Refuse more users than the hosts carry
  ansible.builtin.assert:
    that: step.refusal == ''
    fail_msg: "{{ step.refusal }}"
  vars:
    told: {app1: "", app2: no answer}
    step: "{{ told | impl.lifecycle.release_capacity(version='1.1.0', asked=100, present=50) }}"
"""

RETURN = r"""
_value:
  description: >-
    C(refusal), empty or why the step is too wide; C(sound), whether the users who have the version now may stay; and
    C(not_well), the hosts that do not count and why.
  type: dict
"""

from ansible_collections.impl.lifecycle.plugins.module_utils import capacity


def release_capacity(told, version, asked, present=0, percent=100):
    """Return what the hosts carry of a step."""
    hosts = list(told)
    not_well = {host: str(why) for host, why in told.items() if why}
    return {
        "refusal": capacity.refusal(version, int(asked), hosts, not_well, float(percent)),
        "sound": capacity.is_sound(int(present), len(hosts), len(not_well), float(percent)),
        "not_well": not_well,
    }


class FilterModule:
    def filters(self):
        return {"release_capacity": release_capacity}
