# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: host_turns
short_description: Which application hosts have to change their version next, and in which order
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - For hosts that run one slot at a time. With an open candidate as many change to it as O(weight) percent of the users
    need, and one at least stays; without one, those change that do not run the stable version yet.
positional: hosts, weight
options:
  _input:
    description: A state of routing sets, as M(impl.lifecycle.routing_set) returns it.
    type: dict
    required: true
  hosts:
    description: All application hosts, in the order in which they change.
    type: list
    elements: str
    required: true
  weight:
    description: Percent of the users the candidate is to have.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: See who is next
  ansible.builtin.debug:
    msg: "{{ flip.state | impl.lifecycle.host_turns(groups['app'], 50) }}"
"""

RETURN = r"""
_value:
  description: >-
    C(bring), the hosts that have to change, in order; C(running), those that run the version already; C(to), colour and
    version they change to; C(from), the colour they leave; C(forward), whether they change in the order of the hosts or
    against it.
  type: dict
"""

from ansible_collections.impl.lifecycle.plugins.module_utils import layout as layouts
from ansible_collections.impl.lifecycle.plugins.module_utils import routing_text


def host_turns(state, hosts, weight=0):
    """Return who changes next."""
    known = routing_text.from_data(state)
    towards = known.candidate or known.stable
    if towards is None:
        return {"bring": [], "running": [], "to": None, "from": None, "forward": True}
    now = known.layout
    if known.candidate is not None:
        now = now or layouts.begin(hosts, towards.colour)
        missing = layouts.needed(len(hosts), int(weight)) - len(now.running(towards.colour))
        bring = now.to_bring(towards.colour)[: max(0, missing)]
    else:
        bring = now.to_bring(towards.colour) if now else ()
    return {
        "bring": list(bring),
        "running": list(now.running(towards.colour) if now else hosts),
        "to": {"colour": towards.colour, "version": towards.version},
        "from": layouts.other(towards.colour),
        "forward": now is None or now.colour == towards.colour,
    }


class FilterModule:
    def filters(self):
        return {"host_turns": host_turns}
