"""Every podman command line the lab uses, as pure functions. Nothing here runs anything."""

from __future__ import annotations

from ipaddress import IPv4Address

from orchestrator.lab.topology import Host, Topology

LABEL = "impl.lifecycle.lab"
HOST_LABEL = "impl.lifecycle.lab.host"
SETTINGS_LABEL = "impl.lifecycle.lab.settings"
IMAGE_LABEL = "impl.lifecycle.lab.image"

# SYS_ADMIN: systemd sandboxes services with mounts; without it PrivateTmp and friends are skipped silently.
# NET_ADMIN: nftables and addresses in the host's own network. SYS_PTRACE: Debian's redis-server unit fails without it.
CAPABILITIES = "SYS_ADMIN,NET_ADMIN,SYS_PTRACE"
INIT = "/usr/local/sbin/lab-init"


def container_name(lab: str, host: str) -> str:
    """The container's name; the host itself sees only its inventory name."""
    return f"{lab}-{host}"


def network_name(lab: str) -> str:
    """The lab's bridge network."""
    return f"lifecycle-{lab}"


def hardware_address(address: IPv4Address) -> str:
    """The MAC address (locally administered) that belongs to `address`.

    A machine keeps its own over a reboot; podman draws another at every start, and the neighbours go on sending to the
    old one for up to half a minute.
    """
    return ":".join(f"{octet:02x}" for octet in (0x02, 0x6C, *address.packed))


def settings(host: Host) -> str:
    """What a running container cannot change any more, as one label: a difference needs a reset."""
    return ";".join(
        [str(host.address), f"{host.memory_mb}m", f"{host.cpus:g}cpu", host.image or host.debian, *host.tmpfs]
    )


def run(topology: Topology, host: Host, image: str) -> list[str]:
    """Create and start a host. Never --privileged, never a mount of the machine's cgroups."""
    others = [f"{other.name}:{other.address}" for other in topology.hosts if other != host]
    return [
        "podman", "run", "--detach",
        "--name", container_name(topology.name, host.name),
        "--hostname", host.name,
        "--label", f"{LABEL}={topology.name}",
        "--label", f"{HOST_LABEL}={host.name}",
        "--label", f"{SETTINGS_LABEL}={settings(host)}",
        "--network", network_name(topology.name),
        "--ip", str(host.address),
        "--mac-address", hardware_address(host.address),
        "--network-alias", host.name,
        *(argument for other in others for argument in ("--add-host", other)),
        "--systemd", "always",
        "--cap-add", CAPABILITIES,
        # The AppArmor profile for containers forbids every mount, and systemd's sandboxing is made of mounts.
        "--security-opt", "apparmor=unconfined",
        "--memory", f"{host.memory_mb}m",
        "--cpus", f"{host.cpus:g}",
        # A real machine's /dev/shm is half of its memory; PostgreSQL works in it.
        "--shm-size", f"{host.memory_mb // 2}m",
        *(argument for mount in host.tmpfs for argument in ("--tmpfs", mount)),
        image,
        INIT,
    ]  # fmt: skip


def start(container: str) -> list[str]:
    """Start a stopped host."""
    return ["podman", "start", container]


def unpause(container: str) -> list[str]:
    """Let a paused host go on."""
    return ["podman", "unpause", container]


def remove(container: str) -> list[str]:
    """Remove a host at once: what it holds is not worth a shutdown."""
    return ["podman", "rm", "--force", "--time", "0", "--volumes", container]


def execute(container: str, script: str, *arguments: str) -> list[str]:
    """Run a shell script in a host as root."""
    return ["podman", "exec", container, "sh", "-c", script, "sh", *arguments]


def containers() -> list[str]:
    """All containers of the machine: a name may be taken by one that is not ours."""
    return ["podman", "ps", "--all", "--format", "json"]


def networks() -> list[str]:
    """All networks of the machine, with their subnets: one call, since another lab's may go between two."""
    return ["podman", "network", "ls", "--format", "json"]


def create_network(topology: Topology) -> list[str]:
    """The lab's own bridge."""
    return [
        "podman", "network", "create",
        "--label", f"{LABEL}={topology.name}",
        "--subnet", str(topology.subnet),
        network_name(topology.name),
    ]  # fmt: skip


def remove_bridge(interface: str) -> list[str]:
    """The bridge of a removed network, which stays when a host was stopped without telling it."""
    return ["ip", "link", "delete", "dev", interface]


def keep_bridge_address(interface: str, topology: Topology) -> list[str]:
    """Give the bridge an address of its own: else it takes the lowest of its ports', which come and go with hosts."""
    return ["ip", "link", "set", "dev", interface, "address", hardware_address(topology.subnet[1])]


def remove_network(name: str) -> list[str]:
    """Remove a network that has no containers left."""
    return ["podman", "network", "rm", name]


def images() -> list[str]:
    """The images made from a lab recipe."""
    return ["podman", "images", "--filter", f"label={IMAGE_LABEL}", "--format", "json"]


def image_exists(reference: str) -> list[str]:
    """Exit code 0 if the image is on this machine."""
    return ["podman", "image", "exists", reference]


def image_labels(reference: str) -> list[str]:
    """The image's labels as JSON."""
    return ["podman", "image", "inspect", "--format", "{{json .Labels}}", reference]


def pull(reference: str) -> list[str]:
    """Fetch an image from a registry."""
    return ["podman", "pull", "--quiet", reference]


def import_image(archive: str, reference: str, digest: str) -> list[str]:
    """Make an image of a root file system."""
    return ["podman", "import", "--quiet", "--change", f"LABEL {IMAGE_LABEL}={digest}", archive, reference]


def remove_image(reference: str) -> list[str]:
    """Remove an image; refused by podman while a container uses it."""
    return ["podman", "rmi", reference]


def build_root(
    suite: str, archive: str, sources: list[str], include: list[str], recipe: str, apt_options: list[str]
) -> list[str]:
    """A Debian root file system with the recipe's packages, as a tar."""
    return [
        "mmdebstrap", "--mode=root", "--variant=minbase",
        f"--include={','.join(include)}",
        *(f"--aptopt={option}" for option in apt_options),
        # The package lists and the downloaded packages are the hosts' cache.
        "--skip=cleanup/apt/lists,cleanup/apt/cache",
        f'--customize-hook="{recipe}/customize.sh" "$1" "{recipe}"',
        suite, archive, *sources,
    ]  # fmt: skip
