# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: wildfly_instances
short_description: WildFly instances with everything filled in that they leave to the role
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Makes a dictionary, by name, of the entries of C(wildfly_instances), with version, user, ports and defaults.
  - Names for each datasource the variable of the environment that has its password.
positional: _input
options:
  _input:
    description: The instances.
    type: list
    elements: dict
    required: true
  "**kwargs":
    description: Values for what an instance does not say, such as C(version), C(user) and C(address).
    type: dict
"""

EXAMPLES = r"""
- name: Show the ports
  ansible.builtin.debug:
    msg: "{{ (wildfly_instances | impl.lifecycle.wildfly_instances(version='35.0.1.Final')).clinic.port }}"
"""

RETURN = r"""
_value:
  description: The instances by name.
  type: dict
"""

import re

from ansible.errors import AnsibleFilterError

HTTP = 8080
MANAGEMENT = 9990
DATASOURCE = {"min_idle": 0, "max_total": 10, "max_wait_ms": 5000, "test": True}
OWN = {
    "state": "present", "port_offset": 0, "jvm_options": [], "datasources": [], "environment": {}, "deployments": [],
    "writable_paths": [], "health_path": "", "health_status": None, "default_datasource": "", "purge": False,
    "configuration": "standalone.xml", "proxy_address_forwarding": False,
}  # fmt: skip


def wildfly_instances(instances, **defaults):
    """Return the instances by name, whole."""
    try:
        return {instance["name"]: _whole(instance, defaults) for instance in instances}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnsibleFilterError(f"wildfly_instances: an instance needs a name, a datasource too: {error!r}") from error


def _whole(instance, defaults):
    given = {key: value for key, value in instance.items() if value is not None or key == "started"}
    whole = {"started": True, **OWN, **defaults, **given}
    whole["port"] = HTTP + int(whole["port_offset"])
    whole["management_port"] = MANAGEMENT + int(whole["port_offset"])
    whole["datasources"] = [_datasource(datasource) for datasource in whole["datasources"]]
    whole["deployments"] = [{"state": "present", **deployment} for deployment in whole["deployments"]]
    jndi = {datasource["name"]: datasource["jndi_name"] for datasource in whole["datasources"]}
    whole["default_datasource"] = jndi.get(whole["default_datasource"], whole["default_datasource"])
    return whole


def _datasource(datasource):
    name = datasource["name"]
    word = re.sub("[^A-Z0-9]", "_", name.upper())
    own = {"jndi_name": f"java:jboss/datasources/{name}", "password_variable": f"WILDFLY_DS_{word}_PASSWORD"}
    return {**DATASOURCE, **own, **{key: value for key, value in datasource.items() if value is not None}}


class FilterModule:
    """Filters of this file."""

    def filters(self):
        return {"wildfly_instances": wildfly_instances}
