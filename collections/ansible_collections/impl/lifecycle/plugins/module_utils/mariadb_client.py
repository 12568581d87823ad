# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Speak to a MariaDB server on its own host with its own client; statements and passwords go through pipes only."""

from __future__ import annotations

import json
import os
import time

from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_values import Variable, option_value, quoted

FLAGS = ["--batch", "--raw", "--skip-column-names"]


class MariadbError(Exception):
    """The server refused, or did not answer."""


class Client:
    """root of this host, let in by the server because it is root."""

    def __init__(self, module, socket) -> None:
        self.module = module
        self.socket = socket

    def ask(self, statements, *flags):
        argv = ["mariadb", "--no-defaults", "--user=root", "--socket=" + self.socket, *(flags or FLAGS)]
        rc, out, err = self.module.run_command(argv, data=statements, cwd="/")
        if rc != 0:
            raise MariadbError(err.strip())
        return out

    def rows(self, query):
        """Each row of a query that returns one JSON text a row."""
        return [json.loads(line) for line in self.ask(query).splitlines() if line.strip()]

    def variables(self, names):
        """What the server says of these variables, by name; one it does not know is left out."""
        listed = ", ".join(quoted(name.upper()) for name in names) or "''"
        rows = self.rows(
            "SELECT JSON_ARRAY(VARIABLE_NAME, GLOBAL_VALUE, VARIABLE_TYPE, READ_ONLY, NUMERIC_BLOCK_SIZE,"
            " ENUM_VALUE_LIST) FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME IN (" + listed + ")"
        )
        return {row[0].lower(): Variable(*row) for row in rows}

    def replica_status(self):
        """What a replica says of its connection to the primary, or None when the server is no replica."""
        status = {}
        for line in self.ask("SHOW REPLICA STATUS\\G", "--batch", "--raw").splitlines():
            name, found, value = line.strip().partition(":")
            if found:
                status.setdefault(name, value.strip())
        return status or None


def answers(client):
    """Whether there is a server at all, and why not."""
    try:
        client.ask("SELECT 1")
        return True, ""
    except MariadbError as error:
        return False, str(error)


def defaults_text(username, password):
    """An option file with a login."""
    return "[client]\nuser={0}\npassword={1}\n".format(option_value(username), option_value(password))


def started_at(module, unit):
    """When the process of a unit started, in seconds of the clock; 0 when it does not run."""
    argv = ["systemctl", "show", "--value", "--property=ExecMainStartTimestampMonotonic", unit]
    rc, out, _err = module.run_command(argv)
    if rc != 0 or not out.strip().isdigit() or out.strip() == "0":
        return 0.0
    return time.time() - time.monotonic() + int(out) / 1e6


def younger_than(paths, moment):
    """Those of the files that were written after a moment."""
    return [path for path in paths if os.path.exists(path) and os.stat(path).st_mtime > moment]
