# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a running Sentinel watches and how: compared with what is wanted, and changed while it runs."""

from __future__ import annotations

import os
import shlex
import time

from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import (
    Connection,
    RedisError,
    information,
    pairs,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_sentinels import Place, ask, text_of
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_users import Users

# Flags with which Sentinel says that it does not see the primary.
BLIND = {"s_down", "o_down", "disconnected"}


def reasons_to_restart(connection, config_file, read_at_start):
    """Why Sentinel has to be restarted, and whether it can be told anything before."""
    said = information(connection, "server")
    if said.get("config_file") != config_file:
        return ["started with {0!r}, wanted is {1!r}".format(said.get("config_file"), config_file)], False
    # Sentinel has no CONFIG GET. Its start is known to the second.
    started = int(said["server_time_usec"]) / 1e6 - int(said["uptime_in_seconds"])
    younger = [path for path in read_at_start if os.path.exists(path) and os.stat(path).st_mtime > started + 1]
    return ["{0} changed since it started".format(path) for path in younger], True


def kept_in(text, name):
    """The user and password for servers that Sentinel keeps in its file: it never answers with these."""
    found = {}
    for line in text.splitlines():
        words = shlex.split(line) if line.startswith("sentinel auth-") else []
        if len(words) == 4 and words[2] == name:
            found[words[1]] = words[3]
    return found


def strangers_let_in(params):
    """Nobody without a login, and no wrong password."""
    found = []
    for words in (("PING",), ("AUTH", params["username"], params["password"] + ".wrong")):
        with Connection(params["address"], params["timeout"]) as connection:
            try:
                connection.command(*words)
                found.append("it lets in strangers: {0} was accepted".format(words[0]))
            except RedisError:
                pass
    return found


class Watch:
    """A Sentinel, what is wanted of it, and the differences found so far."""

    def __init__(self, connection, params, check_mode):
        self.connection, self.params, self.check_mode = connection, params, check_mode
        self.peers, self.name = params["sentinels"], params["sentinels"]["name"]
        self.before, self.after = [], []

    def apply(self):
        Users(self.connection, self.params["users"], self._note).apply(self.check_mode)
        self._apply_peers()
        known = self._known()
        if known is None:
            self._monitor()
            known = {} if self.check_mode else self._known()
        if known:
            self._apply_options(known)

    def primary(self):
        known = self._known() or {}
        return "{0}:{1}".format(known.get("ip"), known.get("port"))

    def wait(self):
        deadline = time.monotonic() + self.params["wait"]
        while True:
            known = self._known() or {}
            blind = BLIND.intersection(known.get("flags", "disconnected").split(","))
            # Who is watched by a name that answers no PING with PONG is not seen, whatever the flags still say.
            if not blind and int(known.get("last-ok-ping-reply", 0)) < int(known["down-after-milliseconds"]):
                return []
            if time.monotonic() > deadline:
                return ["it does not see the primary {0}: {1}".format(self.primary(), ", ".join(sorted(blind)))]
            time.sleep(0.5)

    def _known(self):
        try:
            return pairs(self.connection.command("SENTINEL", "MASTER", self.name))
        except RedisError as error:
            if "No such master" in str(error):
                return None
            raise

    def _monitor(self):
        """Tell the present primary: of the other Sentinels, of the server beside, or of the inventory."""
        given = self.params["primary"]
        place = ask(self.peers) or (Place(given["host"], given["port"]) if given else None)
        place = place or Place(self.peers["primary"], self.peers["primary_port"])
        self._note("primary of " + self.name, "unknown", text_of(place))
        if not self.check_mode:
            quorum = self.params["options"].get("quorum", 2)
            self.connection.command("SENTINEL", "MONITOR", self.name, place.host, place.port, quorum)

    def _apply_options(self, known):
        changes = {
            option: str(value) for option, value in self.params["options"].items() if known.get(option) != str(value)
        }
        for option, value in changes.items():
            self._note(option, known.get(option), value)
        with open(self.params["config_file"], encoding="utf-8", errors="replace") as handle:
            kept = kept_in(handle.read(), self.name)
        login = {"auth-user": self.peers["username"], "auth-pass": self.peers["password"]}
        if kept != login:
            self._note("login to servers", "another", "as wanted")
            changes.update(login)
        if changes and not self.check_mode:
            words = [word for change in changes.items() for word in change]
            self.connection.command("SENTINEL", "SET", self.name, *words)

    def _apply_peers(self):
        current = pairs(self.connection.command("SENTINEL", "CONFIG", "GET", "sentinel-*"))
        wanted = {"sentinel-user": self.peers["username"], "sentinel-pass": self.peers["password"]}
        if all(current.get(name) == value for name, value in wanted.items()):
            return
        self._note("login to Sentinels", "another", "as wanted")
        if not self.check_mode:
            for name, value in wanted.items():
                self.connection.command("SENTINEL", "CONFIG", "SET", name, value)

    def _note(self, name, before, after):
        self.before.append("{0} {1}\n".format(name, before))
        self.after.append("{0} {1}\n".format(name, after))
