# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: release_facts
short_description: What a release playbook tells about the edges
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Puts the results of M(impl.lifecycle.routing_set) on all edges into the one statement that playbooks hand over.
positional: flips
options:
  _input:
    description: The state in force.
    type: dict
    required: true
  flips:
    description: Results of the module, one an edge.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Tell what is in force
  ansible.builtin.set_stats:
    data:
      lifecycle_release: "{{ flip.state | impl.lifecycle.release_facts([flip]) }}"
"""

RETURN = r"""
_value:
  description: >-
    C(application), C(stable), C(candidate), C(previous), C(weight), C(seed), C(closed), C(set_id), C(changed),
    C(unsafe_back) (why a rollback would do harm), C(flipped_at) of the last edge, and C(hosts), null but while hosts
    change one after another; then C(hosts.blue) and C(hosts.green) run the slot, and C(hosts.waiting) are still to
    change to the stable version.
  type: dict
"""

from ansible_collections.impl.lifecycle.plugins.module_utils import layout as layouts

TOLD = ("application", "stable", "candidate", "previous", "weight", "seed")


def hosts_of(state):
    """Which hosts run which slot, while not all run the same."""
    now = layouts.from_data(state.get("layout"))
    if now is None:
        return None
    settling = state["candidate"] is None and state["stable"] is not None
    return {
        **{colour: list(now.running(colour)) for colour in layouts.COLOURS},
        "waiting": list(now.to_bring(state["stable"]["colour"])) if settling else [],
    }


def release_facts(state, flips):
    """Return what is told. Edges that disagree have no common set_id."""
    sets = {flip.get("set_id", "") for flip in flips}
    return {
        **{name: state[name] for name in TOLD},
        "set_id": sets.pop() if len(sets) == 1 else None,
        "closed": bool(state.get("closed", False)),
        "unsafe_back": next((flip["unsafe_back"] for flip in flips if flip.get("unsafe_back")), ""),
        "changed": any(flip.get("changed", False) for flip in flips),
        "hosts": hosts_of(state),
        "flipped_at": max((flip.get("flipped_at", "") for flip in flips), default="") or None,
    }


class FilterModule:
    def filters(self):
        return {"release_facts": release_facts}
