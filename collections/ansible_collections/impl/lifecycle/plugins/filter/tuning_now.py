# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: tuning_now
short_description: What a host has set before it is tuned, read from its answers
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Reads the answers to the questions of P(impl.lifecycle.tuning_questions#filter).
positional: _input, plan
options:
  _input:
    description: The C(results) of the task that asked; C(item) of each is the question.
    type: list
    elements: dict
    required: true
  plan:
    description: The plan of the host, from P(impl.lifecycle.tuning_plan#filter).
    type: dict
    required: true
  tried:
    description: Variables that are tried over those of the plan.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show what holds
  ansible.builtin.debug:
    msg: "{{ answers.results | impl.lifecycle.tuning_now(tune_plan) }}"
"""

RETURN = r"""
_value:
  description: >-
    Service to setting to value. A setting that is left to the service is missing, and so is a service that is not there
    or gave no answer.
  type: dict
"""

from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_now import questions, read
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import settings_of


def names_of(plan, tried):
    """Return service -> the names of the settings of the plan, and of those that are tried."""
    found = {service: [one["name"] for one in settings] for service, settings in plan["settings"].items()}
    for service, settings in settings_of(tried or {}).items():
        known = found.setdefault(service, [])
        known += [name for name in settings if name not in known]
    return found


def tuning_questions(plan, application, tried=None):
    """Return what to run on the host."""
    return questions(names_of(plan, tried), application)


def tuning_now(results, plan, tried=None):
    """Return what the host has set."""
    answers = [{**result, "service": result["item"]["service"]} for result in results]
    return read(answers, names_of(plan, tried))


class FilterModule:
    def filters(self):
        return {"tuning_now": tuning_now, "tuning_questions": tuning_questions}
