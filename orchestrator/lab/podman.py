"""Runs podman with settings that fit this machine, without touching the machine's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import LabError
from orchestrator.lab import commands
from orchestrator.languages import _

PACKAGES = "podman runc conmon netavark aardvark-dns iptables mmdebstrap debian-archive-keyring openssh-client"

# crun refuses the v1/hybrid layout, and podman's default limits need CAP_SYS_RESOURCE.
CGROUP_V1 = """\
[containers]
base_hosts_file = "none"
default_ulimits = ["nofile=10000:10000", "nproc=10000:10000"]
log_driver = "k8s-file"

[network]
network_backend = "netavark"

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@dataclass(frozen=True, slots=True)
class Container:
    """A container of this machine: ours if `lab` is set."""

    name: str
    state: str
    lab: str | None
    host: str | None
    settings: str
    image: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """A podman network: ours if `lab` is set."""

    name: str
    lab: str | None
    subnets: tuple[str, ...]
    interface: str


class Podman:
    """The only gateway to podman. `directory` is where its settings for this machine are written."""

    def __init__(self, directory: Path, cgroup_root: Path = Path("/sys/fs/cgroup")) -> None:
        # conmon writes a file `oom` where podman was started when a host runs out of memory: not where the user stands.
        self.place = directory.resolve()
        self.place.mkdir(parents=True, exist_ok=True)
        self.environment = dict(os.environ)
        # On cgroup v2 podman's defaults are right.
        if not (cgroup_root / "cgroup.controllers").exists():
            self.environment["CONTAINERS_CONF"] = str(write_settings(self.place))

    def run(self, argv: list[str]) -> str:
        """Run a command and return its output. Raises LabError with podman's own words."""
        outcome = self.attempt(argv)
        if outcome.returncode != 0:
            raise LabError(last_words(outcome.stderr), where=" ".join(argv[:3]))
        return outcome.stdout

    def attempt(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return subprocess.run(argv, capture_output=True, text=True, check=False, env=self.environment, cwd=self.place)

    def json(self, argv: list[str]) -> Any:
        """Run a command and parse its JSON output."""
        return json.loads(self.run(argv) or "[]") or []

    def containers(self) -> dict[str, Container]:
        """All containers of the machine by name."""
        found = {}
        for item in self.json(commands.containers()):
            labels = item.get("Labels") or {}
            container = Container(
                name=item["Names"][0],
                state=item["State"],
                lab=labels.get(commands.LABEL),
                host=labels.get(commands.HOST_LABEL),
                settings=labels.get(commands.SETTINGS_LABEL, ""),
                image=item.get("Image", ""),
                identity=item.get("Id", ""),
            )
            found[container.name] = container
        return found

    def networks(self) -> dict[str, Network]:
        """All networks of the machine by name."""
        found = {}
        for item in self.json(commands.networks()):
            network = Network(
                name=item["name"],
                lab=(item.get("labels") or {}).get(commands.LABEL),
                subnets=tuple(subnet["subnet"] for subnet in item.get("subnets") or []),
                interface=item.get("network_interface", ""),
            )
            found[network.name] = network
        return found


def require_root() -> None:
    """Rootless podman can neither enforce limits on cgroup v1 nor give hosts addresses the machine reaches."""
    if os.geteuid() != 0:
        raise LabError(_("the lab needs root"), remedy=_("run it again with sudo"))


def require_program(name: str) -> None:
    """Raise LabError with the line that installs what is missing."""
    if shutil.which(name) is None:
        raise LabError(
            _("%(name)s is not installed") % {"name": name},
            remedy=_("apt-get install --no-install-recommends %(packages)s") % {"packages": PACKAGES},
        )


def write_settings(directory: Path) -> Path:
    """A containers.conf of the lab's own, given to podman by CONTAINERS_CONF."""
    path = directory / "containers.conf"
    if not path.is_file() or path.read_text() != CGROUP_V1:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(CGROUP_V1)
    return path


def last_words(stderr: str) -> str:
    """podman's error without its log lines."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("time=")]
    return lines[-1].removeprefix("Error: ") if lines else _("failed without a word")
