# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Compare what is wanted of a Redis server with what it answers. Pure: no socket, no module."""

from __future__ import annotations

import hashlib
import re

_UNITS = {"b": 1, "k": 1000, "kb": 1 << 10, "m": 1000**2, "mb": 1 << 20, "g": 1000**3, "gb": 1 << 30}
_MEMORY = re.compile(r"^(\d+)(b|kb?|mb?|gb?)$", re.IGNORECASE)


def text_of(value):
    """Write a value of the inventory as Redis writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def canonical(name, value):
    """Return a form in which two spellings of the same value are equal ('64mb' and '67108864')."""
    words = [_bytes_of(word) for word in text_of(value).split()]
    if name == "notify-keyspace-events":
        return tuple(sorted("".join(words)))
    if name == "client-output-buffer-limit":
        return _buffer_limits(words)
    return tuple(words)


def _bytes_of(word):
    match = _MEMORY.match(word)
    return str(int(match.group(1)) * _UNITS[match.group(2).lower()]) if match else word


def _buffer_limits(words):
    """Redis keeps one limit for each class of client and calls the replicas by their old name."""
    limits = {}
    for start in range(0, len(words), 4):
        client_class, *limit = words[start : start + 4]
        limits["slave" if client_class == "replica" else client_class] = tuple(limit)
    return limits


def is_met(name, wanted, current):
    """Tell whether the value that the server answered is the wanted one."""
    left, right = canonical(name, wanted), canonical(name, current)
    if isinstance(left, dict):
        return all(right.get(client_class) == limit for client_class, limit in left.items())
    return left == right


def differing(wanted, current):
    """Names in `wanted` whose value in `current` is another, in the order of `wanted`."""
    return [name for name, value in wanted.items() if name in current and not is_met(name, value, current[name])]


def digests_of(user):
    """The digests of the user's passwords: what Redis keeps, and all that may ever be written or shown."""
    return [] if user["password"] is None else [hashlib.sha256(user["password"].encode("utf-8")).hexdigest()]


def rules_of(user):
    """The part of a user's rules that the server rewrites in its own way: keys, channels and commands."""
    rules = ["resetkeys", *("~" + pattern for pattern in user["keys"])]
    rules += ["resetchannels", *("&" + pattern for pattern in user["channels"])]
    return [*rules, "-@all", *user["commands"]]


def full_rules(user):
    """All rules of a user, from nothing: one atomic ACL SETUSER."""
    state = "on" if user["enabled"] else "off"
    return ["reset", state, *("#" + digest for digest in digests_of(user)), *rules_of(user)]


def describe(user):
    """What a person sees of a server's user in a diff; digests of passwords stay out."""
    if user is None:
        return "absent"
    state = "on" if "on" in user["flags"] else "off"
    nopass = "nopass" if "nopass" in user["flags"] else "{0} password(s)".format(len(user["passwords"]))
    return " ".join(word for word in (state, nopass, user["keys"], user["channels"], user["commands"]) if word)


def user_differs(wanted, canonical_rules, current):
    """Tell whether the user `current` is not the wanted one; `canonical_rules` are in the server's spelling."""
    if current is None:
        return True
    if ("on" in current["flags"]) != wanted["enabled"] or "nopass" in current["flags"]:
        return True
    if current["passwords"] != digests_of(wanted):
        return True
    return any(current.get(part) != canonical_rules.get(part) for part in ("keys", "channels", "commands", "selectors"))
