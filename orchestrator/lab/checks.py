"""What would make `lab up` fail half-way, found before anything is changed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from ipaddress import IPv4Network, ip_network
from pathlib import Path

from orchestrator.errors import LabError
from orchestrator.lab import commands
from orchestrator.lab.podman import Container, Network
from orchestrator.lab.topology import Host, Topology
from orchestrator.languages import _

# An image with its package cache, and what a host writes when services are installed on it.
IMAGE_DISK_MB = 2500
HOST_DISK_MB = 600
# Measured: root's processes hold 4 inotify instances a host (systemd 3, logind 1), the limit being one of each user;
# 5 leaves room for a path unit of a role.
INOTIFY_PER_HOST = 5
STORAGE = Path("/var/lib/containers")


def refuse_taken_names(topology: Topology, containers: Mapping[str, Container]) -> None:
    """A container of another origin with one of our names is never touched."""
    for host in topology.hosts:
        container = containers.get(commands.container_name(topology.name, host.name))
        if container and container.lab != topology.name:
            owner = f"lab '{container.lab}'" if container.lab else _("something else")
            raise LabError(
                _("the container name %(name)s is taken by %(owner)s") % {"name": container.name, "owner": owner},
                where=host.name,
                remedy=_("remove that container, or set another lab_name"),
            )


def refuse_other_settings(topology: Topology, containers: Mapping[str, Container]) -> None:
    """A host that exists with another address or size than the inventory now says."""
    for host in topology.hosts:
        container = containers.get(commands.container_name(topology.name, host.name))
        if container and container.settings != commands.settings(host):
            raise LabError(
                _("was made with %(made)s, the inventory now says %(wanted)s")
                % {"made": container.settings, "wanted": commands.settings(host)},
                where=host.name,
                remedy=_("lifecycle lab reset makes the hosts anew"),
            )


def refuse_taken_subnet(topology: Topology, networks: Mapping[str, Network], routes: str) -> None:
    """The subnet must not belong to another network or route. `routes` is the output of `ip -json route`."""
    name = commands.network_name(topology.name)
    own = networks.get(name)
    if own and own.lab != topology.name:
        raise LabError(
            _("the network name %(name)s is taken") % {"name": name}, where="lab_name", remedy=_("set another lab_name")
        )
    if own and str(topology.subnet) not in own.subnets:
        raise LabError(
            _("the lab's network has %(subnets)s, the inventory says %(subnet)s")
            % {"subnets": ", ".join(own.subnets), "subnet": topology.subnet},
            where="lab_subnet",
            remedy=_("lifecycle lab reset makes it anew"),
        )
    for network in networks.values():
        if network.name != name and any(overlap(topology.subnet, subnet) for subnet in network.subnets):
            raise LabError(
                _("%(subnet)s is already used by the network %(name)s")
                % {"subnet": topology.subnet, "name": network.name},
                where="lab_subnet",
            )
    for route in json.loads(routes or "[]"):
        device = route.get("dev", "")
        if overlap(topology.subnet, route.get("dst", "")) and not (own and device == own.interface):
            raise LabError(
                _("%(subnet)s is already reached by the route %(dst)s dev %(device)s")
                % {"subnet": topology.subnet, "dst": route["dst"], "device": device},
                where="lab_subnet",
                remedy=_("choose another subnet"),
            )


def overlap(subnet: IPv4Network, other: str) -> bool:
    """Whether `other`, a network or an address in text, shares an address with `subnet`."""
    try:
        network = ip_network(other, strict=False)
    except ValueError:
        return False  # "default", "unreachable"
    return isinstance(network, IPv4Network) and network.overlaps(subnet)


def routes() -> str:
    """The machine's IPv4 routes as JSON."""
    outcome = subprocess.run(["ip", "-json", "-4", "route"], capture_output=True, text=True, check=False)
    return outcome.stdout.strip()


def refuse_too_little_memory(to_start: list[Host], meminfo: str) -> None:
    """The limits of all hosts to start must fit in what is free now."""
    needed = sum(host.memory_mb for host in to_start)
    available = next(int(line.split()[1]) // 1024 for line in meminfo.splitlines() if line.startswith("MemAvailable:"))
    if needed > available:
        raise LabError(
            _("the hosts to start may use %(needed)s MB, but only %(available)s MB of memory are free")
            % {"needed": needed, "available": available},
            where="lab_memory",
            remedy=_("lower lab_memory, or stop something else"),
        )


def refuse_too_little_disk(to_create: list[Host], image_missing: bool, free_mb: int) -> None:
    """Room for the image, if it has to be made, and for what is installed on the hosts."""
    needed = len(to_create) * HOST_DISK_MB + (IMAGE_DISK_MB if image_missing else 0)
    if needed > free_mb:
        raise LabError(
            _("the lab needs %(needed)s MB of disk, but only %(free_mb)s MB are free")
            % {"needed": needed, "free_mb": free_mb},
            where=str(STORAGE),
            remedy=_("free some space"),
        )


def free_disk_mb(path: Path = STORAGE) -> int:
    """Free space where podman keeps its hosts."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free // 1024**2


def refuse_too_many_hosts(to_start: list[Host], used: int, limit: int) -> None:
    """systemd fails in odd ways when the machine is out of inotify instances: say it before."""
    room = max(limit - used, 0) // INOTIFY_PER_HOST
    if len(to_start) > room:
        raise LabError(
            _(
                "%(count)s hosts are to start, but the machine's inotify instances allow %(room)s more "
                "(%(used)s of %(limit)s in use)"
            )
            % {"count": len(to_start), "room": room, "used": used, "limit": limit},
            where="fs.inotify.max_user_instances",
            remedy=_("take another lab down"),
        )


def inotify_instances(user: int = 0, process_directory: Path = Path("/proc")) -> int:
    """How many inotify instances a user's processes hold, in all hosts. Those that end meanwhile are passed over."""
    count = 0
    for process in process_directory.glob("[0-9]*"):
        try:
            if process.stat().st_uid == user:
                count += sum(str(link.readlink()) == "anon_inode:inotify" for link in (process / "fd").iterdir())
        except OSError:
            continue
    return count


def inotify_limit() -> int:
    """The machine's limit for one user."""
    return int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
