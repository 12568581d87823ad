#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_config
short_description: Bring a running Redis server to its settings and ACL users without a restart
version_added: "0.1.0"
description:
  - Asks the running server for its settings and users, and changes what differs with C(CONFIG SET) and C(ACL SETUSER).
  - A change of a user is one C(ACL SETUSER). C(ACL LOAD) is not used, because
    Redis 7.0 then closes the connections of all users.
  - Tells which settings can be changed only by a restart, and whether the server runs with other values.
  - Writes no file. What the server reads at its next start is the business of the caller.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  addresses:
    description:
      - Where the server may answer, tried in this order.
      - Either V(unix:PATH) or V(HOST:PORT).
    type: list
    elements: str
    default: ["127.0.0.1:6379"]
  username:
    description: Administrating user.
    type: str
    required: true
  password:
    description: Password of O(username).
    type: str
    required: true
  previous_password:
    description: Tried when O(password) is refused, so that the password can be changed without a restart.
    type: str
  settings:
    description: Settings which the server can take over while it runs.
    type: dict
    default: {}
  startup_settings:
    description: Settings which the server reads only when it starts. They are compared, not changed.
    type: dict
    default: {}
  replication_password:
    description: C(masterauth), with which the server logs in to its primary. Set while it runs, never shown.
    type: str
  config_file:
    description: The file that the server has to be started with. Another one is a reason to restart.
    type: path
  tls_address:
    description: Where the server answers by TLS, V(HOST:PORT). If it shows another certificate than
      O(tls_certificate), it is told to read the files again.
    type: str
  tls_certificate:
    description: Path of the certificate that the server shows.
    type: path
  tls_key:
    description: Path of the key of O(tls_certificate).
    type: path
  tls_reread:
    description: Let the server read its certificates again in any case, because the caller has changed a file of them.
    type: bool
    default: false
  users:
    description:
      - All users the server has to know; a user that is not listed is deleted.
      - Not given means that the users are left as they are.
    type: list
    elements: dict
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
  timeout:
    description: Seconds to wait for an answer.
    type: float
    default: 5
notes:
  - The server rewrites rules in its own way. To compare them, they are given for a moment to a user who cannot log in,
    C(lifecycle-compare), in check mode too.
attributes:
  check_mode:
    description: Tells what would be changed.
    support: full
  diff_mode:
    description: Shows each setting and user before and after, without passwords.
    support: full
"""

EXAMPLES = r"""
- name: Give Redis more memory while it runs
  impl.lifecycle.redis_config:
    username: lifecycle
    password: "{{ redis_admin_password }}"
    settings:
      maxmemory: 256mb
"""

RETURN = r"""
reachable:
  description: Whether a server answered.
  type: bool
  returned: always
logged_in_as:
  description: The user whose rights were used, or null if the server refused every one.
  type: str
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
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_plan import differing, text_of
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import (
    Connection,
    RedisError,
    RedisUnreachable,
    certificate_in,
    information,
    pairs,
    tls_context,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_users import USER_SPEC, Users, connect, log_in

ARGUMENTS = {
    "addresses": {"type": "list", "elements": "str", "default": ["127.0.0.1:6379"]},
    "username": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "previous_password": {"type": "str", "no_log": True},
    "settings": {"type": "dict", "default": {}},
    "startup_settings": {"type": "dict", "default": {}},
    "replication_password": {"type": "str", "no_log": True},
    "config_file": {"type": "path"},
    "tls_address": {"type": "str"},
    "tls_certificate": {"type": "path"},
    "tls_key": {"type": "path", "no_log": False},
    "tls_reread": {"type": "bool", "default": False},
    "users": {"type": "list", "elements": "dict", "options": USER_SPEC},
    "timeout": {"type": "float", "default": 5},
}


def read_settings(connection, names):
    """Ask for each setting by its own name; a name the server does not know is left out."""
    values = {}
    for name in names:
        values.update(pairs(connection.command("CONFIG", "GET", name)))
    return values


class Server:
    """The running server, what is wanted of it, and the differences found so far."""

    def __init__(self, module, connection):
        self.connection = connection
        self.check_mode = module.check_mode
        self.params = module.params
        self.settings = {name: text_of(value) for name, value in module.params["settings"].items()}
        self.startup = {name: text_of(value) for name, value in module.params["startup_settings"].items()}
        self.before, self.after = [], []

    def apply_settings(self):
        """Set in one command what differs: Redis takes over all of it or nothing."""
        current = read_settings(self.connection, self.settings)
        unknown = sorted(set(self.settings) - set(current))
        if unknown:
            raise RedisError("this server knows no setting {0}".format(", ".join(unknown)))
        changes = differing(self.settings, current)
        if changes and not self.check_mode:
            words = [word for name in changes for word in (name, self.settings[name])]
            self.connection.command("CONFIG", "SET", *words)
            after = read_settings(self.connection, changes)
            # A value that reads as before was only another spelling of it.
            changes = [name for name in changes if after[name] != current[name]]
        for name in changes:
            self._note(name, current[name], self.settings[name])

    def apply_replication_password(self):
        wanted = self.params["replication_password"]
        if wanted is None or read_settings(self.connection, ["masterauth"]).get("masterauth") == wanted:
            return
        self._note("masterauth", "another", "as wanted")
        if not self.check_mode:
            self.connection.command("CONFIG", "SET", "masterauth", wanted)

    def apply_certificate(self):
        """A renewed file keeps its name: only what the server shows tells whether it has read it."""
        certificate, key = self.params["tls_certificate"], self.params["tls_key"]
        if self.params["tls_address"] is None or not self._shows_another(certificate, key):
            return
        self._note("certificate", "read before", "read again")
        if not self.check_mode:
            self.connection.command("CONFIG", "SET", "tls-cert-file", certificate, "tls-key-file", key)

    def _shows_another(self, certificate, key):
        if self.params["tls_reread"]:
            return True
        try:
            tls = tls_context(certificate=certificate, key=key)
            with Connection(self.params["tls_address"], self.params["timeout"], tls) as shown:
                return shown.certificate() != certificate_in(certificate)
        except (RedisUnreachable, OSError, ValueError):
            # It does not listen there yet: then it reads the files when it does.
            return False

    def restart_reasons(self):
        current = read_settings(self.connection, self.startup)
        reasons = [
            "{0} is {1!r}, wanted is {2!r}".format(name, current[name], self.startup[name])
            for name in differing(self.startup, current)
        ]
        wanted = self.params["config_file"]
        started = information(self.connection, "server").get("config_file") if wanted else None
        if started != wanted:
            reasons.append("started with {0!r}, wanted is {1!r}".format(started, wanted))
        return reasons, sorted(set(self.startup) - set(current))

    def apply_users(self):
        if self.params["users"] is not None:
            Users(self.connection, self.params["users"], self._note).apply(self.check_mode)

    def _note(self, name, before, after):
        self.before.append("{0} {1}\n".format(name, before))
        self.after.append("{0} {1}\n".format(name, after))


def carry_out(module):
    result = {
        "changed": False,
        "reachable": False,
        "logged_in_as": None,
        "restart_needed": True,
        "restart_reasons": [],
        "unverifiable": [],
    }
    connection, refusals = connect(module.params["addresses"], module.params["timeout"])
    if connection is None:
        result["restart_reasons"] = refusals
        return result
    with connection:
        result["reachable"] = True
        result["logged_in_as"] = log_in(connection, module.params)
        if result["logged_in_as"] is None:
            result["restart_reasons"] = ["the server refuses the user {0}".format(module.params["username"])]
            return result
        server = Server(module, connection)
        server.apply_settings()
        server.apply_replication_password()
        server.apply_certificate()
        result["restart_reasons"], result["unverifiable"] = server.restart_reasons()
        server.apply_users()
    result["restart_needed"] = bool(result["restart_reasons"])
    result["changed"] = bool(server.before)
    result["diff"] = {"before": "".join(server.before), "after": "".join(server.after)}
    return result


def main():
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_by={"tls_address": ["tls_certificate", "tls_key"]},
        supports_check_mode=True,
    )
    try:
        module.exit_json(**carry_out(module))
    except (RedisError, RedisUnreachable) as error:
        module.fail_json(msg="Redis answered: {0}".format(error))


if __name__ == "__main__":
    main()
