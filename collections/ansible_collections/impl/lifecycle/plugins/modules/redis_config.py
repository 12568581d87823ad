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
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_plan import (
    describe,
    differing,
    digests_of,
    full_rules,
    rules_of,
    text_of,
    user_differs,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import (
    Connection,
    RedisError,
    RedisUnreachable,
    pairs,
)

SCRATCH_USER = "lifecycle-compare"

USER_SPEC = {
    "name": {"type": "str", "required": True},
    "enabled": {"type": "bool", "default": True},
    "password": {"type": "str", "no_log": True},
    "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "channels": {"type": "list", "elements": "str", "default": []},
    "commands": {"type": "list", "elements": "str", "default": []},
}

ARGUMENTS = {
    "addresses": {"type": "list", "elements": "str", "default": ["127.0.0.1:6379"]},
    "username": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "previous_password": {"type": "str", "no_log": True},
    "settings": {"type": "dict", "default": {}},
    "startup_settings": {"type": "dict", "default": {}},
    "users": {"type": "list", "elements": "dict", "options": USER_SPEC},
    "timeout": {"type": "float", "default": 5},
}


def connect(addresses, timeout):
    """Return a connection to the first address that answers, or None and why not."""
    refusals = []
    for address in addresses:
        try:
            return Connection(address, timeout), []
        except RedisUnreachable as error:
            refusals.append(str(error))
    return None, refusals


def log_in(connection, params):
    """Return the name of the user whose rights the connection has now, or None.

    The last resort is a server just installed, or built by hand, whose default user needs no password.
    """
    for password in (params["password"], params["previous_password"]):
        if password:
            try:
                connection.command("AUTH", params["username"], password)
                return params["username"]
            except RedisError as error:
                if not str(error).startswith(("WRONGPASS", "ERR AUTH", "NOPERM")):
                    raise
    try:
        connection.command("CONFIG", "GET", "maxmemory")
        return connection.command("ACL", "WHOAMI")
    except RedisError:
        return None


def read_settings(connection, names):
    """Ask for each setting by its own name; a name the server does not know is left out."""
    values = {}
    for name in names:
        values.update(pairs(connection.command("CONFIG", "GET", name)))
    return values


def read_user(connection, name):
    answer = connection.command("ACL", "GETUSER", name)
    return None if answer is None else pairs(answer)


def in_the_servers_words(connection, user):
    """Let the server spell the user's rules, with the help of a user who can never log in."""
    try:
        connection.command("ACL", "SETUSER", SCRATCH_USER, "reset", *rules_of(user))
        return read_user(connection, SCRATCH_USER)
    except RedisError as error:
        raise RedisError("user {0}: {1}".format(user["name"], error)) from error
    finally:
        connection.command("ACL", "DELUSER", SCRATCH_USER)


class Server:
    """The running server, what is wanted of it, and the differences found so far."""

    def __init__(self, module, connection):
        self.connection = connection
        self.check_mode = module.check_mode
        self.settings = {name: text_of(value) for name, value in module.params["settings"].items()}
        self.startup = {name: text_of(value) for name, value in module.params["startup_settings"].items()}
        self.users = module.params["users"]
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

    def restart_reasons(self):
        current = read_settings(self.connection, self.startup)
        return [
            "{0} is {1!r}, wanted is {2!r}".format(name, current[name], self.startup[name])
            for name in differing(self.startup, current)
        ], sorted(set(self.startup) - set(current))

    def apply_users(self):
        if self.users is None:
            return
        wanted = {user["name"]: user for user in self.users}
        changes = [
            (user, canonical)
            for user in self.users
            for canonical in [in_the_servers_words(self.connection, user)]
            if self._compare_user(user, canonical)
        ]
        surplus = [name for name in self.connection.command("ACL", "USERS") if name not in (*wanted, "default")]
        for name in surplus:
            self._note("user " + name, describe(read_user(self.connection, name)), "absent")
        if self.check_mode:
            return
        # The default user last: this connection may live on its rights.
        for user, _canonical in sorted(changes, key=lambda change: change[0]["name"] == "default"):
            self.connection.command("ACL", "SETUSER", user["name"], *full_rules(user))
        if surplus:
            self.connection.command("ACL", "DELUSER", *surplus)

    def _compare_user(self, user, canonical):
        current = read_user(self.connection, user["name"])
        if not user_differs(user, canonical, current):
            return False
        flags = ["on" if user["enabled"] else "off"]
        after = dict(canonical, flags=flags, passwords=digests_of(user))
        mark = "" if current is None or current["passwords"] == after["passwords"] else " (another password)"
        self._note("user " + user["name"], describe(current), describe(after) + mark)
        return True

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
        result["restart_reasons"], result["unverifiable"] = server.restart_reasons()
        server.apply_users()
    result["restart_needed"] = bool(result["restart_reasons"])
    result["changed"] = bool(server.before)
    result["diff"] = {"before": "".join(server.before), "after": "".join(server.after)}
    return result


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        module.exit_json(**carry_out(module))
    except (RedisError, RedisUnreachable) as error:
        module.fail_json(msg="Redis answered: {0}".format(error))


if __name__ == "__main__":
    main()
