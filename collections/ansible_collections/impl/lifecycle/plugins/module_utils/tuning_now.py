# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host has set before it is tuned: what to ask it, and how its answers read. Pure.

Only the settings of the plan are asked for: others may hold secrets. PostgreSQL is asked itself, because it tells its
own defaults, too; of the others the configuration is read, because asking them takes a password.
"""

from __future__ import annotations

import re
from typing import Any, Mapping, Sequence

from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import HUGE_PAGES

Names = Sequence[str]
# How a line of the answer says name and value.
LINES = {
    "postgresql": re.compile(r"^([\w.]+)=(.*)$"),
    "redis": re.compile(r"^(\S+) +(.+)$"),
    "mariadb": re.compile(r'^(\w+) = "(.*)"$'),
    "memcached": re.compile(r"^(-[a-zA-Z]) (\S+)$"),
    "nginx": re.compile(r"^ *(\w+) +(.+);$"),
    "kernel": re.compile(r"^(?:/proc/sys|/sys/kernel/mm)/([^:]+):(.*)$"),
    "journal": re.compile(r"^(\w+)=(.*)$"),
    "tomcat": re.compile(r'^(-Xm[sx]|-XX:\+Use\w+GC|-XX:\w+|\w+)=?"?([^"]*)"?$'),
}
# A file below /sys has all choices in a line, and the one that holds in brackets.
CHOSEN = re.compile(r".*\[(\w+)\].*")
COLLECTOR = re.compile(r"^-XX:\+Use\w+GC$")


def questions(settings: Mapping[str, Names], application: str) -> list[dict[str, Any]]:
    """Return [{service, argv}], what to run on the host. `settings`: service -> names; `application`: whose slots."""
    return [
        {"service": service, "argv": ASKED[service](list(names), application)}
        for service, names in settings.items()
        if service in ASKED and names
    ]


def read(answers: Sequence[Mapping[str, Any]], settings: Mapping[str, Names]) -> dict[str, dict[str, str]]:
    """Return service -> name -> value. Missing are settings left to the service, and services that are not there.

    `answers`: {service, rc, stdout, stderr} of each question.
    """
    found = {}
    for answer in answers:
        service, text = answer["service"], answer.get("stdout") or ""
        # grep ends with 1 and says nothing when the file is there and has none of the names.
        if text or (answer.get("rc") == 1 and not answer.get("stderr")):
            found[service] = _named(service, text, settings.get(service, ()))
    return found


def _named(service: str, text: str, names: Names) -> dict[str, str]:
    told = {}
    for line in text.splitlines():
        match = LINES[service].match(line)
        if match:
            name = match[1].replace("/", ".") if service == "kernel" else match[1]
            told[name] = (
                CHOSEN.sub(r"\1", " ".join(match[2].split())) if service == "kernel" else " ".join(match[2].split())
            )
    if service == "tomcat":
        # A collector has no value but its name.
        in_use = [name for name in told if COLLECTOR.match(name)]
        told.update({name: in_use[-1] for name in names if in_use and COLLECTOR.match(name)})
    return {name: told[name] for name in names if name in told}


def _any_of(names: Names) -> str:
    return "|".join(re.escape(name) for name in names)


def _postgresql(names: Names, _application: str) -> list[str]:
    quoted = ", ".join("'{}'".format(name.replace("'", "''")) for name in names)
    statement = f"SELECT name, current_setting(name) FROM pg_settings WHERE name IN ({quoted})"
    psql = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--field-separator", "=", "--command", statement]
    return ["runuser", "-u", "postgres", "--", *psql]


def _redis(names: Names, _application: str) -> list[str]:
    files = ["/etc/redis/redis.conf", "/etc/redis/lifecycle-live.conf"]
    return ["grep", "--no-filename", "--extended-regexp", f"^({_any_of(names)}) ", *files]


def _mariadb(names: Names, _application: str) -> list[str]:
    files = ["/etc/mysql/mariadb.conf.d/90-lifecycle.cnf", "/etc/mysql/mariadb.conf.d/91-lifecycle-live.cnf"]
    return ["grep", "--no-filename", "--extended-regexp", f"^({_any_of(names)}) = ", *files]


def _memcached(names: Names, _application: str) -> list[str]:
    pattern = rf"({_any_of(names)}) [0-9]+"
    files = ["/etc/memcached/default.conf", "/etc/memcached/default-live.conf"]
    return ["grep", "--no-filename", "--only-matching", "--extended-regexp", "--regexp", pattern, *files]


def _nginx(names: Names, _application: str) -> list[str]:
    return ["grep", "--extended-regexp", f"^ *({_any_of(names)}) ", "/etc/nginx/nginx.conf"]


def _tomcat(names: Names, application: str) -> list[str]:
    attributes = _any_of([name for name in names if not name.startswith("-")]) or "maxThreads"
    pattern = rf'-Xm[sx][0-9]+[a-zA-Z]?|-XX:\+Use[A-Za-z0-9]+GC|-XX:[A-Za-z]+=[A-Za-z0-9.]+|\b({attributes})="[^"]*"'
    slot = f"{application}-blue"
    files = [f"/etc/tomcat-instances/{slot}.conf", f"/var/lib/tomcat-instances/{slot}/conf/server.xml"]
    return ["grep", "--no-filename", "--only-matching", "--extended-regexp", "--regexp", pattern, *files]


def _kernel(names: Names, _application: str) -> list[str]:
    files = [("/sys/kernel/mm/" if name == HUGE_PAGES else "/proc/sys/") + name.replace(".", "/") for name in names]
    return ["grep", "--with-filename", "", *files]


def _journal(names: Names, _application: str) -> list[str]:
    return ["grep", "--extended-regexp", f"^({_any_of(names)})=", "/etc/systemd/journald.conf.d/60-lifecycle.conf"]


ASKED = {
    "postgresql": _postgresql,
    "mariadb": _mariadb,
    "redis": _redis,
    "memcached": _memcached,
    "nginx": _nginx,
    "tomcat": _tomcat,
    "kernel": _kernel,
    "journal": _journal,
}
