# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is the primary: what the Sentinels say, what the server itself does, and last what the inventory says."""

from __future__ import annotations

import collections
import socket

from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import (
    Connection,
    RedisError,
    RedisUnreachable,
    tls_context,
)

PEERS_SPEC = {
    "name": {"type": "str", "required": True},
    "hosts": {"type": "list", "elements": "str", "required": True},
    "port": {"type": "int", "default": 26379},
    "username": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "primary": {"type": "str", "required": True},
    "primary_port": {"type": "int", "default": 6379},
    "tls": {"type": "bool", "default": False},
    "ca": {"type": "str"},
    "certificate": {"type": "str"},
    "key": {"type": "str", "no_log": False},
}

Place = collections.namedtuple("Place", "host port")


def text_of(place):
    return "nobody" if place is None else "{0}:{1}".format(*place)


def is_local(host):
    """Tell whether the address is one of this host: only then can a socket be bound to it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        try:
            probe.bind((host, 0))
            return True
        except OSError:
            return False


def told_by(host, peers, timeout):
    """The primary that one Sentinel knows, or None: it does not answer, or knows none."""
    tls = tls_context(peers["ca"] or None, peers["certificate"] or None, peers["key"]) if peers["tls"] else None
    address = "{0}:{1}".format("[{0}]".format(host) if ":" in host else host, peers["port"])
    try:
        with Connection(address, timeout, tls) as connection:
            connection.command("AUTH", peers["username"], peers["password"])
            answer = connection.command("SENTINEL", "get-master-addr-by-name", peers["name"])
    except (RedisError, RedisUnreachable):
        return None
    return Place(answer[0], int(answer[1])) if answer else None


def ask(peers, timeout=2.0):
    """The primary that most Sentinels know, or None when none knows any."""
    told = collections.Counter(filter(None, (told_by(host, peers, timeout) for host in peers["hosts"])))
    return told.most_common(1)[0][0] if told else None


# What a server does now: its keys, whose replica it is (None: a primary), how many replicas it has.
Part = collections.namedtuple("Part", "keys replica_of replicas")
# Whether the server gets another part; whose replica it then is (None: a primary); why it must not.
Decision = collections.namedtuple("Decision", "change target refusal")

STAY = Decision(False, None, None)


def by_inventory(now, wanted, replace_data):
    """Without Sentinel the inventory says who is whose replica."""
    if now.replica_of == wanted:
        return STAY
    return _become(now, wanted, replace_data)


def by_sentinels(now, known, first, local, replace_data):
    """With Sentinel only a server that never had a part is given one; all else is Sentinel's business.

    `known` is the primary of the Sentinels, `first` that of the inventory; `local` tells whether an address is of
    this host.
    """
    if now.replica_of is not None:
        return STAY
    if known is not None:
        # One that has data and is not the primary of the Sentinels was it before: they make it a replica themselves.
        return STAY if local(known.host) or now.keys else _become(now, known, replace_data)
    if local(first.host) or now.replicas:
        return STAY
    return _become(now, first, replace_data)


def _become(now, target, replace_data):
    if target is not None and now.replica_of is None and now.keys and not replace_data:
        return Decision(
            False, target,
            "it has {0} keys of its own, which it would lose as replica of {1}: save and flush them, or set "
            "redis_replace_data for one run".format(now.keys, text_of(target)),
        )  # fmt: skip
    return Decision(True, target, None)
