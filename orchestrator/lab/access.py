"""How the lab is logged in to: a key made for it, and the hosts' real keys in a known_hosts of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import LabError
from orchestrator.lab.podman import require_program
from orchestrator.lab.topology import Host, Topology
from orchestrator.languages import _

USER = "ops"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"


@dataclass(frozen=True, slots=True)
class Access:
    """The files of one lab below var/lab/."""

    directory: Path

    @property
    def key(self) -> Path:
        """The private key of the login user."""
        return self.directory / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The hosts' keys."""
        return self.directory / "known_hosts"

    def public_key(self) -> str:
        """The lab's public key, made at the first call."""
        public = self.key.with_suffix(".pub")
        if not (self.key.is_file() and public.is_file()):
            require_program("ssh-keygen")
            self.directory.mkdir(parents=True, exist_ok=True)
            self.key.unlink(missing_ok=True)
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lifecycle lab", "-f", str(self.key)]
            subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
        return public.read_text().strip()

    def write_known_hosts(self, topology: Topology, keys: Mapping[str, str]) -> None:
        """Replace known_hosts by these keys, read from inside the hosts: nothing is trusted over the network."""
        lines = [f"{host.address},{host.name} {keys[host.name]}\n" for host in topology.hosts if host.name in keys]
        content = "".join(lines)
        if self.known_hosts.is_file() and self.known_hosts.read_text() == content:
            return
        fresh = self.known_hosts.with_suffix(".new")
        fresh.write_text(content)
        fresh.replace(self.known_hosts)

    def ssh(self, host: Host, *command: str) -> list[str]:
        """The ssh command line to a host, as strict as Ansible's."""
        options = [
            f"UserKnownHostsFile={self.known_hosts}",
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes",
            "IdentitiesOnly=yes",
            "ConnectTimeout=5",
        ]
        return [
            "ssh", "-i", str(self.key), "-l", USER,
            *(argument for option in options for argument in ("-o", option)),
            str(host.address), *command,
        ]  # fmt: skip

    def check(self, host: Host) -> None:
        """Log in and become root. Raises LabError with ssh's own words."""
        argv = self.ssh(host, "sudo", "-n", "true")
        argv[1:1] = ["-o", "BatchMode=yes"]
        environment = {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"}
        outcome = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
        if outcome.returncode != 0:
            words = outcome.stderr.strip().splitlines() or [_("exit code %(code)s") % {"code": outcome.returncode}]
            raise LabError(
                _("ssh to %(address)s does not work: %(words)s") % {"address": host.address, "words": words[-1]},
                where=host.name,
            )
