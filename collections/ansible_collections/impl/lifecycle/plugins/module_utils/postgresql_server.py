# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Speak to a PostgreSQL server on its own host as the user it runs as: by its socket, so no password is needed."""

from __future__ import annotations

import json
import os

from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_cluster import PostgresqlError, one_line

ARGUMENTS = {
    "socket_directory": {"type": "path", "default": "/var/run/postgresql"},
    "port": {"type": "int", "default": 5432},
    "user": {"type": "str", "default": "postgres"},
}
# What is asked here is not to be among the statements that are counted.
UNCOUNTED = "-c pg_stat_statements.track=none"
# A report must not stand in anybody's way: it waits for no lock for long, and it cannot write.
READING = UNCOUNTED + " -c default_transaction_read_only=on -c lock_timeout=5s -c statement_timeout=120s -c jit=off"
# Building takes as long as it takes; waiting for transactions of others ends some time.
WRITING = UNCOUNTED + " -c statement_timeout=0 -c lock_timeout={0}s"


def literal(text):
    """Text as SQL, whatever is in it."""
    return "'" + text.replace("'", "''") + "'"


class Server:
    """One running server. Statements go through pipes, never in argv."""

    def __init__(self, module):
        self.module = module
        self.directory = module.params["socket_directory"]
        self.port = module.params["port"]
        self.user = module.params["user"]

    @property
    def running(self):
        """Whether something listens on the socket."""
        return os.path.exists(os.path.join(self.directory, f".s.PGSQL.{self.port}"))

    def ask(self, sql, database="postgres", options=READING):
        """What psql prints; raises PostgresqlError in the server's own words."""
        psql = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.directory, "-p", str(self.port), "-d", database]
        code, out, complaint = self.module.run_command(
            ["runuser", "-u", self.user, "--", *psql], data=sql, cwd="/", environ_update={"PGOPTIONS": options}
        )
        if code != 0:
            # Only the line that says why: a DETAIL may show values of rows.
            why = " ".join(one_line(complaint).split())
            raise PostgresqlError(f"PostgreSQL on port {self.port}, database {database}: {why}")
        return out

    def read(self, query, database="postgres", options=READING):
        """The one JSON text a query returns, as data."""
        return json.loads(self.ask(query, database, options))
