"""The main lab, and the command as its users type it. The files of this folder are numbered: they are one road."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import testinfra
import yaml

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / "inventories" / "lab"
BIN = Path(sys.executable).parent
URL = "http://10.89.77.11"


class Lifecycle:
    """`lifecycle` with records of its own, as a process: what counts is what a user gets."""

    def __init__(self, records: Path) -> None:
        self.records = records
        self.environment = os.environ | {
            "LIFECYCLE_DATABASE_URL": f"sqlite:///{records}",
            "PATH": f"{BIN}:{os.environ['PATH']}",
        }
        self.environment.pop("CI", None)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command's exit code, stdout and stderr."""
        return subprocess.run(
            ["lifecycle", *arguments], cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip

    def json(self, *arguments: str, code: int = 0) -> Any:
        """What the command answers to a program; it must end with `code`."""
        ended = self(*arguments, "--json")
        assert ended.returncode == code, (
            f"{arguments} ended with {ended.returncode}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
        )
        return json.loads(ended.stdout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The command in the background, its output in a pipe, in a session of its own."""
        return subprocess.Popen(
            ["lifecycle", *arguments], cwd=ROOT, env=self.environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip

    def ansible_playbook(
        self, playbook: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The other door."""
        variables = self.environment | {"ANSIBLE_NOCOLOR": "1"} | dict(environment or {})
        return subprocess.run(
            ["ansible-playbook", playbook, "-i", str(ENVIRONMENT / "hosts.yml"), *arguments],
            cwd=ROOT, env=variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip


@pytest.fixture(scope="session")
def lifecycle(tmp_path_factory: pytest.TempPathFactory) -> Lifecycle:
    return Lifecycle(tmp_path_factory.mktemp("records") / "lifecycle.db")


@pytest.fixture(scope="session")
def lab(lifecycle: Lifecycle) -> Iterator[Lifecycle]:
    """Five hosts fresh from the image, and the demo's artifacts."""
    subprocess.run([sys.executable, "demo/build.py"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    lifecycle("lab", "down", "-i", str(ENVIRONMENT))
    up = lifecycle("lab", "up", "-i", str(ENVIRONMENT))
    assert up.returncode == 0, up.stdout + up.stderr
    yield lifecycle
    if not os.environ.get("KEEP"):
        lifecycle("lab", "down", "-i", str(ENVIRONMENT))


@pytest.fixture(scope="session")
def site(lab: Lifecycle) -> Lifecycle:
    """The lab, provisioned."""
    outcome = lab.json("run", "provision", "-i", str(ENVIRONMENT))
    assert outcome["status"] == "successful", outcome["failures"]
    return lab


@pytest.fixture(scope="session")
def clinic(site: Lifecycle) -> Lifecycle:
    """The site with 1.0.0 serving everybody."""
    site.json("release", "start", "1.0.0", "-i", str(ENVIRONMENT), "--reason", "first delivery")
    return site


@pytest.fixture(scope="session")
def addresses() -> dict[str, str]:
    groups = yaml.safe_load((ENVIRONMENT / "hosts.yml").read_text())["all"]["children"].values()
    return {name: about["ansible_host"] for group in groups for name, about in group["hosts"].items()}


@pytest.fixture(scope="session")
def host(addresses: dict[str, str]) -> Any:
    """`host("edge1")`: the machine itself, asked as root over SSH."""
    access = Path(os.environ.get("LIFECYCLE_VAR") or ROOT / "var") / "lab" / "lab"

    def connect(name: str) -> Any:
        return testinfra.get_host(
            f"ssh://ops@{addresses[name]}", sudo=True, ssh_identity_file=str(access / "id_ed25519"),
            ssh_extra_args=f"-o UserKnownHostsFile={access / 'known_hosts'} -o StrictHostKeyChecking=yes",
        )  # fmt: skip

    return connect


@pytest.fixture
def environment_copy(tmp_path: Path) -> Path:
    """The lab's environment in a directory of the test's own, to be spoilt."""
    copy = tmp_path / "lab"
    shutil.copytree(ENVIRONMENT, copy)
    for path in (*copy.rglob("*.yml"),):
        text = path.read_text().replace("inventory_dir ~ '/../../", f"'{ROOT}/")
        path.write_text(text.replace("../../../demo/", f"{ROOT}/demo/"))
    return copy


def ansible_processes() -> list[str]:
    """Command lines of ansible that work on the lab from this machine."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "ansible-playbook" in command and str(ENVIRONMENT) in command:
            found.append(command)
    return found


def eventually(true: Any, seconds: float, every: float = 0.2) -> bool:
    """Whether `true()` comes to hold within `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(every)
    return bool(true())
