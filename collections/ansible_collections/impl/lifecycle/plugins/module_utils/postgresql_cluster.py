# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One of Debian's clusters of PostgreSQL: ask it, and put other data in the place of its own, with a way back."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import time

# What a server says to those who come before it is ready is no reason why it does not start.
REASON = re.compile(r"(?:FATAL|PANIC): +(?! |the database system is )(.+)")
RECOVERY = "SELECT pg_is_in_recovery()"
# Everything that initdb makes has a lower number.
OWN = """
SELECT string_agg(what, ', ' ORDER BY what) FROM (
  SELECT 'database ' || datname FROM pg_database WHERE oid >= 16384
  UNION ALL SELECT 'user ' || rolname FROM pg_roles WHERE oid >= 16384
  UNION ALL SELECT 'table ' || relname FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p')) AS own(what)
"""


class PostgresqlError(Exception):
    """What went wrong, in one line."""


def read_postmaster(data_directory):
    """Return port and socket directory of the running server, or (None, None)."""
    try:
        with open(os.path.join(data_directory, "postmaster.pid"), encoding="utf-8") as handle:
            lines = handle.read().splitlines()
        os.kill(int(lines[0]), 0)
        return int(lines[3]), lines[4]
    except (OSError, ValueError, IndexError):
        return None, None


def one_line(text):
    """The line of a tool's complaint that says why."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"\b(error|FATAL|ERROR):", line)]
    return (telling or lines[-1:] or ["no reason given"])[0]


def last_reason(text):
    """Why the server says it ended, from what it wrote to its log."""
    found = REASON.findall(text)
    return found[-1].strip() if found else ""


@contextlib.contextmanager
def interruptible():
    """A signal that would end the module becomes an error, so that the way back is taken."""

    def interrupt(number, _frame):
        raise PostgresqlError(f"interrupted by signal {number}")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Cluster:
    """A cluster where Debian's postgresql-common has it."""

    def __init__(self, module, user="postgres", version=None):
        version, name = version or module.params["version"], module.params["cluster"]
        self.module = module
        self.user = user
        self.version = version
        self.name = f"PostgreSQL {version}/{name}"
        self.data = f"/var/lib/postgresql/{version}/{name}"
        self.programs = f"/usr/lib/postgresql/{version}/bin"
        self.log = f"/var/log/postgresql/postgresql-{version}-{name}.log"
        self.unit = f"postgresql@{version}-{name}.service"

    def call(self, *argv, data=None):
        """Return code, output and complaint of a command run as the cluster's owner."""
        return self.module.run_command(["runuser", "-u", self.user, "--", *argv], data=data, cwd="/", umask=0o077)

    def run(self, *argv, data=None):
        """The output; a failure is raised in the tool's own words."""
        code, out, complaint = self.call(*argv, data=data)
        if code:
            tool, words = os.path.basename(argv[0]), one_line(complaint or out)
            raise PostgresqlError(words if words.startswith(tool) else f"{tool}: {words}")
        return out.strip()

    def ask(self, sql, database="postgres"):
        port, directory = read_postmaster(self.data)
        if port is None:
            raise PostgresqlError(f"{self.name} does not run")
        stop = ("-v", "ON_ERROR_STOP=1")
        return self.run("psql", "-XAtq", *stop, "-h", directory, "-p", str(port), "-d", database, data=sql)

    def remove(self, path):
        if os.path.isdir(path):
            shutil.rmtree(path)

    def check_movable(self):
        """Refuse data that cannot be moved aside by a rename."""
        if os.path.islink(self.data) or os.path.ismount(self.data):
            above = os.path.dirname(self.data)
            raise PostgresqlError(
                f"{self.data} is a link or a mount point and cannot be moved aside; have {above} be one"
            )

    def systemctl(self, verb):
        _code, _out, complaint = self.module.run_command(["systemctl", verb, self.unit])
        return complaint.strip()

    def stop(self):
        complaint = self.systemctl("stop")
        if read_postmaster(self.data)[0] is not None:
            raise PostgresqlError(f"{self.unit} does not stop: {complaint or 'the server runs outside of its unit'}")

    def start(self, patience, accepted=("t", "f")):
        """Start; return why the server does not answer as it should, empty when it does."""
        seen = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        words = self.systemctl("start")
        deadline = time.monotonic() + patience
        while True:
            try:
                answer = self.ask(RECOVERY)
                if answer in accepted:
                    return ""
                words = "it is still in recovery" if answer == "t" else "it is no standby"
            except PostgresqlError as error:
                words = words or str(error)
            if read_postmaster(self.data)[0] is None or time.monotonic() > deadline:
                return self.reason(seen) or words
            time.sleep(0.3)

    def reason(self, seen):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as handle:
                handle.seek(seen)
                return last_reason(handle.read())
        except OSError:
            return ""

    def put_in_place(self, new, patience, accepted):
        """Put other data in the place of the cluster's; return where those are now. When the server does not answer
        with the new ones, everything is put back and the reason is raised."""
        self.check_movable()
        aside = self.data + time.strftime(".before-%Y-%m-%dT%H%M%SZ", time.gmtime())
        with interruptible():
            try:
                self.stop()
                os.rename(self.data, aside)
                os.rename(new, self.data)
                complaint = self.start(patience, accepted)
                if complaint:
                    raise PostgresqlError(f"the server does not answer with the new data: {complaint}")
            except (PostgresqlError, OSError) as error:
                raise PostgresqlError(f"{error}. {self.take_back(aside, patience)}") from error
        return aside

    def take_back(self, aside, patience):
        """Have the data before in their place and the server running; say how that went."""
        try:
            if os.path.isdir(aside):
                self.stop()
                self.remove(self.data)
                os.rename(aside, self.data)
            complaint = self.start(patience)
        except (PostgresqlError, OSError) as error:
            complaint = str(error)
        if complaint:
            place = aside if os.path.isdir(aside) else self.data
            return f"The data before are in {place}, but the server does not run: {complaint}"
        return "The data before are back and the server answers"


class Release(Cluster):
    """A cluster of one release, as postgresql-common has it."""

    def __init__(self, module, version):
        super().__init__(module, version=version)
        self.configuration = f"/etc/postgresql/{version}/{module.params['cluster']}"
        self.start_conf = os.path.join(self.configuration, "start.conf")
        self.named = (version, module.params["cluster"])

    def exists(self):
        return os.path.exists(os.path.join(self.configuration, "postgresql.conf"))

    def running(self):
        return read_postmaster(self.data)[0] is not None

    def command(self, tool, *arguments):
        """A tool of postgresql-common, as root, which they expect."""
        code, out, complaint = self.module.run_command([tool, *arguments], cwd="/")
        if code:
            raise PostgresqlError(f"{tool}: {one_line(complaint or out)}")

    def tell(self, verb, *options):
        self.command("pg_ctlcluster", *self.named, verb, *options)

    def start_alone(self, hba):
        """Run without anybody but its owner coming in; the unit would let in all."""
        self.tell("start", "-o", f"-c hba_file={hba} -c listen_addresses=")

    def end(self):
        """Stop, whoever started it."""
        self.systemctl("stop")
        if self.running():
            self.tell("stop", "-m", "fast")

    def starts_at_boot(self, text):
        """Say in the cluster's own file whether it starts at boot; systemd learns it by a generator."""
        with open(self.start_conf, "w", encoding="utf-8") as file:
            file.write(text)
        self.module.run_command(["systemctl", "daemon-reload"])

    def must_start(self, patience):
        complaint = self.start(patience)
        if complaint:
            raise PostgresqlError(f"{self.name} does not answer: {complaint}")
