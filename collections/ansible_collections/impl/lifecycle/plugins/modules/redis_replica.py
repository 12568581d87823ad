#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_replica
short_description: Have a running Redis server its part in a replication, and leave Sentinel its own
version_added: "0.2.0"
description:
  - Without O(sentinels) the server becomes the replica of O(replica_of), or a primary when that is not given.
  - With O(sentinels) they are asked for the present primary. Only a server without keys that is nobody's replica gets a
    part; whatever a failover has made of a server stays.
  - The server writes its part into its own file (C(CONFIG REWRITE)), so that it has it after a restart too.
  - Then waits until the link to the primary is up.
  - A primary with keys is refused as a replica, because it would lose them.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  addresses:
    description: Where the server may answer, tried in this order, V(unix:PATH) or V(HOST:PORT).
    type: list
    elements: str
    required: true
  username:
    description: Administrating user.
    type: str
    required: true
  password:
    description: Password of O(username).
    type: str
    required: true
  replica_of:
    description: The primary. Not given means that the server is one.
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
  sentinels:
    description: The Sentinels that watch the server.
    type: dict
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
        description: The user by whom a Sentinel is asked.
        type: str
        required: true
      password:
        description: Password of that user.
        type: str
        required: true
      primary:
        description: Address of the primary as long as no Sentinel knows one.
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
  replace_data:
    description: Let a primary with keys become a replica, which loses them.
    type: bool
    default: false
  wait:
    description: Seconds to wait for the link to the primary.
    type: float
    default: 60
  timeout:
    description: Seconds to wait for an answer.
    type: float
    default: 5
attributes:
  check_mode:
    description: Tells what would be done, and waits for nothing.
    support: full
  diff_mode:
    description: Shows whose replica the server is before and after.
    support: full
"""

EXAMPLES = r"""
- name: Replicate from cache1
  impl.lifecycle.redis_replica:
    addresses: ["unix:/run/redis/redis-server.sock"]
    username: lifecycle
    password: "{{ redis_admin_password }}"
    replica_of: {host: 10.0.0.31, port: 6379}
"""

RETURN = r"""
role:
  description: What the server says that it is, C(master) or C(slave).
  type: str
  returned: always
primary:
  description: Host and port of the present primary; of the server itself only if O(sentinels) tell its address.
  type: dict
  returned: always
problems:
  description: What does not work, one line each.
  type: list
  elements: str
  returned: always
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import (
    RedisError,
    RedisUnreachable,
    information,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_sentinels import (
    PEERS_SPEC,
    Part,
    Place,
    ask,
    by_inventory,
    by_sentinels,
    is_local,
    text_of,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_users import connect, log_in

ARGUMENTS = {
    "addresses": {"type": "list", "elements": "str", "required": True},
    "username": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "replica_of": {
        "type": "dict",
        "options": {"host": {"type": "str", "required": True}, "port": {"type": "int", "required": True}},
    },
    "sentinels": {"type": "dict", "options": PEERS_SPEC},
    "replace_data": {"type": "bool", "default": False},
    "wait": {"type": "float", "default": 60},
    "timeout": {"type": "float", "default": 5},
}


def look(connection):
    """The server's part now, and whether its link to a primary is up."""
    said = information(connection, "replication")
    if said["role"] == "master":
        return Part(connection.command("DBSIZE"), None, int(said["connected_slaves"])), True
    primary = Place(said["master_host"], int(said["master_port"]))
    return Part(0, primary, int(said["connected_slaves"])), said["master_link_status"] == "up"


def decide(params, now, known):
    if params["sentinels"] is None:
        wanted = params["replica_of"]
        place = Place(wanted["host"], wanted["port"]) if wanted else None
        return by_inventory(now, place, params["replace_data"])
    return by_sentinels(now, known, first_of(params["sentinels"]), is_local, params["replace_data"])


def first_of(peers):
    return Place(peers["primary"], peers["primary_port"])


def play(connection, decision):
    words = ("NO", "ONE") if decision.target is None else decision.target
    connection.command("REPLICAOF", *words)
    connection.command("CONFIG", "REWRITE")


def fault_of(now, link_up, peers):
    """What is wrong with the server's part now, or an empty text."""
    if not link_up:
        return "the link to the primary {0} is not up".format(text_of(now.replica_of))
    if peers is None or now.replica_of is not None:
        return ""
    known = ask(peers)
    if known is None or is_local(known.host):
        return ""
    return "it is a primary beside {0}, which the Sentinels know".format(text_of(known))


def wait_for(params):
    """Wait until the part is played, by new connections: Sentinel cuts them all when it gives another part."""
    deadline = time.monotonic() + params["wait"]
    now = Part(0, None, 0)
    while True:
        try:
            with enter(params) as connection:
                now, link_up = look(connection)
            fault = fault_of(now, link_up, params["sentinels"])
        except RedisUnreachable as error:
            fault = "it does not answer at {0}".format(error)
        if not fault:
            return [], now
        if time.monotonic() > deadline:
            return ["{0} after {1:.0f} s".format(fault, params["wait"])], now
        time.sleep(0.5)


def enter(params):
    """A connection with the rights of the administrator."""
    connection, refusals = connect(params["addresses"], params["timeout"])
    if connection is None:
        raise RedisUnreachable("; ".join(refusals))
    if log_in(connection, dict(params, previous_password=None)) is None:
        connection.close()
        raise RedisError("the user {0} is refused".format(params["username"]))
    return connection


def own_place(peers):
    """This server among those of the Sentinels."""
    own = [host for host in peers["hosts"] if is_local(host)] if peers else []
    return Place(own[0], peers["primary_port"]) if own else None


def carry_out(module):
    params = module.params
    known = ask(params["sentinels"]) if params["sentinels"] else None
    with enter(params) as connection:
        now, _link_up = look(connection)
        decision = decide(params, now, known)
        if decision.change and not module.check_mode:
            play(connection, decision)
    if decision.refusal:
        module.fail_json(msg="Redis stays as it is: {0}.".format(decision.refusal))
    result = {"changed": decision.change, "problems": []}
    if decision.change:
        result["diff"] = {
            "before": "replica of {0}\n".format(text_of(now.replica_of)),
            "after": "replica of {0}\n".format(text_of(decision.target)),
        }
    if not module.check_mode:
        result["problems"], now = wait_for(params)
    primary = known or now.replica_of or own_place(params["sentinels"])
    result["role"] = "master" if now.replica_of is None else "slave"
    result["primary"] = primary._asdict() if primary else {}
    return result


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        module.exit_json(**carry_out(module))
    except (RedisError, RedisUnreachable) as error:
        module.fail_json(msg="Redis answered: {0}".format(error))


if __name__ == "__main__":
    main()
