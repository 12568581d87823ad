"""One host with everything on it, with as much memory as a test asks for: that of scenario tune as a lab of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import tests.unit.collection.conftest  # makes the collection importable
from tests.e2e.conftest import BIN, ROOT

__all__ = ["site", "tests"]

LAB = "tuning"
SUBNET = "10.89.135."
MANIFEST = """schema: 1
application: demo
version: {version}
artifact: {{path: ../wars/{version}.war, sha256: "{digest}"}}
sessions: shared
"""
# The limits that the hosts shall live with, in MiB; `TUNING_MEMORY=2048` for some of them.
MEMORIES = [int(one) for one in os.environ.get("TUNING_MEMORY", "1024 2048 4096").split()]

ALL = ("edge", "app", "cache", "db")
# With less than this the budget refuses all of it on one host: the data are on one, and the application on another.
EVERYTHING_MB = 1141
CGROUPS = Path("/sys/fs/cgroup")
PAGES_KB = (30, 100)
ROUNDS = int(os.environ.get("ROUNDS", "3"))


@dataclass(frozen=True)
class Site:
    """The host, and the environment of processes that work on it."""

    host: str
    memory_mb: int
    groups: Sequence[str]
    directory: Path
    environment: Mapping[str, str]

    def __call__(self, *command: str) -> str:
        """Run a command of this project; one that fails ends the test with its words."""
        ended = subprocess.run(
            command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=3600,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-3000:]
        return ended.stdout

    def play(self, playbook: str, **variables: Any) -> str:
        inventories = (ROOT / ".config/molecule/connection.yml", self.directory / "inventory/hosts.yml")
        given = (word for one in inventories for word in ("-i", str(one)))
        return self("ansible-playbook", playbook, *given, "-e", json.dumps(variables))

    def inside(self, *command: str) -> str:
        return self("podman", "exec", self.host, *command)

    def main_process(self, unit: str) -> str:
        """Its number; 0 when the unit does not run."""
        return self.inside("systemctl", "show", "--value", "--property=MainPID", unit).strip()

    def tuning(self) -> dict[str, Any]:
        """What the host keeps of its tuning."""
        told: dict[str, Any] = json.loads(self.inside("cat", "/etc/ansible/facts.d/lifecycle_tuning.fact"))
        return told


LAYOUTS = [
    (megabytes, groups)
    for megabytes in MEMORIES
    for groups in ([ALL] if megabytes >= EVERYTHING_MB else [ALL[:2], ALL[2:]])
]


@pytest.fixture(scope="session", params=LAYOUTS, ids=lambda layout: f"{layout[0]}MB-{'+'.join(layout[1])}")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A fresh host of that size, tuned, with the application of the scenarios released on it."""
    memory_mb, groups = request.param
    with tuned(LAB, memory_mb, groups, tmp_path_factory.mktemp(f"tuning-{memory_mb}")) as site:
        build(site)
        if "app" in groups:
            site.play("impl.lifecycle.release", candidate="1.0.0")
        yield site


@contextmanager
def tuned(lab: str, memory_mb: int, groups: Sequence[str], directory: Path, **variables: Any) -> Iterator[Site]:
    """A fresh host with the inventory of scenario tune and these variables, tuned. KEEP leaves it there."""
    inventory = directory / "inventory"
    shutil.copytree(ROOT / "molecule/tune/inventory", inventory)
    hosts = inventory / "hosts.yml"
    told = yaml.safe_load(hosts.read_text())["all"]
    about = {"ansible_host": f"{SUBNET}11", "lab_memory": f"{memory_mb}m"}
    # The scenario keeps to the first compiler, to start quickly: half as many requests, and no site's tuning.
    site_variables = inventory / "group_vars/all.yml"
    kept = yaml.safe_load(site_variables.read_text()) | variables
    del kept["tomcat_jvm_options"]
    site_variables.write_text(yaml.safe_dump(kept))
    told["vars"] |= {"lab_name": lab, "lab_subnet": f"{SUBNET}0/24"}
    told["children"] = {group: {"hosts": {"tune1": about}} for group in groups}
    hosts.write_text(yaml.safe_dump({"all": told}))
    more = {
        "LIFECYCLE_VAR": str(directory / "var"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
    }
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"} | more
    site = Site(f"{lab}-tune1", memory_mb, groups, directory, environment)
    site("lifecycle", "lab", "down", "-i", str(inventory))
    site("lifecycle", "lab", "up", "-i", str(inventory))
    site.play("impl.lifecycle.tune", tune_measure=False, tune_profile="oltp")
    yield site
    if not os.environ.get("KEEP"):
        site("lifecycle", "lab", "down", "-i", str(inventory))


def build(site: Site) -> None:
    """The application's versions 1.0.0 and 2.0.0, with their manifests. Its pages are a table of so many kB each."""
    wars, releases = site.directory / "inventory/wars", site.directory / "inventory/releases"
    wars.mkdir()
    releases.mkdir()
    row = "<tr><td>{0:08}</td><td>2026-01-{0:02}</td><td>examination room {0}</td><td>waiting</td></tr>\n"
    for version in ("1.0.0", "2.0.0"):
        war = wars / f"{version}.war"
        with zipfile.ZipFile(war, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("health.txt", "well\n")
            archive.writestr("index.jsp", f'<%@ page session="true" %>version {version}\n')
            for kilobytes in PAGES_KB:
                rows = "".join(row.format(number) for number in range(kilobytes * 1024 // len(row)))
                archive.writestr(f"page-{kilobytes}.html", f"<html><table>\n{rows}</table></html>\n")
        digest = hashlib.sha256(war.read_bytes()).hexdigest()
        (releases / f"{version}.yml").write_text(MANIFEST.format(version=version, digest=digest))


def fill(site: Site, scale: int) -> None:
    """Have a pgbench database of that scale, 15 MB each."""
    run = ("runuser", "-u", "postgres", "--")
    site.inside(*run, "psql", "--command", "DROP DATABASE IF EXISTS lifecycle_bench")
    site.inside(*run, "createdb", "lifecycle_bench")
    site.inside(*run, "pgbench", "--initialize", "--quiet", "--scale", str(scale), "lifecycle_bench")


def limit_writes(site: Site, megabytes: int) -> None:
    """Let the host write so many MB a second to its disk; 0 is no limit.

    Version 1 of control groups counts what a process waits for (the WAL of a commit), version 2 every write.
    """
    device = site(
        "findmnt", "-no", "MAJ:MIN", "-T", site("podman", "info", "-f", "{{.Store.GraphRoot}}").strip()
    ).strip()
    size = megabytes * 1024**2
    for group in groups(site, CGROUPS / "blkio"):
        (group / "blkio.throttle.write_bps_device").write_text(f"{device} {size}")
        return
    for group in groups(site, CGROUPS):
        (group / "io.max").write_text(f"{device} wbps={size or 'max'}")
        return
    pytest.skip("this machine has no control group that could limit the host's disk")


def groups(site: Site, root: Path) -> list[Path]:
    """The control groups of the host below `root`."""
    (about,) = json.loads(site("podman", "inspect", site.host))
    return list(root.glob(f"**/libpod-{about['Id']}*/")) if root.is_dir() else []


def killed(site: Site) -> int:
    """How many processes the kernel has killed for memory in the control groups that the host has now."""
    # Version 1 counts in every group for itself, version 2 in the host's own for all below.
    names = {CGROUPS / "memory": "**/memory.oom_control", CGROUPS: "memory.events"}
    for root, name in names.items():
        for group in groups(site, root):
            texts = [text for file in group.glob(name) if (text := read(file))]
            if texts:
                return sum(
                    int(count) for text in texts for count in re.findall(r"^oom_kill (\d+)$", text, re.MULTILINE)
                )
    pytest.fail("no control group of the host counts what the kernel kills")


def processor_seconds(site: Site) -> float:
    """What all processes of the host have used since it was started."""
    # What a group has used is counted in those around it, too.
    counted = [int((group / "cpuacct.usage").read_text()) / 1e9 for group in groups(site, CGROUPS / "cpuacct")]
    for group in groups(site, CGROUPS):
        told = re.search(r"^usage_usec (\d+)$", read(group / "cpu.stat"), re.MULTILINE)
        counted += [int(told[1]) / 1e6] if told else []
    return max(counted)


def read(file: Path) -> str:
    """Groups come and go with what runs in them."""
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""
