#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: host_inspect
short_description: Report what really runs on a host
version_added: "0.1.0"
description:
  - Asks systemd, dpkg, the application's slots, the routing set, certificates and databases, and compares with the
    host's ledger. Changes nothing, and works on a host where nothing is installed.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  application:
    description: The C(application) of C(delivery.yml).
    type: dict
    required: true
  redis_user:
    description: Who asks Redis for its settings.
    type: str
    default: lifecycle
  redis_password:
    description: The password of O(redis_user). Without one, Redis is asked as anybody may ask it.
    type: str
    default: ""
attributes:
  check_mode:
    description: Does the same in check mode, because it changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Look at what runs
  impl.lifecycle.host_inspect:
    application: "{{ lifecycle_delivery.application }}"
  become: true
  register: inspected
"""

RETURN = r"""
report:
  description:
    - What was found. C(os), C(kernel), C(uptime_seconds), C(memory), C(disks), C(services), C(packages),
      C(failed_units), C(pending_restart), C(reboot_required), C(slots), C(routing), C(certificates), C(databases),
      and C(findings), the sentences about what somebody should look at.
    - C(settings) is what C(postgresql), C(mariadb), C(redis), C(nginx), C(apache), C(tomcat), C(memcached) and the
      C(kernel) have set now, without secrets; of PostgreSQL and MariaDB what is not their default, of Tomcat and
      Memcached what their processes were started with. C(settings_unknown) says why of a service that did not tell.
  type: dict
  returned: always
lines:
  description: The same for a person to read.
  type: list
  elements: str
  returned: always
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import (
    inspection,
    inspection_summary,
    settings_now,
    survey,
)


def look(application, redis_user, redis_password):
    """Everything about this host."""
    recorded = inspection.ledger()
    configuration = inspection.run(["nginx", "-T"])
    settings, unknown = settings_now.settings(configuration, redis_user, redis_password, application["name"])
    report = {
        "os": survey.operating_system(),
        "kernel": os.uname().release,
        "uptime_seconds": inspection.uptime_seconds(),
        "memory": {"total_mb": survey.memory_total_mb(), "used_mb": survey.memory_used_mb()},
        "disks": survey.disks(["/", "/var", "/opt"]),
        "roles": sorted(recorded["roles"]),
        "packages": inspection.packages(recorded["roles"]),
        "services": inspection.services(),
        "failed_units": inspection.failed_units(),
        "pending_restart": recorded["pending_restart"],
        "reboot_required": os.path.exists("/run/reboot-required"),
        "slots": inspection.slots(application),
        "health_status": (application.get("health") or {}).get("status") or 200,
        "routing": inspection.routing(application["name"]),
        "certificates": inspection.certificates(configuration),
        "databases": inspection.databases(),
        "settings": settings,
        "settings_unknown": unknown,
    }
    report["findings"] = inspection_summary.findings(report)
    return report


def main():
    module = AnsibleModule(
        argument_spec={
            "application": {"type": "dict", "required": True},
            "redis_user": {"type": "str", "default": "lifecycle"},
            "redis_password": {"type": "str", "default": "", "no_log": True},
        },
        supports_check_mode=True,
    )
    report = look(**module.params)
    module.exit_json(changed=False, report=report, lines=inspection_summary.lines(report))


if __name__ == "__main__":
    main()
