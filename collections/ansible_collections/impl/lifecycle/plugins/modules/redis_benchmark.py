#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_benchmark
short_description: Measure a running Redis server by redis-benchmark
version_added: "0.2.0"
description:
  - Asks the server on its local socket, by C(redis-benchmark), for as many C(SET) and then C(GET) as it answers in
    O(seconds), half of them for each, on keys below C(lifecycle-bench:).
  - Makes a user for it with a name that nobody can guess, without a password, who may do nothing else. No password
    comes into a command line.
  - The user and the keys go at the end, and also when the module is killed; the keys have a time to live besides.
  - A replica is not measured, nor a server whose memory is nearly full, because its keys would be pushed out.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  socket:
    description: Path of the server's local socket.
    type: path
    default: /run/redis/redis-server.sock
  username:
    description: Administrating user.
    type: str
    required: true
  password:
    description: Password of O(username).
    type: str
    required: true
  seconds:
    description: How long to measure.
    type: int
    default: 10
  clients:
    description: Connections at the same time.
    type: int
    default: 50
  settings:
    description: Settings whose present values are to be told, so that they can be given back.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds to wait for an answer of the server.
    type: float
    default: 5
attributes:
  check_mode:
    description: Tells whether the server may be measured, and does not measure.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Measure Redis
  impl.lifecycle.redis_benchmark:
    username: lifecycle
    password: "{{ redis_admin_password }}"
  become: true
  register: measured
"""

RETURN = r"""
requests_per_second:
  description: Of both commands together; null when it was not measured.
  type: float
  returned: success
rates:
  description: Requests a second by command.
  type: dict
  returned: when measured
  sample: {SET: 71000.5, GET: 80123.1}
settings:
  description: The present values of O(settings); one that the server does not know is left out.
  type: dict
  returned: success
reason:
  description: Why the server may not be measured; empty when it may.
  type: str
  returned: success
"""

import os
import secrets
import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_bench import Guest, command_line, rate_in, why_not
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import (
    Connection,
    RedisError,
    RedisUnreachable,
    information,
    pairs,
)

COMMANDS = ("SET", "GET")
# redis-benchmark counts requests, not seconds: two looks tell how many fill them. The first is soon over on any server.
FIRST_LOOK = 500
LOOK_SECONDS = 0.5


def opener(params):
    """How to come to a connection that may do everything."""

    def open_connection():
        connection = Connection("unix:" + params["socket"], params["timeout"])
        try:
            connection.command("AUTH", params["username"], params["password"])
        except (RedisError, RedisUnreachable):
            connection.close()
            raise
        return connection

    return open_connection


def ask(params, user, requests, kind):
    """Requests a second of one command."""
    argv = command_line(params["socket"], user, params["clients"], requests, kind)
    ended = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=4 * params["seconds"] + 60
    )
    if ended.returncode != 0:
        # Before that it says that it may not read the configuration, which is as it should be.
        words = (ended.stderr.strip() or ended.stdout.strip()).splitlines() or ["it ended with %d" % ended.returncode]
        raise ValueError(words[-1])
    return rate_in(ended.stdout)


def measure(params, user):
    """Requests a second by command."""
    rates = {}
    for kind in COMMANDS:
        rate = ask(params, user, FIRST_LOOK, kind)
        for seconds in (LOOK_SECONDS, params["seconds"] / len(COMMANDS)):
            rate = ask(params, user, max(int(rate * seconds), FIRST_LOOK), kind)
        rates[kind] = rate
    return rates


def together(rates):
    """As many of each command, one after another: the harmonic mean."""
    return len(rates) / sum(1 / rate for rate in rates.values())


def carry_out(module):
    result = {"changed": False, "requests_per_second": None, "settings": {}, "reason": ""}
    if not os.path.exists(module.params["socket"]):
        return dict(result, reason="no server has " + module.params["socket"])
    open_connection = opener(module.params)
    with open_connection() as redis:
        result["reason"] = why_not(information(redis, "memory"), information(redis, "replication"))
        for name in module.params["settings"]:
            result["settings"].update(pairs(redis.command("CONFIG", "GET", name)))
    if result["reason"] or module.check_mode:
        return result
    with Guest("lifecycle-bench-" + secrets.token_hex(16), open_connection) as guest:
        rates = measure(module.params, guest.name)
    return dict(result, requests_per_second=together(rates), rates=rates)


def main():
    module = AnsibleModule(
        argument_spec={
            "socket": {"type": "path", "default": "/run/redis/redis-server.sock"},
            "username": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
            "seconds": {"type": "int", "default": 10},
            "clients": {"type": "int", "default": 50},
            "settings": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "float", "default": 5},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**carry_out(module))
    except (RedisError, RedisUnreachable) as error:
        module.fail_json(msg="Redis answered: {0}".format(error))
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        module.fail_json(msg="redis-benchmark measured nothing: {0}".format(error))


if __name__ == "__main__":
    main()
