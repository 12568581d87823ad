# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the description of an instance to its command line and to what `stats settings` has to answer. Pure."""

from __future__ import annotations

import hashlib
import itertools
import json

CONFIGURATION = "/etc/memcached"
# The instance of this name is the distribution's own unit; every other one is memcached@NAME.
OWN_UNIT = "default"
DEFAULTS = {
    "listen": ["127.0.0.1"],
    "port": 11211,
    "socket": None,
    "socket_mode": "0770",
    "connections": 1024,
    "threads": 4,
    "max_item_size": "1m",
    "backlog": 1024,
    "evictions": True,
    "verbosity": 0,
    "options": {},
    "sasl_users": [],
    "tls": None,
}
# Forward secrecy and AEAD only; TLS 1.3 brings its own list.
# Short, because `stats settings` answers with 128 characters of it, and then with what happens to be behind them.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
# Options (-o) under the name by which `stats settings` answers for them.
ANSWERED = {
    "hash_algorithm": "hash_algorithm",
    "hot_lru_pct": "hot_lru_pct",
    "hot_max_factor": "hot_max_factor",
    "idle_timeout": "idle_timeout",
    "lru_crawler": "lru_crawler",
    "lru_crawler_sleep": "lru_crawler_sleep",
    "lru_crawler_tocrawl": "lru_crawler_tocrawl",
    "lru_maintainer": "lru_maintainer_thread",
    "maxconns_fast": "maxconns_fast",
    "slab_automove": "slab_automove",
    "slab_automove_window": "slab_automove_window",
    "slab_reassign": "slab_reassign",
    "tail_repair_time": "tail_repair_time",
    "temporary_ttl": "temporary_ttl",
    "track_sizes": "track_sizes",
    "warm_lru_pct": "warm_lru_pct",
    "warm_max_factor": "warm_max_factor",
}
# What a running memcached takes over, by the name in `stats settings`, and the command. `lru tune` sets four at once.
TUNED = ("hot_lru_pct", "warm_lru_pct", "hot_max_factor", "warm_max_factor")
LIVE = {
    "maxbytes": "cache_memlimit {0}",
    "verbosity": "verbosity {0}",
    "slab_automove": "slabs automove {0}",
    "lru_crawler_sleep": "lru_crawler sleep {0}",
    "lru_crawler_tocrawl": "lru_crawler tocrawl {0}",
    "temporary_ttl": "lru temp_ttl {0}",
    "temp_lru": "lru temp_ttl {0}",
    **dict.fromkeys(TUNED, "lru tune {hot_lru_pct} {warm_lru_pct} {hot_max_factor} {warm_max_factor}"),
}
# memcached's own values: an option which is taken away goes from the running server, too.
LIVE_DEFAULTS = {
    "slab_automove": 1,
    "lru_crawler_sleep": 100,
    "lru_crawler_tocrawl": 0,
    "hot_lru_pct": 20,
    "warm_lru_pct": 40,
    "hot_max_factor": 0.2,
    "warm_max_factor": 2,
}
UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def with_defaults(instance):
    return {**DEFAULTS, **{name: value for name, value in instance.items() if value is not None}}


def unit_of(name):
    return "memcached.service" if name == OWN_UNIT else "memcached@{0}.service".format(name)


def addresses_of(instance):
    """Where the instance answers: `unix:PATH`, or HOST:PORT for each address."""
    if instance["socket"]:
        return ["unix:" + instance["socket"]]
    hosts = ["[{0}]".format(host) if ":" in host else host for host in instance["listen"]]
    return ["{0}:{1}".format(host, instance["port"]) for host in hosts]


def certificate_files(instance):
    """The paths of certificate and key: given ones, or those the role writes."""
    tls = instance["tls"]
    stem = "{0}/tls/{1}".format(CONFIGURATION, instance["name"])
    return tls.get("certificate") or stem + ".crt", tls.get("key") or stem + ".key"


def bytes_of(size):
    text = str(size).strip().lower()
    return int(text[:-1]) * UNITS[text[-1]] if text[-1:] in UNITS else int(text)


def option_words(options):
    """Write options for -o: true is NAME, false no_NAME, everything else NAME=VALUE."""
    return [
        name if value is True else "no_" + name if value is False else "{0}={1}".format(name, value)
        for name, value in options.items()
    ]


def tls_options(instance):
    if not instance["tls"]:
        return {}
    certificate, key = certificate_files(instance)
    return {"ssl_chain_cert": certificate, "ssl_key": key, "ssl_ciphers": CIPHERS}


def startup_words(instance):
    """The part of the command line that a running server does not take over."""
    if instance["socket"]:
        words = ["-s", instance["socket"], "-a", instance["socket_mode"]]
    else:
        words = ["-l", ",".join(instance["listen"]), "-p", instance["port"]]
    words += ["-U", 0, "-c", instance["connections"], "-t", instance["threads"], "-b", instance["backlog"]]
    words += ["-I", instance["max_item_size"]]
    words += ([] if instance["evictions"] else ["-M"]) + (["-S"] if instance["sasl_users"] else [])
    words += ["-Z"] if instance["tls"] else []
    options = {**split_options(instance)[0], **tls_options(instance)}
    return [str(word) for word in words + (["-o", ",".join(option_words(options))] if options else [])]


def split_options(instance):
    """The options that need a restart, and those a running server takes over."""
    live = {name: value for name, value in instance["options"].items() if ANSWERED.get(name) in LIVE}
    return {name: value for name, value in instance["options"].items() if name not in live}, live


def live_words(instance):
    words = ["-m", str(instance["memory_mb"])]
    if instance["verbosity"]:
        words.append("-" + "v" * instance["verbosity"])
    options = split_options(instance)[1]
    return words + (["-o", ",".join(option_words(options))] if options else [])


def settings_of(instance):
    """What `stats settings` has to answer."""
    settings = {
        **LIVE_DEFAULTS,
        "temp_lru": "yes" if "temporary_ttl" in instance["options"] else "no",
        "maxbytes": instance["memory_mb"] << 20,
        "verbosity": instance["verbosity"],
        "maxconns": instance["connections"],
        "num_threads": instance["threads"],
        "tcp_backlog": instance["backlog"],
        "item_size_max": bytes_of(instance["max_item_size"]),
        "evictions": "on" if instance["evictions"] else "off",
        "udpport": 0,
        "domain_socket": instance["socket"] or "NULL",
        "auth_enabled_sasl": "yes" if instance["sasl_users"] else "no",
        "ssl_enabled": "yes" if instance["tls"] else "no",
    }
    if not instance["socket"]:
        settings.update(inter=",".join(instance["listen"]), tcpport=instance["port"])
    settings.update({ANSWERED[name]: value for name, value in instance["options"].items() if name in ANSWERED})
    return {name: answer_of(value) for name, value in settings.items()}


def answer_of(value):
    """Write a value as memcached does."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def same(wanted, current):
    """Tell whether two spellings are one value (0.2 and 0.20, yes and 1)."""
    words = {"yes": "1", "on": "1", "no": "0", "off": "0"}
    wanted, current = words.get(str(wanted), str(wanted)), words.get(str(current), str(current))
    if wanted == current:
        return True
    try:
        return float(wanted) == float(current)
    except ValueError:
        return False


def differing(wanted, current):
    """Names whose answer is another; a name this release does not answer for is left out."""
    return [name for name, value in wanted.items() if name in current and not same(value, current[name])]


def commands_for(names, wanted, current):
    """The commands that bring a running server to `wanted`, each once."""
    values = {**{name: current.get(name) for name in TUNED}, **wanted}
    commands = []
    for name in names:
        value = int(values[name]) >> 20 if name == "maxbytes" else values[name]
        if name == "temp_lru":
            value = wanted.get("temporary_ttl", "-1")
        command = LIVE[name].format(value, **{tuned: values[tuned] for tuned in TUNED})
        if command not in commands:
            commands.append(command)
    return commands


def process_of(words):
    """From the command line of a running server: where it answers, and how it wants to be spoken to."""
    options = dict(itertools.pairwise(words))
    hosts = options.get("-l", "0.0.0.0").split(",")
    described = {"socket": options.get("-s"), "listen": hosts, "port": options.get("-p", "11211")}
    return {"addresses": addresses_of(described), "sasl": "-S" in words, "tls": "-Z" in words}


def plan(instance, sandbox):
    """Everything the role's files and modules need to know of one instance; no password and no key in it."""
    instance = with_defaults(instance)
    startup = startup_words(instance)
    digest = hashlib.sha256(json.dumps([startup, sandbox]).encode("utf-8")).hexdigest()[:16]
    return {
        "name": instance["name"],
        "unit": unit_of(instance["name"]),
        "addresses": addresses_of(instance),
        "startup": " ".join(startup),
        "live": " ".join(live_words(instance)),
        "settings": settings_of(instance),
        "configuration": digest,
        "memory_mb": instance["memory_mb"],
        "sasl": bool(instance["sasl_users"]),
        "certificate": certificate_files(instance)[0] if instance["tls"] else None,
    }
