# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Take everything of a primary into the local server, by one dump that flows from one program into the other."""

from __future__ import annotations

import os
import subprocess
import tempfile

from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_client import MariadbError, defaults_text

SYSTEM = ("mysql", "information_schema", "performance_schema", "sys")
DATABASES = (
    "SELECT JSON_ARRAY(SCHEMA_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN {0} ORDER BY 1".format(
        SYSTEM
    )
)


class Primary:
    """The other server, spoken to over TCP by the replicating user."""

    def __init__(self, params):
        # A file in memory that only this process and its children can open, so that the password is on no disk.
        self.login = os.memfd_create("login", 0)
        os.fchmod(self.login, 0o600)
        os.write(self.login, defaults_text(params["user"], params["password"]).encode())
        checked = ["--ssl-ca=" + params["ca"], "--ssl-verify-server-cert"] if params["ca"] else []
        tls = ["--ssl", *(checked or ["--skip-ssl-verify-server-cert"])] if params["tls"] else []
        self.path = ["--protocol=tcp", "--host=" + params["host"], "--port=" + str(params["port"]), *tls]

    def argv(self, program, *arguments):
        return [program, "--defaults-file=/proc/self/fd/{0}".format(self.login), *self.path, *arguments]

    def databases(self):
        asked = subprocess.run(
            self.argv("mariadb", "--batch", "--raw", "--skip-column-names", "--connect-timeout=10"),
            input=DATABASES,
            pass_fds=[self.login],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode:
            raise MariadbError("the primary: " + asked.stderr.strip())
        return [line[2:-2] for line in asked.stdout.splitlines() if line]

    def dump(self, databases):
        """One consistent copy with its GTID, and the users as statements, which any release understands."""
        return self.argv(
            "mariadb-dump",
            *("--single-transaction", "--master-data=1", "--gtid", "--routines", "--events", "--triggers"),
            *("--system=users", "--insert-ignore", "--databases", *databases),
        )


def pipe_into(client, dump, login):
    """Let the dump flow into the local server; each of the two may be the one that fails."""
    local = ["--no-defaults", "--user=root", "--socket=" + client.socket]
    load = ["mariadb", *local, "--init-command=SET SESSION sql_log_bin=0"]
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(
            dump, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, pass_fds=[login]
        ) as source:
            sink = subprocess.run(load, stdin=source.stdout, capture_output=True, text=True, check=False)
            source.stdout.close()
        said.seek(0)
        words = said.read().strip()
    if source.returncode or sink.returncode:
        raise MariadbError("the first load failed: {0}".format("; ".join(filter(None, [words, sink.stderr.strip()]))))
