# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: slot_instances
short_description: The two Tomcat instances an application runs in
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Makes the entries for the role C(impl.lifecycle.tomcat) of the slots C(blue) and C(green) of an application.
  - Each is told by C(LIFECYCLE_BACKGROUND_JOBS_FILE) in which file it reads whether it may run background jobs.
positional: _input
options:
  _input:
    description: The application as C(delivery.yml) describes it.
    type: dict
    required: true
  majors:
    description: The release of Tomcat of a slot, by colour, where it is not that of all instances.
    type: dict
    default: {}
  "**kwargs":
    description: What both slots share, such as C(heap_mb), C(jvm_options), C(datasources) and C(environment).
    type: dict
"""

EXAMPLES = r"""
- name: Show the slots
  ansible.builtin.debug:
    msg: "{{ lifecycle_delivery.application | impl.lifecycle.slot_instances(heap_mb=256) }}"
"""

RETURN = r"""
_value:
  description: Two instances, which nobody but the role C(impl.lifecycle.app_slot) starts and stops.
  type: list
  elements: dict
"""

from ansible.errors import AnsibleFilterError


def slot_instances(application, majors=None, **shared):
    """Return the instance of each slot."""
    strangers = set(majors or {}) - {"blue", "green"}
    if strangers:
        raise AnsibleFilterError(f"slot_instances: majors has {', '.join(sorted(strangers))}; slots are blue and green")
    try:
        name, slots = application["name"], application["slots"]
        return [
            {
                **shared,
                "name": f"{name}-{colour}",
                "port": slots[colour],
                "started": None,
                **({"major": majors[colour]} if colour in (majors or {}) else {}),
                "environment": {
                    **(shared.get("environment") or {}),
                    "LIFECYCLE_BACKGROUND_JOBS_FILE": f"/var/lib/tomcat-instances/{name}-{colour}/background-jobs",
                },
            }
            for colour in ("blue", "green")
        ]
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(f"slot_instances: it needs name, slots.blue and slots.green: {error!r}") from error


class FilterModule:
    def filters(self):
        return {"slot_instances": slot_instances}
