"""The five hosts of inventories/lab as a lab of its own, so that another one on this machine is left alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import BIN, ENVIRONMENT, ROOT

LAB = "plain"
SUBNETS = ("10.89.77.", "10.89.79.")


@dataclass(frozen=True)
class Site:
    """Where the hosts are described, and the environment of processes that work on them."""

    inventory: Path
    environment: Mapping[str, str]

    def __call__(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this project; one that fails ends the test with its words."""
        ended = subprocess.run(
            command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=1800,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-3000:]
        return ended


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Fresh hosts as the collection of this checkout leaves them."""
    directory = tmp_path_factory.mktemp("site")
    inventory = directory / "inventory"
    shutil.copytree(ENVIRONMENT, inventory)
    for path in inventory.rglob("*.yml"):
        path.write_text(path.read_text().replace(*SUBNETS).replace("lab_name: lab", f"lab_name: {LAB}"))
    site = Site(
        inventory / "hosts.yml",
        os.environ
        | {"PATH": f"{BIN}:{os.environ['PATH']}", "LIFECYCLE_VAR": str(directory / "var"), "ANSIBLE_NOCOLOR": "1"},
    )
    site("lifecycle", "lab", "down", "-i", str(inventory))
    site("lifecycle", "lab", "up", "-i", str(inventory))
    site("ansible-playbook", "impl.lifecycle.provision", "-i", str(site.inventory))
    yield site
    if not os.environ.get("KEEP"):
        site("lifecycle", "lab", "down", "-i", str(inventory))
