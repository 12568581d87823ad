"""What the lab shall look like: `ansible-inventory --list` -> Topology. Pure; a mistake names its host and variable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from orchestrator.errors import LabError

DEBIAN_RELEASES = ("12", "13")
DEFAULT_MEMORY = "512m"
DEFAULT_CPUS = "1.0"
# podman takes the host's name as container name suffix and as DNS name.
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?")
MEMORY = re.compile(r"(\d+)([mg])", re.IGNORECASE)
# A booted Debian with sshd takes about 40 MB.
LEAST_MEMORY_MB = 64


@dataclass(frozen=True, slots=True)
class Host:
    """One test host. `image` is a registry reference, or None for the image built here for `debian`."""

    name: str
    address: IPv4Address
    memory_mb: int
    cpus: float
    tmpfs: tuple[str, ...]
    debian: str
    image: str | None


@dataclass(frozen=True, slots=True)
class Topology:
    """The hosts of one lab and the network they share. `mirror` overrides where Debian packages come from."""

    name: str
    subnet: IPv4Network
    hosts: tuple[Host, ...]
    mirror: str | None = None

    @property
    def memory_mb(self) -> int:
        """What the hosts may use together."""
        return sum(host.memory_mb for host in self.hosts)

    def host(self, name: str) -> Host:
        """The host of that name. Raises LabError naming those there are."""
        for host in self.hosts:
            if host.name == name:
                return host
        known = ", ".join(host.name for host in self.hosts)
        raise LabError(f"no host '{name}' in this lab", where=name, remedy=f"there are {known}")


def topology(inventory: Mapping[str, Any], default_name: str) -> Topology:
    """Build the topology from the output of `ansible-inventory --list`.

    `default_name` names the lab when `lab_name` is not set. Hosts with `lab_host: false` are left out.
    Raises LabError for anything that could not be brought up.
    """
    hostvars: Mapping[str, Mapping[str, Any]] = inventory.get("_meta", {}).get("hostvars", {})
    members = {name: values for name, values in hostvars.items() if truth(values.get("lab_host", True))}
    if not members:
        raise LabError(
            "no lab hosts in this inventory", remedy="add hosts with ansible_host, or remove lab_host: false"
        )
    name = str(same(members, "lab_name", default_name))
    if not NAME.fullmatch(name):
        raise LabError(f"'{name}' is not usable as a name: lower-case letters, digits and '-'", where="lab_name")
    subnet = read_subnet(same(members, "lab_subnet", None))
    mirror = same(members, "lab_mirror", None)
    hosts = tuple(read_host(host, values, subnet) for host, values in sorted(members.items()))
    refuse_shared_addresses(hosts)
    return Topology(name=name, subnet=subnet, hosts=hosts, mirror=str(mirror) if mirror else None)


def same(members: Mapping[str, Mapping[str, Any]], variable: str, default: object) -> object:
    """The value all hosts give to a variable of the whole lab. Raises LabError if two differ."""
    first_host, first = "", default
    for host, values in sorted(members.items()):
        value = literal(host, variable, values.get(variable, default))
        if not first_host:
            first_host, first = host, value
        elif value != first:
            raise LabError(
                f"is {value!r} here but {first!r} on {first_host}",
                where=f"{host}: {variable}",
                remedy="set it once, in group_vars/all or under all: vars:",
            )
    return first


def literal(host: str, variable: str, value: object) -> object:
    """`value`, unless it is a template: the lab reads variables without running Ansible's templating."""
    if isinstance(value, str) and "{{" in value:
        raise LabError("must be a literal value, not a template", where=f"{host}: {variable}")
    return value


def truth(value: object) -> bool:
    """YAML true/false, also when an INI inventory made a string of it."""
    return str(value).strip().lower() not in {"false", "no", "0", "off"}


def read_subnet(value: object) -> IPv4Network:
    """The lab's network. Raises LabError if it is missing, not IPv4 or too small for a gateway and a host."""
    if value is None:
        raise LabError("is not set, so this is no lab inventory", where="lab_subnet", remedy="e.g. 10.89.77.0/24")
    try:
        subnet = IPv4Network(str(value))
    except ValueError as error:
        raise LabError(f"'{value}' is not an IPv4 network: {error}", where="lab_subnet") from error
    if subnet.prefixlen > 29 or not subnet.is_private:
        raise LabError(f"{subnet} must be a private network of /29 or larger", where="lab_subnet")
    return subnet


def read_host(name: str, values: Mapping[str, Any], subnet: IPv4Network) -> Host:
    """One host from its variables."""

    def value(variable: str, default: object = None) -> Any:
        return literal(name, variable, values.get(variable, default))

    if not NAME.fullmatch(name):
        raise LabError("is not usable as a host name: lower-case letters, digits and '-'", where=name)
    debian = str(value("lab_debian", DEBIAN_RELEASES[0]))
    if debian not in DEBIAN_RELEASES:
        known = " or ".join(DEBIAN_RELEASES)
        raise LabError(f"'{debian}' is not known", where=f"{name}: lab_debian", remedy=f"use {known}")
    image = value("lab_image")
    return Host(
        name=name,
        address=read_address(name, value("ansible_host"), subnet),
        memory_mb=read_memory(name, value("lab_memory", DEFAULT_MEMORY)),
        cpus=read_cpus(name, value("lab_cpus", DEFAULT_CPUS)),
        tmpfs=read_tmpfs(name, value("lab_tmpfs", [])),
        debian=debian,
        image=str(image) if image else None,
    )


def read_address(host: str, value: object, subnet: IPv4Network) -> IPv4Address:
    """The static address: inside the subnet, not one the network itself needs."""
    where = f"{host}: ansible_host"
    if value is None:
        raise LabError("is not set", where=where, remedy=f"give it an address in {subnet}")
    try:
        address = IPv4Address(str(value))
    except ValueError as error:
        raise LabError(f"'{value}' is not an IPv4 address", where=where, remedy=f"use one in {subnet}") from error
    if address not in subnet:
        raise LabError(f"{address} is not in lab_subnet {subnet}", where=where)
    if address in (subnet.network_address, subnet.network_address + 1, subnet.broadcast_address):
        raise LabError(f"{address} is the network's own (gateway or broadcast)", where=where)
    return address


def read_memory(host: str, value: object) -> int:
    """'768m' or '1g' in MB."""
    match = MEMORY.fullmatch(str(value).strip())
    if not match:
        raise LabError(f"'{value}' is not a size", where=f"{host}: lab_memory", remedy="write 768m or 1g")
    megabytes = int(match[1]) * (1024 if match[2].lower() == "g" else 1)
    if megabytes < LEAST_MEMORY_MB:
        raise LabError(f"{value} is less than a host needs to boot", where=f"{host}: lab_memory", remedy="64m or more")
    return megabytes


def read_cpus(host: str, value: object) -> float:
    """How many processors' time the host may use."""
    try:
        cpus = float(str(value))
    except ValueError:
        cpus = 0.0
    if not 0.05 <= cpus <= 256:
        raise LabError(f"'{value}' is not a number of CPUs", where=f"{host}: lab_cpus", remedy="write 0.5 or 2")
    return cpus


def read_tmpfs(host: str, value: object) -> tuple[str, ...]:
    """Mounts like '/srv/small:size=16m', for tests of a full disk."""
    where = f"{host}: lab_tmpfs"
    if not isinstance(value, list):
        raise LabError("must be a list", where=where, remedy='write ["/srv/small:size=16m"]')
    for mount in value:
        if not re.fullmatch(r"/[^:\s]+(:[a-z0-9=,%]+)?", str(mount)):
            raise LabError(f"'{mount}' is not PATH:OPTIONS", where=where, remedy='write "/srv/small:size=16m"')
    return tuple(str(mount) for mount in value)


def refuse_shared_addresses(hosts: tuple[Host, ...]) -> None:
    """Two hosts with one address cannot both start."""
    owners: dict[IPv4Address, str] = {}
    for host in hosts:
        if host.address in owners:
            raise LabError(
                f"{host.address} is also the address of {owners[host.address]}", where=f"{host.name}: ansible_host"
            )
        owners[host.address] = host.name
