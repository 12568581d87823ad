"""What the lab shall look like: `ansible-inventory --list` -> Topology. Pure; a mistake names its host and variable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from orchestrator.errors import LabError
from orchestrator.languages import _

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
        raise LabError(
            _("no host '%(name)s' in this lab") % {"name": name},
            where=name,
            remedy=_("there are %(known)s") % {"known": known},
        )


def topology(inventory: Mapping[str, Any], default_name: str) -> Topology:
    """Build the topology from the output of `ansible-inventory --list`.

    `default_name` names the lab when `lab_name` is not set. Hosts with `lab_host: false` are left out.
    Raises LabError for anything that could not be brought up.
    """
    hostvars: Mapping[str, Mapping[str, Any]] = inventory.get("_meta", {}).get("hostvars", {})
    members = {name: values for name, values in hostvars.items() if truth(values.get("lab_host", True))}
    if not members:
        raise LabError(
            _("no lab hosts in this inventory"), remedy=_("add hosts with ansible_host, or remove lab_host: false")
        )
    name = str(same(members, "lab_name", default_name))
    if not NAME.fullmatch(name):
        raise LabError(
            _("'%(name)s' is not usable as a name: lower-case letters, digits and '-'") % {"name": name},
            where="lab_name",
        )
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
                _("is %(value)s here but %(first)s on %(first_host)s")
                % {"value": repr(value), "first": repr(first), "first_host": first_host},
                where=f"{host}: {variable}",
                remedy=_("set it once, in group_vars/all or under all: vars:"),
            )
    return first


def literal(host: str, variable: str, value: object) -> object:
    """`value`, unless it is a template: the lab reads variables without running Ansible's templating."""
    if isinstance(value, str) and "{{" in value:
        raise LabError(_("must be a literal value, not a template"), where=f"{host}: {variable}")
    return value


def truth(value: object) -> bool:
    """YAML true/false, also when an INI inventory made a string of it."""
    return str(value).strip().lower() not in {"false", "no", "0", "off"}


def read_subnet(value: object) -> IPv4Network:
    """The lab's network. Raises LabError if it is missing, not IPv4 or too small for a gateway and a host."""
    if value is None:
        raise LabError(_("is not set, so this is no lab inventory"), where="lab_subnet", remedy=_("e.g. 10.89.77.0/24"))
    try:
        subnet = IPv4Network(str(value))
    except ValueError as error:
        raise LabError(
            _("'%(value)s' is not an IPv4 network: %(error)s") % {"value": value, "error": error}, where="lab_subnet"
        ) from error
    if subnet.prefixlen > 29 or not subnet.is_private:
        raise LabError(
            _("%(subnet)s must be a private network of /29 or larger") % {"subnet": subnet}, where="lab_subnet"
        )
    return subnet


def read_host(name: str, values: Mapping[str, Any], subnet: IPv4Network) -> Host:
    """One host from its variables."""

    def value(variable: str, default: object = None) -> Any:
        return literal(name, variable, values.get(variable, default))

    if not NAME.fullmatch(name):
        raise LabError(_("is not usable as a host name: lower-case letters, digits and '-'"), where=name)
    debian = str(value("lab_debian", DEBIAN_RELEASES[0]))
    if debian not in DEBIAN_RELEASES:
        known = " or ".join(DEBIAN_RELEASES)
        raise LabError(
            _("'%(debian)s' is not known") % {"debian": debian},
            where=f"{name}: lab_debian",
            remedy=_("use %(known)s") % {"known": known},
        )
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
        raise LabError(_("is not set"), where=where, remedy=_("give it an address in %(subnet)s") % {"subnet": subnet})
    try:
        address = IPv4Address(str(value))
    except ValueError as error:
        raise LabError(
            _("'%(value)s' is not an IPv4 address") % {"value": value},
            where=where,
            remedy=_("use one in %(subnet)s") % {"subnet": subnet},
        ) from error
    if address not in subnet:
        raise LabError(
            _("%(address)s is not in lab_subnet %(subnet)s") % {"address": address, "subnet": subnet}, where=where
        )
    if address in (subnet.network_address, subnet.network_address + 1, subnet.broadcast_address):
        raise LabError(_("%(address)s is the network's own (gateway or broadcast)") % {"address": address}, where=where)
    return address


def read_memory(host: str, value: object) -> int:
    """'768m' or '1g' in MB."""
    match = MEMORY.fullmatch(str(value).strip())
    if not match:
        raise LabError(
            _("'%(value)s' is not a size") % {"value": value}, where=f"{host}: lab_memory", remedy=_("write 768m or 1g")
        )
    megabytes = int(match[1]) * (1024 if match[2].lower() == "g" else 1)
    if megabytes < LEAST_MEMORY_MB:
        raise LabError(
            _("%(value)s is less than a host needs to boot") % {"value": value},
            where=f"{host}: lab_memory",
            remedy=_("64m or more"),
        )
    return megabytes


def read_cpus(host: str, value: object) -> float:
    """How many processors' time the host may use."""
    try:
        cpus = float(str(value))
    except ValueError:
        cpus = 0.0
    if not 0.05 <= cpus <= 256:
        raise LabError(
            _("'%(value)s' is not a number of CPUs") % {"value": value},
            where=f"{host}: lab_cpus",
            remedy=_("write 0.5 or 2"),
        )
    return cpus


def read_tmpfs(host: str, value: object) -> tuple[str, ...]:
    """Mounts like '/srv/small:size=16m', for tests of a full disk."""
    where = f"{host}: lab_tmpfs"
    if not isinstance(value, list):
        raise LabError(_("must be a list"), where=where, remedy=_('write ["/srv/small:size=16m"]'))
    for mount in value:
        if not re.fullmatch(r"/[^:\s]+(:[a-z0-9=,%]+)?", str(mount)):
            raise LabError(
                _("'%(mount)s' is not PATH:OPTIONS") % {"mount": mount},
                where=where,
                remedy=_('write "/srv/small:size=16m"'),
            )
    return tuple(str(mount) for mount in value)


def refuse_shared_addresses(hosts: tuple[Host, ...]) -> None:
    """Two hosts with one address cannot both start."""
    owners: dict[IPv4Address, str] = {}
    for host in hosts:
        if host.address in owners:
            raise LabError(
                _("%(address)s is also the address of %(owners)s")
                % {"address": host.address, "owners": owners[host.address]},
                where=f"{host.name}: ansible_host",
            )
        owners[host.address] = host.name
