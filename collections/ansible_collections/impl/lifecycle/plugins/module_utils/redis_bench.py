# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A user of Redis for the seconds of a measurement, who goes whatever happens to whoever measures.

redis-benchmark takes a password from argv alone: it does not read REDISCLI_AUTH as redis-cli does. So it gets a user
without a password, with a name nobody can guess, who may do nothing but GET and SET below one prefix.
"""

from __future__ import annotations

import csv
import os
import time

from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import RedisError, RedisUnreachable

PREFIX = "lifecycle-bench:"
KEYS = 10_000
VALUE_BYTES = 100
# What the keys, the buffers of the clients and the user take, with room to spare.
ROOM_MB = 16
# Keys that are left in spite of all go by themselves.
EXPIRE_SECONDS = 900
TRIES, PAUSE_SECONDS = 20, 0.5


def why_not(memory, replication):
    """Why this server must not be measured, or an empty string. The arguments: what INFO says of these sections."""
    bound, used = int(memory["maxmemory"]), int(memory["used_memory"])
    if replication["role"] != "master":
        return "it is a replica, which takes no writes"
    if bound and used + (ROOM_MB << 20) > bound:
        return "{0} of {1} MB are in use: measuring would push out what it holds".format(used >> 20, bound >> 20)
    return ""


def rules():
    """What the user may do: nothing but this, on no other keys."""
    return ["reset", "on", "nopass", "~" + PREFIX + "*", "resetchannels", "-@all", "+get", "+set"]


def command_line(socket, user, clients, requests, kind):
    """redis-benchmark for `kind`, GET or SET. A user without a password takes any word as one."""
    key = PREFIX + "__rand_int__"
    words = [kind, key] if kind == "GET" else [kind, key, "x" * VALUE_BYTES, "EX", str(EXPIRE_SECONDS)]
    login = ["-s", socket, "--user", user, "-a", "none"]
    # It ends with who has started it: its connections may outlive the user.
    alone = ["setpriv", "--pdeathsig", "KILL", "redis-benchmark"]
    return [*alone, *login, "-c", str(clients), "-n", str(requests), "-r", str(KEYS), "--csv", *words]


def rate_in(text):
    """Requests a second, as redis-benchmark writes them with --csv. Raises ValueError when there are none."""
    rows = [row for row in csv.reader(text.splitlines()) if len(row) > 1]
    if len(rows) < 2:
        raise ValueError("no figures in its answer: {0!r}".format(text[-200:]))
    return float(rows[-1][1])


class Guest:
    """The user, kept by another process, which takes him away when it hears no more of this one, kill -9 included."""

    def __init__(self, name, open_connection):
        self.name, self._open = name, open_connection
        self._keeper = self._lifeline = None

    def __enter__(self):
        heard, self._lifeline = os.pipe()
        told, tell = os.pipe()
        self._keeper = os.fork()
        if self._keeper == 0:
            os.close(self._lifeline)
            self._keep(heard, tell)
        os.close(heard)
        os.close(tell)
        with os.fdopen(told, encoding="utf-8") as answer:
            problem = answer.read()
        if problem:
            self.__exit__()
            raise RedisError(problem)
        return self

    def __exit__(self, *_ignored):
        os.close(self._lifeline)
        os.waitpid(self._keeper, 0)

    def _keep(self, heard, tell):
        """The other process: makes the user, waits until nobody holds the lifeline, takes him away."""
        status = 1
        try:
            os.setsid()
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            problem = attempt(self._open, lambda redis: redis.command("ACL", "SETUSER", self.name, *rules()), tries=1)
            os.write(tell, problem.encode("utf-8"))
            os.close(tell)
            os.read(heard, 1)
            attempt(self._open, lambda redis: forget(redis, self.name), TRIES)
            status = 0
        finally:
            os._exit(status)


def attempt(open_connection, action, tries):
    """Do it on a connection of its own; while others hold all of them it is tried again. Returns what went wrong."""
    problem = ""
    for number in range(tries):
        try:
            with open_connection() as redis:
                action(redis)
            return ""
        except (RedisError, RedisUnreachable) as error:
            problem = str(error)
        if number + 1 < tries:
            time.sleep(PAUSE_SECONDS)
    return problem


def forget(redis, name):
    """Take the user and the keys away. The user's connections end with him."""
    redis.command("ACL", "DELUSER", name)
    names = ["{0}{1:012d}".format(PREFIX, number) for number in range(KEYS)]
    for start in range(0, KEYS, 1000):
        redis.command("UNLINK", *names[start : start + 1000])
