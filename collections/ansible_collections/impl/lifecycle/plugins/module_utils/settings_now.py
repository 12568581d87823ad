# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Ask the services of this host what they have set. Read-only; one question to each that is there."""

from __future__ import annotations

import glob
import os

from ansible_collections.impl.lifecycle.plugins.module_utils import effective_settings, settings_files
from ansible_collections.impl.lifecycle.plugins.module_utils.inspection import run
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import (
    Connection,
    RedisError,
    RedisUnreachable,
    pairs,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.survey import read

POSTGRESQL_SOCKETS = "/var/run/postgresql"
MARIADB_SOCKET = "/run/mysqld/mysqld.sock"
REDIS_SOCKET = "/run/redis/redis-server.sock"
TOMCAT_BASES = "/var/lib/tomcat-instances"
# In the order in which Debian's apache2.conf reads them.
APACHE_FILES = ("apache2.conf", "mods-enabled/*.load", "mods-enabled/*.conf", "ports.conf", "conf-enabled/*.conf")
SYSCTL_FILES = "/etc/sysctl.d/*lifecycle*.conf"


def settings(nginx_configuration, redis_user, redis_password, application):
    """Return (service -> name -> value, service -> why it is not known). Services that are not here are in neither."""
    found, unknown = postgresql()
    told = effective_settings.nginx(nginx_configuration)
    found.update({"nginx": told} if told else {})
    for name, ask in (("mariadb", mariadb), ("redis", lambda: redis(redis_user, redis_password))):
        told, why = ask()
        found.update({name: told} if told else {})
        unknown.update({name: why} if why else {})
    commands = running()
    found.update(tomcat(commands, application))
    found.update(memcached(commands))
    told = apache()
    found.update({"apache": told} if told else {})
    told = kernel()
    found.update({"kernel": told} if told else {})
    return found, unknown


def postgresql(directory=POSTGRESQL_SOCKETS, account="postgres", role="postgres"):
    """Of every server with a socket here. One alone is `postgresql`, whatever its release; several are told apart."""
    answers, unknown = {}, {}
    for socket in sorted(glob.glob(os.path.join(directory, ".s.PGSQL.*[0-9]"))):
        port = socket.rpartition(".")[2]
        psql = ["psql", "--no-psqlrc", "-AtqU", role, "-h", directory, "-p", port, "-d", "postgres"]
        told = run(["runuser", "-u", account, "--", *psql, "-c", effective_settings.POSTGRESQL])
        try:
            release, values = effective_settings.postgresql(told)
            answers[release] = values
        except (ValueError, KeyError, TypeError):
            unknown["postgresql"] = "the server on port {0} did not answer".format(port)
    if len(answers) == 1:
        return {"postgresql": next(iter(answers.values()))}, unknown
    return {"postgresql {0}".format(release): values for release, values in answers.items()}, unknown


def mariadb(socket=MARIADB_SOCKET):
    """(settings, why not)."""
    if not os.path.exists(socket):
        return {}, ""
    client = ["mariadb", "--no-defaults", "--user=root", "--socket=" + socket]
    told = run([*client, "--batch", "--raw", "--skip-column-names", "-e", effective_settings.MARIADB])
    return (effective_settings.mariadb(told), "") if told else ({}, "the server did not answer")


def redis(user, password, socket=REDIS_SOCKET):
    """(settings, why not). The password is seen by the socket only."""
    if not os.path.exists(socket):
        return {}, ""
    try:
        with Connection("unix:" + socket) as connection:
            if password:
                connection.command("AUTH", user, password)
            return effective_settings.redis(pairs(connection.command("CONFIG", "GET", "*"))), ""
    except (RedisError, RedisUnreachable) as error:
        return {}, str(error) if password else "{0}; redis_admin_password is not given".format(error)


def running(processes="/proc"):
    """The command lines of all processes."""
    texts = [read("/", path) for path in glob.glob(os.path.join(processes, "[0-9]*", "cmdline"))]
    return [text.rstrip("\0").split("\0") for text in texts if text]


def tomcat(commands, application, bases=TOMCAT_BASES):
    """Of every instance that runs: how its JVM was started, and what its server.xml and context.xml say."""
    found = {}
    for arguments in commands:
        base = settings_files.base(arguments)
        if os.path.dirname(base) == bases:
            told = found.setdefault(os.path.basename(base), settings_files.java(arguments))
            for name in ("server.xml", "context.xml"):
                told.update(settings_files.tomcat(read("/", os.path.join(base, "conf", name))))
    return settings_files.instances(found, application)


def memcached(commands):
    """One alone is `memcached`; several are told apart by their ports."""
    found = []
    for arguments in commands:
        if os.path.basename(arguments[0]) == "memcached":
            port = next((arguments[at + 1] for at, one in enumerate(arguments[:-1]) if one == "-p"), "11211")
            found.append((port, settings_files.memcached(arguments)))
    if len(found) == 1:
        return {"memcached": found[0][1]}
    return {"memcached {0}".format(port): values for port, values in sorted(found)}


def apache(directory="/etc/apache2"):
    """What the files say, where Apache is installed."""
    paths = [path for pattern in APACHE_FILES for path in sorted(glob.glob(os.path.join(directory, pattern)))]
    return settings_files.apache([read("/", path) for path in paths])


def kernel(files=SYSCTL_FILES, root="/"):
    """What the kernel has now, of the settings that roles of this collection have written down."""
    names = effective_settings.sysctl_names([read("/", path) for path in sorted(glob.glob(files))])
    values = {name: " ".join(read(root, "/proc/sys/" + name.replace(".", "/")).split()) for name in names}
    return {name: value for name, value in values.items() if value}
