#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: environment_marker
short_description: Say on a host of the environment that somebody works on the environment
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Two controllers that keep their records apart do not see each other. A file on one host of the environment tells
    them.
  - The file is made so that of two who make it in the same moment one succeeds, by one command on the host.
  - A host that cannot be reached or written to does not fail the task. What is in the way is returned as RV(unmarked).
options:
  state:
    description:
      - V(taken) makes the file, and fails when it is that of another owner, with who that is and since when.
      - V(released) removes it when it is that of this owner.
    type: str
    choices: [taken, released]
    required: true
  path:
    description: The file.
    type: path
    required: true
  owner:
    description: Tells one controller's records from those of another. What is left of the same owner is taken over.
    type: str
    required: true
  about:
    description: What others are told, such as C(operator), C(host), C(pid), C(since) and C(what).
    type: dict
    default: {}
  force:
    description: With O(state=released), remove it whoever it belongs to.
    type: bool
    default: false
attributes:
  check_mode:
    description: Changes nothing in check mode, and tells who has the file.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Take the environment
  impl.lifecycle.environment_marker:
    state: taken
    path: /var/lib/lifecycle/environments/acme-test.json
    owner: 3f0c@desk-4
    about: {operator: ann, host: desk-4, what: run provision}
  become: true
  run_once: true
  delegate_to: "{{ groups['all'] | first }}"
"""

RETURN = r"""
holder:
  description: Who had the file before, as they told it. Empty when there was none.
  returned: always
  type: dict
  sample: {owner: 3f0c@desk-4, operator: ann, since: "2026-01-02 03:04:05"}
unmarked:
  description: Why the host has no mark of this owner, where it could not be asked.
  returned: always
  type: str
"""
