#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_config
short_description: Bring a running MariaDB server to its settings without a restart, and tell what it is
version_added: "0.2.0"
description:
  - Asks the running server for its settings and changes what differs with one C(SET GLOBAL). Values are compared as the
    server means them, so V(64M) is 67108864 and V(true) is V(ON).
  - Tells which settings can be changed only by a restart, and whether the server runs with other values.
  - A certificate that was renewed in its file is read by C(FLUSH SSL).
  - Tells which accounts and databases there are, and what a replica says of its primary.
  - Writes no file. What the server reads at its next start is the business of the caller.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  socket:
    description: The server's local socket, by which root comes in.
    type: path
    default: /run/mysqld/mysqld.sock
  unit:
    description: The server's unit, whose process is compared with O(restart_files).
    type: str
    default: mariadb.service
  settings:
    description: Settings which the server can take over while it runs.
    type: dict
    default: {}
  startup_settings:
    description: Settings which the server reads only when it starts. They are compared, not changed.
    type: dict
    default: {}
  startup_files:
    description:
      - Files with O(startup_settings).
      - When one is younger than the process, the settings the server does not answer for ask for a restart.
    type: list
    elements: path
    default: []
  restart_files:
    description: Files that ask for a restart when they are younger than the process, such as a part of its unit.
    type: list
    elements: path
    default: []
  certificate:
    description: Path of the certificate the server has to show.
    type: path
notes:
  - Must run as root of the server's host.
attributes:
  check_mode:
    description: Tells what would be changed.
    support: full
  diff_mode:
    description: Shows each setting before and after.
    support: full
"""

EXAMPLES = r"""
- name: Give MariaDB more memory while it runs
  impl.lifecycle.mariadb_config:
    settings:
      innodb_buffer_pool_size: 512M
"""

RETURN = r"""
reachable:
  description: Whether a server answered.
  type: bool
  returned: always
restart_needed:
  description: Whether the server can come to the wanted state only by a restart.
  type: bool
  returned: always
restart_reasons:
  description: Why, one line each.
  type: list
  elements: str
  returned: always
unverifiable:
  description: Startup settings which the server does not answer for.
  type: list
  elements: str
  returned: always
accounts:
  description: Users of the server with their hosts, without roles.
  type: list
  elements: dict
  returned: when reachable
databases:
  description: Databases with their character set and collation.
  type: list
  elements: dict
  returned: when reachable
port:
  description: The port the server has now.
  type: int
  returned: when reachable
bind_address:
  description: Where the server listens now.
  type: str
  returned: when reachable
tls:
  description: Whether the server offers TLS.
  type: bool
  returned: when reachable
replica:
  description: What the server says of its connection to a primary, or null.
  type: dict
  returned: when reachable
"""

import ssl

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_client import (
    Client,
    MariadbError,
    answers,
    started_at,
    younger_than,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_values import text_of

ARGUMENTS = {
    "socket": {"type": "path", "default": "/run/mysqld/mysqld.sock"},
    "unit": {"type": "str", "default": "mariadb.service"},
    "settings": {"type": "dict", "default": {}},
    "startup_settings": {"type": "dict", "default": {}},
    "startup_files": {"type": "list", "elements": "path", "default": []},
    "restart_files": {"type": "list", "elements": "path", "default": []},
    "certificate": {"type": "path"},
}

FACTS = "SELECT JSON_OBJECT('port', @@port, 'bind_address', @@bind_address, 'tls', @@have_ssl)"
ACCOUNTS = "SELECT JSON_OBJECT('name', User, 'host', Host) FROM mysql.user WHERE is_role = 'N' ORDER BY User, Host"
DATABASES = (
    "SELECT JSON_OBJECT('name', SCHEMA_NAME, 'charset', DEFAULT_CHARACTER_SET_NAME,"
    " 'collation', DEFAULT_COLLATION_NAME) FROM information_schema.SCHEMATA ORDER BY 1"
)
SHOWN = (
    "SELECT JSON_ARRAY(VARIABLE_VALUE) FROM information_schema.GLOBAL_STATUS"
    " WHERE VARIABLE_NAME IN ('SSL_SERVER_NOT_BEFORE', 'SSL_SERVER_NOT_AFTER') ORDER BY VARIABLE_NAME"
)


def dates_of(path):
    """Until when and from when a certificate holds. The module ssl has no public way to read a file."""
    found = ssl._ssl._test_decode_cert(path)
    return [found["notAfter"], found["notBefore"]]


class Server:
    """The running server, what is wanted of it, and the differences found so far."""

    def __init__(self, module, client):
        self.client = client
        self.params = module.params
        self.module = module
        self.settings = {name: text_of(value) for name, value in module.params["settings"].items()}
        self.startup = {name: text_of(value) for name, value in module.params["startup_settings"].items()}
        self.before, self.after, self.reasons = [], [], []

    def apply_settings(self):
        """Set in one statement what differs: the server checks all values before it takes over the first."""
        found = self.client.variables(self.settings)
        unknown = sorted(set(self.settings) - set(found))
        if unknown:
            raise MariadbError("this server knows no variable {0}".format(", ".join(unknown)))
        fixed = sorted(name for name, variable in found.items() if variable.read_only)
        if fixed:
            raise MariadbError("read only when the server starts: {0}".format(", ".join(fixed)))
        changes = {name: value for name, value in self.settings.items() if not found[name].has(value)}
        if changes and not self.module.check_mode:
            # The file before the log: switched on first, a log would begin in the file it had before.
            ordered = sorted(changes.items(), key=lambda change: not change[0].endswith("_file"))
            parts = ["{0} = {1}".format(name, found[name].literal(value)) for name, value in ordered]
            self.client.ask("SET GLOBAL " + ", ".join(parts))
        now = self.client.variables(changes) if changes and not self.module.check_mode else {}
        for name, value in changes.items():
            kept = now.get(name)
            if kept and not kept.has(value):
                self.reasons.append(
                    "{0} stays {1!r} in the running server, wanted is {2!r}".format(name, kept.value, value)
                )
            if not kept or kept.value != found[name].value:
                self._note(name, found[name].value, value)

    def compare_startup(self):
        """Why a restart is needed, and which settings the server does not answer for."""
        found = self.client.variables(self.startup)
        self.reasons += [
            "{0} is {1!r}, wanted is {2!r}".format(name, found[name].value, value)
            for name, value in self.startup.items()
            if name in found and not found[name].has(value)
        ]
        silent = sorted(set(self.startup) - set(found))
        started = started_at(self.module, self.params["unit"])
        if silent and younger_than(self.params["startup_files"], started):
            self.reasons.append("{0}: the file is younger than the server".format(", ".join(silent)))
        self.reasons += [
            "{0} is younger than the server".format(path)
            for path in younger_than(self.params["restart_files"], started)
        ]
        return silent

    def apply_certificate(self):
        """The paths are read when the server starts; what is in the files can be read again."""
        path = self.params["certificate"]
        shown = [row[0] for row in self.client.rows(SHOWN)]
        # Nothing to compare while the server still has to start with this certificate, or its name is another.
        if path is None or not any(shown) or any(reason.startswith("ssl_cert ") for reason in self.reasons):
            return
        try:
            wanted = dates_of(path)
        except (OSError, ValueError) as error:
            raise MariadbError("{0} is no certificate: {1}".format(path, error)) from error
        if shown != wanted:
            self._note("certificate until", shown[0], wanted[0])
            if not self.module.check_mode:
                self.client.ask("FLUSH SSL")

    def _note(self, name, before, after):
        self.before.append("{0} {1}\n".format(name, before))
        self.after.append("{0} {1}\n".format(name, after))


def facts_of(client):
    facts = client.rows(FACTS)[0]
    return {
        "port": facts["port"],
        "bind_address": facts["bind_address"] or "*",
        "tls": facts["tls"] == "YES",
        "accounts": client.rows(ACCOUNTS),
        "databases": client.rows(DATABASES),
        "replica": client.replica_status(),
    }


def carry_out(module):
    client = Client(module, module.params["socket"])
    reachable, refusal = answers(client)
    if not reachable:
        return {
            "changed": False,
            "reachable": False,
            "restart_needed": True,
            "restart_reasons": [refusal],
            "unverifiable": [],
        }
    server = Server(module, client)
    server.apply_settings()
    unverifiable = server.compare_startup()
    server.apply_certificate()
    return {
        "changed": bool(server.before),
        "reachable": True,
        "restart_needed": bool(server.reasons),
        "restart_reasons": server.reasons,
        "unverifiable": unverifiable,
        "diff": {"before": "".join(server.before), "after": "".join(server.after)},
        **facts_of(client),
    }


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        module.exit_json(**carry_out(module))
    except MariadbError as error:
        module.fail_json(msg="MariaDB answered: {0}".format(error))


if __name__ == "__main__":
    main()
