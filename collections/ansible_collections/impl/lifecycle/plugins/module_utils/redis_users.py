# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Log in to a running Redis or Sentinel and bring its ACL users to what is wanted."""

from __future__ import annotations

from ansible_collections.impl.lifecycle.plugins.module_utils.redis_plan import (
    describe,
    digests_of,
    full_rules,
    rules_of,
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


class Users:
    """The users of one server; `note(name, before, after)` hears of every difference."""

    def __init__(self, connection, users, note):
        self.connection, self.users, self._note = connection, users, note

    def apply(self, check_mode):
        wanted = {user["name"]: user for user in self.users}
        changes = [
            (user, canonical)
            for user in self.users
            for canonical in [in_the_servers_words(self.connection, user)]
            if self._compare(user, canonical)
        ]
        surplus = [name for name in self.connection.command("ACL", "USERS") if name not in (*wanted, "default")]
        for name in surplus:
            self._note("user " + name, describe(read_user(self.connection, name)), "absent")
        if check_mode:
            return
        # The default user last: this connection may live on its rights.
        for user, _canonical in sorted(changes, key=lambda change: change[0]["name"] == "default"):
            self.connection.command("ACL", "SETUSER", user["name"], *full_rules(user))
        if surplus:
            self.connection.command("ACL", "DELUSER", *surplus)

    def _compare(self, user, canonical):
        current = read_user(self.connection, user["name"])
        if not user_differs(user, canonical, current):
            return False
        flags = ["on" if user["enabled"] else "off"]
        after = dict(canonical, flags=flags, passwords=digests_of(user))
        mark = "" if current is None or current["passwords"] == after["passwords"] else " (another password)"
        self._note("user " + user["name"], describe(current), describe(after) + mark)
        return True
