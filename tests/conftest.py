"""What all tests share."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Makes receiving.py importable: --import-mode=importlib leaves the path alone.
sys.path.insert(0, str(Path(__file__).parent))
from receiving import Web, certificate

# A property holds or does not; how long a busy machine takes to try it says nothing. The same examples in every run:
# a change is judged by what it changed, not by luck. `make search` looks further, with other examples each time.
settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, derandomize=False, max_examples=3000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

ACCOUNT = "nobody"

# Tests read what `lifecycle` says, whatever language the machine they run on speaks.
os.environ["LIFECYCLE_LANG"] = "en"


def _programs() -> Path | None:
    """Where initdb and pg_ctl are: on the PATH, or where Debian puts them."""
    found = shutil.which("initdb")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((path for path in candidates if (path / "pg_ctl").exists()), None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A server of our own on a socket in a temporary directory; nothing listens on the network.

    It runs as `nobody` where the tests run as root, its superuser is `lifecycle`, and it counts statements.
    """
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
        counting = "-c shared_preload_libraries=pg_stat_statements"
        options = f"-c listen_addresses='' -k {base} -c fsync=off {counting}"
        call(str(programs / "pg_ctl"), "-D", data, "-o", options, "-l", str(base / "log"), "-w", "start")
        try:
            yield f"postgresql://lifecycle@/postgres?host={base}"
        finally:
            call(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")


@pytest.fixture
def web() -> Iterator[Web]:
    """A receiver over HTTP, which answers `ok` at first."""
    web = Web()
    server = web.start()
    yield web
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key for 127.0.0.1; trusted by whoever gets it as SSL_CERT_FILE."""
    return certificate(tmp_path_factory.mktemp("certificate") / "own.pem")
