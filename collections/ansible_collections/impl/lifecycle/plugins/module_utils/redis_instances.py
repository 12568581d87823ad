# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The instances of Redis that have a configuration on a host: their ports, their bound of memory, whose they are.

Debian's own reads redis.conf, an instance of its template redis-server@NAME.service reads redis-NAME.conf.
"""

from __future__ import annotations

import os
import re

from ansible_collections.impl.lifecycle.plugins.module_utils.redis_plan import canonical

DIRECTORY = "/etc/redis"
MAIN = "main"
SENTINEL = "sentinel"
MARK = "# Managed by impl.lifecycle"
MEGABYTE = 1 << 20
DEFAULT_PORT = "6379"
DEEPEST = 8  # files that include files: more is a circle
_FURTHER = re.compile(r"^redis-(.+)[.]conf$")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as handle:
        return handle.read()


def settings_of(path, deep=0):
    """What a configuration says, name -> value, with what it includes; the last line wins, as it does for Redis."""
    said = {}
    try:
        lines = read(path).splitlines()
    except OSError:
        return said
    for line in lines:
        words = line.split(None, 1)
        if len(words) < 2 or words[0].startswith("#"):
            continue
        name, value = words[0].lower(), words[1].strip().strip("\"'")
        if name == "include" and deep < DEEPEST:
            said.update(settings_of(value, deep + 1))
        else:
            said[name] = value
    return said


def number(value):
    return int(value) if value.isdigit() else 0


def described(path, port=DEFAULT_PORT):
    """One instance: `ports` it listens on, `maxmemory_mb` (0: no bound), whether this collection wrote it."""
    said = settings_of(path)
    ports = {number(said.get("port", port)), number(said.get("tls-port", "0"))}
    bound = canonical("maxmemory", said.get("maxmemory", "0"))
    size = number(bound[0]) if bound else 0
    return {
        "ports": sorted(ports - {0}),
        "maxmemory_mb": -(-size // MEGABYTE),
        "managed": read(path).startswith(MARK),
        "path": path,
    }


def instances(directory=DIRECTORY):
    """Every instance that has a configuration, by its name; the one of Debian's own unit is `main`."""
    try:
        names = sorted(os.listdir(directory))
    except FileNotFoundError:
        return {}
    found = {}
    for name in names:
        further = _FURTHER.match(name)
        if name == "redis.conf":
            found[MAIN] = described(os.path.join(directory, name))
        elif name == "lifecycle-sentinel.conf":
            found[SENTINEL] = described(os.path.join(directory, name), port="26379")
        elif further:
            found[further.group(1)] = described(os.path.join(directory, name))
    return found
