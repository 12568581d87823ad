#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_sentinel
short_description: Tell a running Redis Sentinel whom to watch and how, and leave it what it found out
version_added: "0.2.0"
description:
  - A Sentinel that does not know the primary's name yet is told the present primary, as the other Sentinels say.
    One that knows it is never told another address, as that would undo a failover.
  - Options, passwords and users that differ are changed while it runs (C(SENTINEL SET), C(SENTINEL CONFIG SET),
    C(ACL SETUSER)).
  - Then waits until it sees the primary.
  - Writes no file; Sentinel does so itself.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  address:
    description: Where Sentinel answers, V(unix:PATH) or V(HOST:PORT).
    type: str
    required: true
  username:
    description: Administrating user of Sentinel.
    type: str
    required: true
  password:
    description: Password of O(username).
    type: str
    required: true
  previous_password:
    description: Tried when O(password) is refused, so that the password can be changed without a restart.
    type: str
  sentinels:
    description: All Sentinels, and the user by whom they watch servers and ask each other.
    type: dict
    required: true
    suboptions:
      name:
        description: The name by which the Sentinels know the primary.
        type: str
        required: true
      hosts:
        description: Addresses of the Sentinels.
        type: list
        elements: str
        required: true
      port:
        description: Port of the Sentinels.
        type: int
        default: 26379
      username:
        description: The user by whom Sentinels log in to servers and to each other.
        type: str
        required: true
      password:
        description: Password of that user.
        type: str
        required: true
      primary:
        description: Address of the primary as long as nobody knows one.
        type: str
        required: true
      primary_port:
        description: Port of that primary.
        type: int
        default: 6379
      tls:
        description: Whether the Sentinels speak TLS.
        type: bool
        default: false
      ca:
        description: Path of the CA of the Sentinels' certificates.
        type: str
      certificate:
        description: Path of the certificate to show them.
        type: str
      key:
        description: Path of its key.
        type: str
  primary:
    description: The primary that the server beside this Sentinel knows; counts when no other Sentinel knows one.
    type: dict
    suboptions:
      host:
        description: Address of the primary.
        type: str
        required: true
      port:
        description: Port of the primary.
        type: int
        required: true
  options:
    description: Options of C(SENTINEL SET).
    type: dict
    default: {}
  users:
    description: All users of Sentinel, as O(impl.lifecycle.redis_config#module:users).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the user.
        type: str
        required: true
      enabled:
        description: Whether the user may log in.
        type: bool
        default: true
      password:
        description: The only password of the user. Not given means that nobody can log in as the user.
        type: str
      keys:
        description: Patterns of the keys the user may touch.
        type: list
        elements: str
        default: []
      channels:
        description: Patterns of the channels the user may use.
        type: list
        elements: str
        default: []
      commands:
        description: Rules for commands, applied in order to a user who may do nothing.
        type: list
        elements: str
        default: []
  config_file:
    description: The file that Sentinel has to be started with, and writes.
    type: path
    required: true
  read_at_start:
    description: Files that Sentinel or its unit reads at the start. One that is younger is a reason to restart.
    type: list
    elements: path
    default: []
  wait:
    description: Seconds to wait until Sentinel sees the primary.
    type: float
    default: 60
  timeout:
    description: Seconds to wait for an answer.
    type: float
    default: 5
notes:
  - Must run as root, because Sentinel shows its passwords only in its own file.
attributes:
  check_mode:
    description: Tells what would be changed, and waits for nothing.
    support: full
  diff_mode:
    description: Shows each option and user before and after, without passwords.
    support: full
"""

EXAMPLES = r"""
- name: Let Sentinel decide earlier
  impl.lifecycle.redis_sentinel:
    address: unix:/run/sentinel/redis-sentinel.sock
    username: lifecycle
    password: "{{ redis_admin_password }}"
    sentinels:
      name: mymaster
      hosts: [10.0.0.31, 10.0.0.32, 10.0.0.33]
      username: sentinel
      password: "{{ redis_sentinel_password }}"
      primary: 10.0.0.31
    options: {down-after-milliseconds: 5000}
    users: "{{ sentinel_users }}"
    config_file: /var/lib/redis/lifecycle-sentinel.conf
"""

RETURN = r"""
restart_needed:
  description: Whether Sentinel can come to the wanted state only by a restart.
  type: bool
  returned: always
restart_reasons:
  description: Why, one line each.
  type: list
  elements: str
  returned: always
primary:
  description: The primary that Sentinel watches now, as HOST:PORT.
  type: str
  returned: always
problems:
  description: What does not work, one line each.
  type: list
  elements: str
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import RedisError, RedisUnreachable
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_sentinels import PEERS_SPEC
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_users import USER_SPEC, connect, log_in
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_watch import (
    Watch,
    reasons_to_restart,
    strangers_let_in,
)

ARGUMENTS = {
    "address": {"type": "str", "required": True},
    "username": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "previous_password": {"type": "str", "no_log": True},
    "sentinels": {"type": "dict", "required": True, "options": PEERS_SPEC},
    "primary": {
        "type": "dict",
        "options": {"host": {"type": "str", "required": True}, "port": {"type": "int", "required": True}},
    },
    "options": {"type": "dict", "default": {}},
    "users": {"type": "list", "elements": "dict", "required": True, "options": USER_SPEC},
    "config_file": {"type": "path", "required": True},
    "read_at_start": {"type": "list", "elements": "path", "default": []},
    "wait": {"type": "float", "default": 60},
    "timeout": {"type": "float", "default": 5},
}


def carry_out(module):
    params = module.params
    result = {"changed": False, "restart_needed": True, "restart_reasons": [], "primary": "", "problems": []}
    connection, refusals = connect([params["address"]], params["timeout"])
    if connection is None:
        return dict(result, restart_reasons=refusals)
    with connection:
        if log_in(connection, params) is None:
            reasons = ["Sentinel refuses the user {0}".format(params["username"])]
            return dict(result, restart_reasons=reasons)
        reasons, usable = reasons_to_restart(connection, params["config_file"], params["read_at_start"])
        result.update(restart_needed=bool(reasons), restart_reasons=reasons)
        if not usable:
            return result
        watch = Watch(connection, params, module.check_mode)
        watch.apply()
        result["changed"] = bool(watch.before)
        result["diff"] = {"before": "".join(watch.before), "after": "".join(watch.after)}
        if not module.check_mode:
            result["problems"] = watch.wait() + strangers_let_in(params)
            result["primary"] = watch.primary()
    return result


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        module.exit_json(**carry_out(module))
    except (RedisError, RedisUnreachable) as error:
        module.fail_json(msg="Sentinel answered: {0}".format(error))


if __name__ == "__main__":
    main()
