#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make the server configurations of WildFly instances from those that their versions bring."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wildfly_config
short_description: Make the server configurations of WildFly instances from those that their versions bring
description:
  - Reads the C(standalone*.xml) that a version brings on the host, and returns it with datasources, drivers, deployment
    scanner, access log and listeners as an instance needs them. It writes nothing.
  - Each version keeps its own namespaces and defaults, and everything that was not asked for.
author: impl.lifecycle contributors (@impl-lifecycle)
version_added: 0.2.0
attributes:
  check_mode:
    description: The same; a version that is not there yet is said to be missing.
    support: full
options:
  instances:
    description: The instances.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the instance.
        type: str
        required: true
      base:
        description: The configuration its version brings.
        type: path
        required: true
      scan_interval_ms:
        description: How often markers are looked for.
        type: int
        required: true
      deployment_timeout:
        description: Seconds a deployment may take.
        type: int
        required: true
      datasources:
        description: Datasources, each with the name of the variable of the environment that has its password.
        type: list
        elements: dict
        default: []
      drivers:
        description: JDBC drivers with C(name), C(module) and C(driver_class).
        type: list
        elements: dict
        default: []
      default_datasource:
        description: JNDI name of the datasource that applications get which name none.
        type: str
        default: ""
      access_log_pattern:
        description: Pattern of the access log. No access log when empty.
        type: str
        default: ""
      proxy_address_forwarding:
        description: Whether X-Forwarded-For and X-Forwarded-Proto are believed.
        type: bool
        default: false
"""

EXAMPLES = r"""
- name: Make the configuration
  impl.lifecycle.wildfly_config:
    instances:
      - name: clinic
        base: /opt/wildfly/35.0.1.Final/standalone/configuration/standalone.xml
        scan_interval_ms: 2000
        deployment_timeout: 120
  register: made
"""

RETURN = r"""
configurations:
  description: The text for each instance. Empty in check mode when the version is not there yet.
  returned: success
  type: dict
missing:
  description: Instances whose version is not there yet.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.wildfly_xml import Unusable, configured


def main() -> None:
    """Run as an Ansible module."""
    instance = {
        "name": {"type": "str", "required": True},
        "base": {"type": "path", "required": True},
        "scan_interval_ms": {"type": "int", "required": True},
        "deployment_timeout": {"type": "int", "required": True},
        "datasources": {"type": "list", "elements": "dict", "default": []},
        "drivers": {"type": "list", "elements": "dict", "default": []},
        "default_datasource": {"type": "str", "default": ""},
        "access_log_pattern": {"type": "str", "default": ""},
        "proxy_address_forwarding": {"type": "bool", "default": False},
    }
    module = AnsibleModule(
        argument_spec={"instances": {"type": "list", "elements": "dict", "required": True, "options": instance}},
        supports_check_mode=True,
    )
    made, missing = {}, []
    for wanted in module.params["instances"]:
        try:
            with open(wanted["base"], encoding="utf-8") as handle:
                made[wanted["name"]] = configured(handle.read(), wanted)
        except FileNotFoundError:
            if not module.check_mode:
                module.fail_json(
                    msg=f"{wanted['base']} of instance {wanted['name']} does not exist: is it in that version?"
                )
            made[wanted["name"]] = ""
            missing.append(wanted["name"])
        except (OSError, UnicodeDecodeError, Unusable) as error:
            module.fail_json(msg=f"{wanted['base']} cannot be used for instance {wanted['name']}: {error}")
    module.exit_json(changed=False, configurations=made, missing=missing)


if __name__ == "__main__":
    main()
