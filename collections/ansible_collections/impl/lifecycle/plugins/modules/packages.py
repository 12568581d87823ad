#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: packages
short_description: Have Debian packages or not, and ask apt only where something is to be done
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Does what M(ansible.builtin.apt) does with the same options, and hands them on to it, once a look at dpkg's own
    records has found a package that is not as it should be.
  - Where all is as it should be, apt is not asked. It needs two seconds of a processor to say so, because it reads
    the lists of all packages there are, and this is a tenth of a second.
  - Package lists are therefore fetched (O(update_cache), O(cache_valid_time)) only when a package is missing.
  - As with M(ansible.builtin.apt), what is named here is there for good. A package that was only there because another
    one needs it is marked as wanted.
options:
  name:
    description: Names of packages, each as M(ansible.builtin.apt) takes it, also with a version.
    type: list
    elements: str
    required: true
  state:
    description: Whether the packages are there.
    type: str
    choices: [present, absent]
    default: present
  purge:
    description: With O(state=absent), remove the packages' configuration as well.
    type: bool
    default: false
  install_recommends:
    description: Also install what the packages recommend. Without it, what apt is set to.
    type: bool
  update_cache:
    description: Fetch the lists of packages before something is installed.
    type: bool
    default: false
  cache_valid_time:
    description: Seconds for which the lists of packages are new enough.
    type: int
    default: 0
  allow_downgrade:
    description: Whether a named version may be older than what is installed.
    type: bool
    default: false
  policy_rc_d:
    description: Exit code for the packages' questions whether a service may be started. V(101) starts none.
    type: int
  units:
    description:
      - Units of systemd of which something is to be told in RV(units), as these packages bring them.
      - It saves the call that would ask whether a service has to be started.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Says what would change, and changes nothing.
    support: full
  diff_mode:
    description: Shows what M(ansible.builtin.apt) shows.
    support: full
seealso:
  - module: ansible.builtin.apt
"""

EXAMPLES = r"""
- name: Have Redis, and do not start it
  impl.lifecycle.packages:
    name: [redis-server]
    install_recommends: false
    policy_rc_d: 101
    cache_valid_time: 3600
"""

RETURN = r"""
wanting:
  description: The packages that were not as they should be, before.
  returned: success
  type: list
  elements: str
  sample: [redis-server]
versions:
  description: The versions of those of O(name) that are installed now. With O(name) as name=version, the name alone.
  returned: success
  type: dict
  sample: {redis-server: "5:7.0.15-1~deb12u5"}
units:
  description: What systemd says of O(units) now. One that is not there is V(inactive), with an empty C(enabled).
  returned: success
  type: dict
  sample: {redis-server.service: {active: active, enabled: enabled}}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.package_state import (
    FORMAT,
    UNIT_PROPERTIES,
    left_over,
    read_automatic,
    read_states,
    read_units,
    versions,
    wanting,
)

AUTOMATIC = "/var/lib/apt/extended_states"


def automatic() -> set:
    try:
        with open(AUTOMATIC, encoding="utf-8", errors="replace") as handle:
            return read_automatic(handle.read())
    except FileNotFoundError:
        return set()


def told_of(module: AnsibleModule, units: list) -> dict:
    if not units:
        return {}
    command = ["systemctl", "show", "--property", UNIT_PROPERTIES, "--", *units]
    code, out, err = module.run_command(command)
    if code != 0:
        module.fail_json(msg="systemctl show ended with {0}: {1}".format(code, (err or out).strip()[-500:]))
    return read_units(out)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "purge": {"type": "bool", "default": False},
            "install_recommends": {"type": "bool"},
            "update_cache": {"type": "bool", "default": False},
            "cache_valid_time": {"type": "int", "default": 0},
            "allow_downgrade": {"type": "bool", "default": False},
            "policy_rc_d": {"type": "int"},
            "units": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    names = module.params["name"]
    # All of them: a pattern that dpkg does not know would be an error, and the whole list takes a fiftieth of a second.
    code, out, err = module.run_command(["dpkg-query", "--show", "--showformat=" + FORMAT])
    if code != 0:
        module.fail_json(msg="dpkg-query ended with {0}: {1}".format(code, (err or out).strip()[-500:]))
    states = read_states(out)
    if module.params["state"] == "absent":
        found = left_over(names, states, module.params["purge"])
    else:
        found = wanting(names, states, automatic())
    # What is to be done is done by the action of this name, which has apt do it.
    told = told_of(module, module.params["units"])
    module.exit_json(changed=False, wanting=found, versions=versions(names, states), units=told)


if __name__ == "__main__":
    main()
