"""The wheel alone, in an empty virtual environment and an empty directory, is a working `lifecycle`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

# The environment takes a minute to make: one worker has all of these.
pytestmark = pytest.mark.xdist_group("wheel")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin directory of a virtual environment that holds nothing but the wheel and what it asks for."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", place, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    venv.create(place / "venv", with_pip=True)
    (wheel,) = place.glob("impl_lifecycle-*.whl")
    pip = [place / "venv" / "bin" / "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel]
    subprocess.run(pip, check=True, capture_output=True)
    return place / "venv" / "bin"


def test_an_installed_wheel_checks_a_host_with_its_own_playbooks(installed: Path, tmp_path: Path) -> None:
    def lifecycle(*arguments: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "LIFECYCLE_"))}
        environment = clean | {"PATH": f"{installed}:/usr/bin:/bin:/usr/sbin:/sbin"}
        command = [installed / "lifecycle", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    scaffolded = lifecycle("init", "acme", "--stage", "test")
    assert scaffolded.returncode == 0, scaffolded.stderr
    # The scaffold's hosts do not exist: that is a shortfall, named by the playbook that came with the wheel.
    hosts = tmp_path / "inventories" / "acme-test" / "hosts.yml"
    hosts.write_text(
        "all:\n  children:\n    edge:\n      hosts:\n        here: {ansible_host: 127.0.0.1, ansible_port: 1}\n"
        "    app: {}\n    cache: {}\n    db: {}\n"
    )
    checked = lifecycle("run", "preflight", "-i", "acme-test")
    assert checked.returncode == 2, checked.stdout + checked.stderr
    assert "here: reachable: wanted an SSH login" in checked.stderr

    documented = subprocess.run(
        [installed / "ansible-doc", "-t", "role", "--list", "-M", "none"], cwd=tmp_path, capture_output=True, text=True,
        check=False, env=os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(next(installed.parent.rglob("_collections")))},
    )  # fmt: skip
    for role in ("nginx", "tomcat", "redis", "postgresql", "os_baseline", "app_slot", "gray_edge", "preflight"):
        assert f"impl.lifecycle.{role}" in documented.stdout


def test_an_installed_wheel_has_the_pages_of_its_reports_and_their_languages(installed: Path) -> None:
    (carried,) = installed.parent.glob("lib/*/site-packages/orchestrator")

    def files(place: Path) -> set[str]:
        every = (file for part in ("reports/templates", "languages/locale") for file in (place / part).rglob("*"))
        return {str(file.relative_to(place)) for file in every if file.is_file()}

    assert files(carried) == files(ROOT / "orchestrator")
    assert {"reports/templates/run.html.j2", "languages/locale/zh_CN/LC_MESSAGES/lifecycle.mo"} <= files(carried)


def test_what_an_installed_wheel_advises_for_an_extra_adds_it(installed: Path, tmp_path: Path) -> None:
    environment = {
        "PATH": f"{installed}:/usr/bin:/bin",
        "LIFECYCLE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    }

    def history() -> str:
        command = [installed / "lifecycle", "history"]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        ).stderr

    refused = re.fullmatch(r"lifecycle: records in PostgreSQL need psycopg; (pip install \S+) adds it\n", history())
    assert refused is not None, history()
    settings = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name == "HOME"}
    subprocess.run(
        ["bash", "-c", refused[1]], env=environment | settings, cwd=tmp_path, check=True, capture_output=True
    )
    assert "need psycopg" not in history()
    assert "127.0.0.1" in history()
