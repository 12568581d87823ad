"""The lab's verbs: up, down, status. Each compares what is there with the topology and does the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from orchestrator.errors import LabError
from orchestrator.lab import addresses, checks, commands, image
from orchestrator.lab.access import HOST_KEY, Access
from orchestrator.lab.inventory import load
from orchestrator.lab.podman import Container, Podman, require_program, require_root
from orchestrator.lab.topology import Host, Topology
from orchestrator.languages import _
from orchestrator.paths import state_dir

# Booting takes about 1 s; a machine busy with other hosts takes longer.
BOOT_SECONDS = 60
AT_ONCE = 4

# Waits until systemd has come up, lets the lab's key in, and tells: the state, the host key, the failed units.
SETTLE = f"""
i=0
until state=$(systemctl is-system-running --wait 2>/dev/null); [ "$state" = running ] || [ "$state" = degraded ]; do
    i=$((i + 1))
    if [ "$i" -gt {BOOT_SECONDS * 5} ]; then break; fi
    sleep 0.2
done
keys=/home/ops/.ssh/authorized_keys
if [ "$(cat $keys 2>/dev/null)" != "$1" ]; then
    printf '%s\\n' "$1" > $keys && chown ops:ops $keys && chmod 0600 $keys
fi
echo "${{state:-offline}}"
cut -d' ' -f1,2 {HOST_KEY}
systemctl --failed --plain --no-legend | cut -d' ' -f1
"""
SYSTEM_STATE = "systemctl is-system-running; systemctl --failed --plain --no-legend | cut -d' ' -f1"
# Ends sessions with a word, so that an ssh connection kept open by Ansible does not hang on a host that is gone.
HANG_UP = "pkill -x sshd"

Item = TypeVar("Item")
T = TypeVar("T")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HostReport:
    """What a verb did to one host, or how it stands. `system` is systemd's own word: running, degraded, ..."""

    name: str
    address: str
    memory_mb: int
    state: str
    action: str = ""
    system: str = ""
    failed_units: tuple[str, ...] = ()


class Lab:
    """One lab on this machine."""

    def __init__(self, topology: Topology, directory: Path | None = None) -> None:
        self.topology = topology
        self.directory = directory or state_dir() / "lab"
        self.podman = Podman(self.directory)
        self.access = Access((self.directory / topology.name).resolve())

    def up(self, say: Say) -> list[HostReport]:
        """Bring every host to running and reachable by ssh; a host that is so already is left alone."""
        with image.only_one(self.directory / f"{self.topology.name}.lock"):
            containers = self.podman.containers()
            self._check(containers)
            images = {host.name: image.ensure(self.podman, self.topology, host, self.directory, say)
                      for host in self.topology.hosts if self._container(host) not in containers}  # fmt: skip
            public_key = self.access.public_key()
            actions = dict(zip(self.topology.hosts, in_parallel(
                lambda host: self._start(host, containers.get(self._container(host)), images), self.topology.hosts
            ), strict=True))  # fmt: skip
            bridge = self.podman.networks()[commands.network_name(self.topology.name)].interface
            self.podman.run(commands.keep_bridge_address(bridge, self.topology))
            settled = in_parallel(lambda host: self._settle(host, public_key, actions[host]), self.topology.hosts)
            reports = [report for report, _ in settled]
            self.access.write_known_hosts(self.topology, {report.name: key for report, key in settled})
            in_parallel(self.access.check, self.topology.hosts)
            return reports

    def down(self) -> list[HostReport]:
        """Remove the hosts and the network that carry this lab's label, and nothing else."""
        name = self.topology.name
        with image.only_one(self.directory / f"{name}.lock"):
            ours = [container for container in self.podman.containers().values() if container.lab == name]
            in_parallel(self._remove, ours)
            for network in self.podman.networks().values():
                if network.lab == name:
                    self.podman.run(commands.remove_network(network.name))
                    if network.interface and Path("/sys/class/net", network.interface).exists():
                        self.podman.run(commands.remove_bridge(network.interface))
            self.access.known_hosts.unlink(missing_ok=True)
        known = {host.name: host for host in self.topology.hosts}
        return [removed(container, known) for container in sorted(ours, key=lambda one: one.name)]

    def status(self) -> list[HostReport]:
        """How each host of the inventory stands."""
        containers = self.podman.containers()
        return in_parallel(lambda host: self._status(host, containers.get(self._container(host))), self.topology.hosts)

    def shell(self, name: str, command: tuple[str, ...]) -> list[str]:
        """The ssh command line into a running host."""
        host = self.topology.host(name)
        state = self._status(host, self.podman.containers().get(self._container(host))).state
        if state != "running":
            raise LabError(_("is %(state)s") % {"state": state}, where=name, remedy=_("lifecycle lab up starts it"))
        return self.access.ssh(host, *command)

    def _container(self, host: Host) -> str:
        return commands.container_name(self.topology.name, host.name)

    def _check(self, containers: dict[str, Container]) -> None:
        """Refuse what cannot work, and make the network."""
        checks.refuse_taken_names(self.topology, containers)
        checks.refuse_other_settings(self.topology, containers)
        networks = self.podman.networks()
        checks.refuse_taken_subnet(self.topology, networks, checks.routes())
        to_create = [host for host in self.topology.hosts if self._container(host) not in containers]
        to_start = [
            host for host in self.topology.hosts
            if host in to_create or containers[self._container(host)].state not in ("running", "paused")
        ]  # fmt: skip
        if to_start:
            checks.refuse_too_little_memory(to_start, Path("/proc/meminfo").read_text())
            checks.refuse_too_many_hosts(to_start, checks.inotify_instances(), checks.inotify_limit())
        if to_create:
            wanted = {host.image or image.reference(host.debian) for host in to_create}
            missing = any(self.podman.attempt(commands.image_exists(name)).returncode for name in wanted)
            checks.refuse_too_little_disk(to_create, missing, checks.free_disk_mb())
        if commands.network_name(self.topology.name) not in networks:
            self.podman.run(commands.create_network(self.topology))

    def _start(self, host: Host, container: Container | None, images: dict[str, str]) -> str:
        """Do what brings `host` to running; say what it was."""
        if container is None:
            self._boot(host, commands.run(self.topology, host, images[host.name]))
            return "created"
        if container.state == "running":
            return "unchanged"
        if container.state == "paused":
            self.podman.run(commands.unpause(container.name))
            return "unpaused"
        self._boot(host, commands.start(container.name))
        return "started"

    def _boot(self, host: Host, argv: list[str]) -> None:
        """Run `argv`, which starts the host; once more if podman held the host's address for nobody."""
        try:
            self.podman.run(argv)
        except LabError as error:
            if not addresses.free(error.what, self.podman):
                raise
            self.podman.run(commands.start(self._container(host)))

    def _settle(self, host: Host, public_key: str, action: str) -> tuple[HostReport, str]:
        """Wait for systemd. Returns the report and the host's public key. A fresh host must have no failed unit."""
        lines = self.podman.run(commands.execute(self._container(host), SETTLE, public_key)).splitlines()
        system, key, failed = lines[0], lines[1] if len(lines) > 1 else "", tuple(lines[2:])
        if system not in ("running", "degraded") or not key:
            raise LabError(
                _("systemd is %(system)s after %(seconds)s s") % {"system": system, "seconds": BOOT_SECONDS},
                where=host.name,
                remedy=_("lifecycle lab reset"),
            )
        if system == "degraded" and action == "created":
            raise LabError(
                _("came up degraded: %(failed)s failed") % {"failed": ", ".join(failed)},
                where=host.name,
                remedy=_("lifecycle lab shell %(name)s sudo systemctl status %(failed)s")
                % {"name": host.name, "failed": failed[0] if failed else ""},
            )
        return report(host, "running", action=action, system=system, failed_units=failed), key

    def _remove(self, container: Container) -> None:
        if container.state == "running":
            self.podman.attempt(commands.execute(container.name, HANG_UP))
        self.podman.run(commands.remove(container.name))

    def _status(self, host: Host, container: Container | None) -> HostReport:
        if container is None or container.lab != self.topology.name:
            return report(host, "missing")
        if container.state != "running":
            return report(host, "paused" if container.state == "paused" else "stopped")
        lines = self.podman.attempt(commands.execute(container.name, SYSTEM_STATE)).stdout.splitlines() or ["unknown"]
        return report(host, "running", system=lines[0], failed_units=tuple(lines[1:]))


def open_lab(directory: Path) -> Lab:
    """The lab of an inventory directory. What the machine lacks is said before the inventory is read."""
    require_root()
    require_program("podman")
    return Lab(load(directory))


def report(
    host: Host, state: str, action: str = "", system: str = "", failed_units: tuple[str, ...] = ()
) -> HostReport:
    """A report on a host of the topology."""
    return HostReport(host.name, str(host.address), host.memory_mb, state, action, system, failed_units)


def removed(container: Container, known: dict[str, Host]) -> HostReport:
    """A report on a removed host, which the inventory may not have any more."""
    host = known.get(container.host or "")
    if host is None:
        return HostReport(container.host or container.name, "", 0, "missing", "removed")
    return report(host, "missing", action="removed")


def in_parallel(work: Callable[[Item], T], items: Iterable[Item]) -> list[T]:
    """Do `work` for all items, a few at a time. An error is raised after all have ended."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(work, items))
