"""The same tests on SQLite and, where a server can be started, on a real PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.records import Store, open_store

ACCOUNT = "nobody"


def _programs() -> Path | None:
    """Where initdb and pg_ctl are: on the PATH, or where Debian puts them."""
    found = shutil.which("initdb")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((path for path in candidates if (path / "pg_ctl").exists()), None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A server of our own on a socket in a temporary directory; nothing listens on the network."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here")
    with tempfile.TemporaryDirectory(prefix="lc-pg-") as name:
        base = Path(name)
        # PostgreSQL refuses to run as root.
        group = pwd.getpwnam(ACCOUNT).pw_gid
        as_other = [] if os.getuid() else ["setpriv", f"--reuid={ACCOUNT}", f"--regid={group}", "--clear-groups"]
        if as_other:
            shutil.chown(base, ACCOUNT)
        data = str(base / "data")

        def call(*argv: str) -> None:
            subprocess.run([*as_other, *argv], check=True, stdout=subprocess.DEVNULL, cwd=base)

        call(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "lifecycle", "-N")
        options = f"-c listen_addresses='' -k {base} -c fsync=off"
        call(str(programs / "pg_ctl"), "-D", data, "-o", options, "-l", str(base / "log"), "-w", "start")
        try:
            yield f"postgresql://lifecycle@/postgres?host={base}"
        finally:
            call(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/var/lifecycle.db"
    import psycopg

    server: str = request.getfixturevalue("postgresql")
    name = f"records_{abs(hash(tmp_path)) % 10**9}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()
