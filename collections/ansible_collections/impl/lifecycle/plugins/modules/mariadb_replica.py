#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_replica
short_description: Have a MariaDB server replicate from a primary by GTID
version_added: "0.2.0"
description:
  - A server that is no replica yet gets the primary's databases and users by one C(mariadb-dump) that is piped into it,
    and starts to replicate from the position of that dump. Nothing is written to disk in between.
  - A server that already is a replica is told another address, user or password of its primary and keeps its position.
  - A server with databases of its own is refused, because the dump would mix them with those of the primary.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  socket:
    description: The local server's socket, by which root comes in.
    type: path
    default: /run/mysqld/mysqld.sock
  host:
    description: Address of the primary.
    type: str
    required: true
  port:
    description: TCP port of the primary.
    type: int
    default: 3306
  user:
    description: The user who replicates and, at the first time, dumps.
    type: str
    required: true
  password:
    description: Password of O(user).
    type: str
    required: true
  tls:
    description: Whether to insist on TLS with the primary.
    type: bool
    default: false
  ca:
    description: Authorities for the primary's certificate. Without it the certificate is not checked.
    type: path
  patience:
    description: Seconds to wait for a primary that does not let the user in yet, because it is set up at the same time.
    type: float
    default: 60
notes:
  - Must run as root of the replica. MariaDB keeps the password in C(master.info) of its data directory.
attributes:
  check_mode:
    description: Tells what would be done, without asking the primary.
    support: full
  diff_mode:
    description: Shows the connection before and after.
    support: full
"""

EXAMPLES = r"""
- name: Replicate from db1
  impl.lifecycle.mariadb_replica:
    host: db1.example.org
    user: replicator
    password: "{{ replicator_password }}"
"""

RETURN = r"""
loaded:
  description: Databases that came from the primary by the first load.
  type: list
  elements: str
  returned: always
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_client import Client, MariadbError
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_dump import DATABASES, Primary, pipe_into
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_values import quoted

# Access denied: only then it can be seen that the password is another one.
REFUSED = {"1045", "1698"}


def wanted_connection(params):
    return {
        "Master_Host": params["host"],
        "Master_Port": str(params["port"]),
        "Master_User": params["user"],
        "Master_SSL_Allowed": "Yes" if params["tls"] else "No",
        "Master_SSL_CA_File": params["ca"] or "",
        "Using_Gtid": "Slave_Pos",
    }


def differences(status, params):
    """What has to be told to the replica, before and after."""
    wanted = wanted_connection(params)
    now = {name: (status or {}).get(name, "") for name in wanted}
    changed = [name for name in wanted if now[name] != wanted[name]]
    if status and not changed and status.get("Last_IO_Errno") in REFUSED:
        changed = ["password"]
        now["password"], wanted["password"] = "refused", "as given"
    stopped = status and "No" in (status.get("Slave_IO_Running"), status.get("Slave_SQL_Running"))
    if stopped and not changed:
        changed = ["replication"]
        now["replication"], wanted["replication"] = "stopped", "started"
    return "".join("{0} {1}\n".format(name, now[name]) for name in changed), "".join(
        "{0} {1}\n".format(name, wanted[name]) for name in changed
    )


def change_statement(params):
    parts = {
        "MASTER_HOST": quoted(params["host"]),
        "MASTER_PORT": str(params["port"]),
        "MASTER_USER": quoted(params["user"]),
        "MASTER_PASSWORD": quoted(params["password"]),
        "MASTER_SSL": "1" if params["tls"] else "0",
        "MASTER_SSL_CA": quoted(params["ca"] or ""),
        "MASTER_SSL_VERIFY_SERVER_CERT": "1" if params["ca"] else "0",
        "MASTER_USE_GTID": "slave_pos",
    }
    told = ", ".join("{0} = {1}".format(*part) for part in parts.items())
    # The password is part of the statement: neither the general nor the slow log may keep it.
    quiet = "SET SESSION sql_log_off = 1; SET SESSION slow_query_log = 0; "
    return quiet + "STOP SLAVE; CHANGE MASTER TO " + told + "; START SLAVE;"


def load(module, client):
    own = [row[0] for row in client.rows(DATABASES)]
    if own:
        raise MariadbError(
            "this server has databases of its own ({0}) and is no replica yet; drop them, or give it no primary".format(
                ", ".join(own)
            )
        )
    if module.check_mode:
        return []
    primary = Primary(module.params)
    databases = patiently(primary.databases, module.params["patience"])
    if not databases:
        raise MariadbError("the primary has no database yet; run the role there first")
    # A position from an earlier life would win over that of a primary which has written nothing yet.
    client.ask("SET GLOBAL gtid_slave_pos = ''")
    try:
        pipe_into(client, primary.dump(databases), primary.login)
    except MariadbError:
        # Half a load would be taken for databases of this server's own.
        drops = ["DROP DATABASE IF EXISTS `{0}`;".format(name) for name in databases]
        client.ask(" ".join(["SET SESSION sql_log_bin = 0;", *drops]))
        raise
    return databases


def patiently(ask, patience):
    """The answer, as soon as there is one."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return ask()
        except MariadbError:
            if time.monotonic() > deadline:
                raise
        time.sleep(1)


def settled(client, patience=15.0):
    """The status when the connection has been tried; the caller judges it."""
    deadline = time.monotonic() + patience
    status = client.replica_status()
    while status and status["Slave_IO_Running"] == "Connecting" and time.monotonic() < deadline:
        if status["Last_IO_Errno"] != "0":
            break
        time.sleep(0.2)
        status = client.replica_status()
    return status


def carry_out(module):
    client = Client(module, module.params["socket"])
    status = client.replica_status()
    if status and not status["Master_Host"]:
        # What a dump leaves behind whose load was cut off.
        status = None
    before, after = differences(status, module.params)
    loaded = []
    if after:
        if status is None:
            loaded = load(module, client)
        if not module.check_mode:
            client.ask(change_statement(module.params))
            settled(client)
    return {"changed": bool(after), "loaded": loaded, "diff": {"before": before, "after": after}}


def main():
    module = AnsibleModule(
        argument_spec={
            "socket": {"type": "path", "default": "/run/mysqld/mysqld.sock"},
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "default": 3306},
            "user": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
            "tls": {"type": "bool", "default": False},
            "ca": {"type": "path"},
            "patience": {"type": "float", "default": 60},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**carry_out(module))
    except MariadbError as error:
        module.fail_json(msg="MariaDB answered: {0}".format(error))


if __name__ == "__main__":
    main()
