#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: memcached_config
short_description: Bring running memcached instances to their settings, and tell which need a restart
version_added: "0.2.0"
description:
  - Asks each running instance by C(stats settings) and changes what can be changed while it runs, such as its memory.
  - Tells for each instance what only a restart can change. What C(stats settings) does not answer for is found by the
    digest with which the process was started.
  - Writes no file and restarts nothing.
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
  patience:
    description: Seconds to wait for an instance that was just started.
    type: float
    default: 10
notes:
  - An instance with SASL speaks the binary protocol only, which has no commands for its settings;
    all of them need a restart there.
attributes:
  check_mode:
    description: Tells what would be changed.
    support: full
  diff_mode:
    description: Shows each setting before and after.
    support: full
"""

EXAMPLES = r"""
- name: Give memcached more memory while it runs
  impl.lifecycle.memcached_config:
    instances: "{{ memcached_instances | impl.lifecycle.memcached_plan }}"
"""

RETURN = r"""
stopped:
  description: Units that do not run.
  type: list
  elements: str
  returned: success
restarts:
  description: Units that need a restart, each with the reasons, one line each.
  type: dict
  returned: success
  sample: {"memcached.service": ["num_threads is '4', wanted is '8'"]}
"""

import os
import ssl
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import memcached_plan as plans
from ansible_collections.impl.lifecycle.plugins.module_utils import memcached_protocol as protocol


class Process:
    """The process behind a unit, as the kernel tells it."""

    def __init__(self, pid, root="/proc"):
        self.words = self._read(root, pid, "cmdline")
        environment = dict(word.partition("=")[::2] for word in self._read(root, pid, "environ"))
        self.configuration = environment.get("LIFECYCLE_CONFIGURATION", "")
        self.replaced = os.readlink(os.path.join(root, str(pid), "exe")).endswith(" (deleted)")

    @staticmethod
    def _read(root, pid, name):
        with open(os.path.join(root, str(pid), name), encoding="utf-8", errors="replace") as handle:
            return [word for word in handle.read().split("\0") if word]


def main_pid(module, unit):
    _rc, out, _err = module.run_command(["systemctl", "show", "--property=MainPID", "--value", unit])
    return int(out.strip() or 0)


def open_client(running, login, patience):
    """Return a client of the running server. Right after a start it may not listen yet."""
    deadline = time.monotonic() + patience
    while True:
        try:
            connection = protocol.connect(running["addresses"][0], tls=running["tls"])
            break
        except protocol.MemcachedUnreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    if not running["sasl"]:
        return protocol.Text(connection)
    client = protocol.Binary(connection)
    if not login or not client.login(login["name"], login["password"]):
        raise protocol.MemcachedError("the server lets nobody of sasl_users in")
    return client


def certificate_of(path):
    with open(path, encoding="ascii") as handle:
        text = handle.read()
    end = "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") : text.index(end) + len(end)])


class Instance:
    """One instance: what is wanted, what runs, and the differences."""

    def __init__(self, plan, process, login, patience):
        self.plan, self.process = plan, process
        self.running = plans.process_of(process.words)
        self.client = open_client(self.running, login, patience)
        self.current = self.client.settings()
        self.names = plans.differing(plan["settings"], self.current)

    def live(self):
        return [] if self.running["sasl"] else [name for name in self.names if name in plans.LIVE]

    def reasons(self):
        reasons = [
            "{0} is {1!r}, wanted is {2!r}".format(name, self.current[name], self.plan["settings"][name])
            for name in self.names
            if name not in self.live()
        ]
        if self.process.replaced:
            reasons.append("its program was replaced by another version")
        if self.process.configuration != self.plan["configuration"] and not reasons:
            reasons.append("it was started with other options or in another sandbox")
        if self.other_certificate() and self.running["sasl"]:
            reasons.append("it was started with another certificate")
        return reasons

    def other_certificate(self):
        """Tell whether the certificate it shows is not that of the file, which check mode may not have written."""
        if not (self.running["tls"] and self.plan["certificate"] and os.path.exists(self.plan["certificate"])):
            return False
        return self.client.socket.getpeercert(binary_form=True) != certificate_of(self.plan["certificate"])

    def change(self):
        for command in plans.commands_for(self.live(), self.plan["settings"], self.current):
            self.client.change(command)
        if self.other_certificate():
            self.client.change("refresh_certs")

    def shown(self, values):
        certificate = (
            ["{0} certificate of the file\n".format(self.plan["unit"])] if values is self.plan["settings"] else []
        )
        lines = ["{0} {1} {2}\n".format(self.plan["unit"], name, values[name]) for name in self.live()]
        return lines + (certificate if self.other_certificate() and not self.running["sasl"] else [])


def carry_out(module):
    before, after, stopped, restarts = [], [], [], {}
    for plan in module.params["instances"]:
        pid = main_pid(module, plan["unit"])
        if not pid:
            stopped.append(plan["unit"])
            continue
        login = module.params["logins"].get(plan["name"])
        try:
            instance = Instance(plan, Process(pid), login, module.params["patience"])
        except (protocol.MemcachedError, protocol.MemcachedUnreachable) as error:
            restarts[plan["unit"]] = [str(error)]
            continue
        reasons = instance.reasons()
        if reasons:
            restarts[plan["unit"]] = reasons
        before += instance.shown(instance.current)
        after += instance.shown(plan["settings"])
        if not module.check_mode and instance.shown(plan["settings"]):
            instance.change()
    return {
        "changed": bool(after),
        "stopped": stopped,
        "restarts": restarts,
        "diff": {"before": "".join(before), "after": "".join(after)},
    }


def main():
    module = AnsibleModule(
        argument_spec={
            "instances": {"type": "list", "elements": "dict", "required": True},
            "logins": {"type": "dict", "default": {}, "no_log": True},
            "patience": {"type": "float", "default": 10},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**carry_out(module))
    except (protocol.MemcachedError, protocol.MemcachedUnreachable, OSError, ValueError) as error:
        module.fail_json(msg="memcached: {0}".format(error))


if __name__ == "__main__":
    main()
