#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: assert_all
short_description: Judge several assertions in one task, and tell everything that is wrong at once
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Like M(ansible.builtin.assert) for several assertions, each with a message of its own. The task fails with the
    messages of all that do not hold, one a line, so that nobody mends a mistake only to be told of the next one.
  - A run that checks a dozen things needs one process for it and not a dozen.
  - A check that cannot be judged fails the task, unless one before it was refused already. That is what is told then.
options:
  checks:
    description: What has to hold, in the order in which it is judged.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the check is for. It is returned when the check refuses.
        type: str
      that:
        description: One expression or several, all of which have to be true.
        type: raw
        required: true
      fail_msg:
        description: What is wrong, where, and what to do.
        type: str
        required: true
      when:
        description: One expression or several. Where not all are true, the check is not judged.
        type: raw
attributes:
  check_mode:
    description: Does the same in check mode, because it changes nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Refuse what cannot be
  impl.lifecycle.assert_all:
    checks:
      - name: a port that others have
        that: web_port != db_port
        fail_msg: "web_port and db_port are both {{ web_port }}. Give one of them another port."
      - name: a heap that the host does not have
        that: heap_mb <= host.memory.mb * 0.85
        fail_msg: "heap_mb is {{ heap_mb }}, but the host has {{ host.memory.text }}. Lower it."
        when: heap_mb is defined
"""

RETURN = r"""
refused:
  description: The names of the checks that do not hold.
  returned: always
  type: list
  elements: str
  sample: [a port that others have]
"""
