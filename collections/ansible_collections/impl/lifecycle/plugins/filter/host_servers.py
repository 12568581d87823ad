# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: host_servers
short_description: Which database servers and caches a host runs
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - A host of the group C(db) runs PostgreSQL, a host of C(cache) Redis; one that is described as MariaDB
    (C(mariadb_buffer_pool_mb), C(mariadb_databases) or C(mariadb_users)) or as Memcached (C(memcached_instances))
    runs that.
  - A host that has variables of both runs both. The variable C(lifecycle_servers), a list, says it outright.
positional: _input, variables
options:
  _input:
    description: Names of the groups that the host is in.
    type: list
    elements: str
    required: true
  variables:
    description: The variables of the host, from C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Run MariaDB where the inventory describes it
  ansible.builtin.include_role:
    name: impl.lifecycle.mariadb
  when: "'mariadb' in group_names | impl.lifecycle.host_servers(hostvars[inventory_hostname])"
"""

RETURN = r"""
_value:
  description: Of C(postgresql), C(mariadb), C(redis) and C(memcached) those that the host runs.
  type: list
  elements: str
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.module_utils.host_servers import servers_of
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import inventory_of


def host_servers(groups, variables):
    """Return what a host of these groups runs."""
    try:
        return servers_of(groups, inventory_of(variables))
    except ValueError as error:
        raise AnsibleFilterError(f"host_servers: {error}") from error


class FilterModule:
    def filters(self):
        return {"host_servers": host_servers}
