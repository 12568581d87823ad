#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: memcached_probe
short_description: Use memcached instances as their clients do, and try what must not work
version_added: "0.2.0"
description:
  - Stores, reads and deletes a value at every address of each instance.
  - Compares C(stats settings) with what is wanted.
  - Fails when an instance answers at another of the host's addresses, answers by UDP, or lets in who may not.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  instances:
    description: Plans, as the filter P(impl.lifecycle.memcached_plan#filter) gives them.
    type: list
    elements: dict
    required: true
  logins:
    description: For each instance with SASL, by its name, C(name) and C(password) of a user.
    type: dict
    default: {}
  host_addresses:
    description: All addresses of the host.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: The same; nothing is changed but one value that is deleted again.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Use every instance
  impl.lifecycle.memcached_probe:
    instances: "{{ memcached_instances | impl.lifecycle.memcached_plan }}"
    host_addresses: "{{ ansible_facts.all_ipv4_addresses }}"
"""

RETURN = r"""
failures:
  description: What is not as it should be, one line each.
  type: list
  elements: str
  returned: always
"""

import os
import socket

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import memcached_plan as plans
from ansible_collections.impl.lifecycle.plugins.module_utils import memcached_protocol as protocol

EVERYWHERE = ("0.0.0.0", "::")


def client_at(plan, address, login):
    connection = protocol.connect(address, tls=bool(plan["certificate"]))
    if not plan["sasl"]:
        return protocol.Text(connection)
    client = protocol.Binary(connection)
    if not client.login(login["name"], login["password"]):
        raise protocol.MemcachedError("the login of {0} is refused".format(login["name"]))
    return client


def use(plan, login):
    """Yield what is wrong for a client that may use the instance."""
    for address in plan["addresses"]:
        try:
            client = client_at(plan, address, login)
            value = os.urandom(16).hex().encode()
            if client.keep_and_return("lifecycle:probe:" + value[:8].decode(), value) != value:
                yield "{0} at {1} does not return what was stored".format(plan["unit"], address)
            current = client.settings()
            for name in plans.differing(plan["settings"], current):
                wanted = plan["settings"][name]
                yield "{0}: {1} is {2!r}, wanted is {3!r}".format(plan["unit"], name, current[name], wanted)
            client.socket.close()
        except (protocol.MemcachedError, protocol.MemcachedUnreachable) as error:
            yield "{0} at {1}: {2}".format(plan["unit"], address, error)


def strangers(plan, login):
    """Yield who is let in although nobody should."""
    if not plan["sasl"]:
        return
    wrong = protocol.Binary(protocol.connect(plan["addresses"][0], tls=bool(plan["certificate"])))
    if wrong.login(login["name"], login["password"] + ".wrong"):
        yield "{0} accepts a wrong password".format(plan["unit"])
    nobody = protocol.Binary(protocol.connect(plan["addresses"][0], tls=bool(plan["certificate"])))
    try:
        nobody.keep_and_return("lifecycle:probe", b"x")
        yield "{0} serves without a login".format(plan["unit"])
    except (protocol.MemcachedError, protocol.MemcachedUnreachable):
        pass


def other_doors(plan, host_addresses, taken):
    """Yield addresses at which the instance's port answers and should not; `taken` are those of all instances."""
    if plan["addresses"][0].startswith("unix:"):
        return
    hosts, port = (
        [address.rpartition(":")[0].strip("[]") for address in plan["addresses"]],
        plan["addresses"][0].rpartition(":")[2],
    )
    if not set(hosts) & set(EVERYWHERE):
        for host in host_addresses:
            if (host, port) not in taken and answers(host, int(port), socket.SOCK_STREAM):
                yield "port {0} of {1} answers on {2}, which is not in its listen".format(port, plan["unit"], host)
    for host in hosts:
        if answers(host, int(port), socket.SOCK_DGRAM):
            yield "{0} answers by UDP on {1}".format(plan["unit"], host)


def answers(host, port, kind):
    """Tell whether somebody is at the port. A closed UDP port of the same host is refused at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect((host, port))
            if kind == socket.SOCK_DGRAM:
                # A frame header, then a command.
                probe.send(b"\0\1\0\0\0\1\0\0version\r\n")
                probe.recv(64)
            return True
        except OSError:
            return False


def carry_out(params):
    failures = []
    taken = {
        (address.rpartition(":")[0].strip("[]"), address.rpartition(":")[2])
        for plan in params["instances"]
        for address in plan["addresses"]
    }
    for plan in params["instances"]:
        login = params["logins"].get(plan["name"])
        found = [*use(plan, login)]
        failures += found if found else [*strangers(plan, login), *other_doors(plan, params["host_addresses"], taken)]
    return failures


def main():
    module = AnsibleModule(
        argument_spec={
            "instances": {"type": "list", "elements": "dict", "required": True},
            "logins": {"type": "dict", "default": {}, "no_log": True},
            "host_addresses": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        failures = carry_out(module.params)
    except (protocol.MemcachedError, protocol.MemcachedUnreachable) as error:
        failures = [str(error)]
    if failures:
        module.fail_json(msg="; ".join(failures), failures=failures)
    module.exit_json(changed=False, failures=[])


if __name__ == "__main__":
    main()
