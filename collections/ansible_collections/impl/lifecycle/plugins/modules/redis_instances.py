#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_instances
short_description: Tell which instances of Redis have a configuration on the host
version_added: "0.2.0"
description:
  - Reads C(redis.conf) of Debian's own unit and C(redis-NAME.conf) of each C(redis-server@NAME.service), with the files
    they include, and tells ports and bound of memory.
  - Tells as well how much memory counts on the host, as M(impl.lifecycle.host_memory) does.
  - Changes nothing, asks no server and returns no password.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  directory:
    description: Where the configurations are.
    type: path
    default: /etc/redis
attributes:
  check_mode:
    description: Does the same.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Learn which instances there are
  impl.lifecycle.redis_instances:
  register: found
"""

RETURN = r"""
instances:
  description:
    - By name. V(main) is that of Debian's own unit, V(sentinel) the Sentinel beside it.
    - C(ports), C(maxmemory_mb) (0 without a bound), C(managed) (this collection has written it) and C(path).
  returned: success
  type: dict
  sample:
    main: {"ports": [6379], "maxmemory_mb": 512, "managed": true, "path": /etc/redis/redis.conf}
memory:
  description: RAM that counts, with C(mb), C(source), C(limited), C(text) and C(found).
  returned: success
  type: dict
  sample: {"mb": 2048, "source": /sys/fs/cgroup/memory.max, "limited": true}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import host_limits
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_instances import DIRECTORY, instances


def main():
    module = AnsibleModule(
        argument_spec={"directory": {"type": "path", "default": DIRECTORY}}, supports_check_mode=True
    )
    try:
        found = instances(module.params["directory"])
    except OSError as error:
        module.fail_json(msg="{0}: {1}".format(error.strerror or error, error.filename or ""))
    module.exit_json(changed=False, instances=found, memory=host_limits.memory())


if __name__ == "__main__":
    main()
