"""The inventory says what the lab is; every mistake in it is named with its host and variable."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.errors import LabError
from orchestrator.lab.topology import topology


def inventory(**hosts: dict[str, Any]) -> dict[str, Any]:
    """What ansible-inventory --list gives, with the subnet on every host unless a host says otherwise."""
    merged = {name: {"lab_subnet": "10.89.99.0/24", **values} for name, values in hosts.items()}
    return {"_meta": {"hostvars": merged}}


def one(**values: Any) -> dict[str, Any]:
    return inventory(one={"ansible_host": "10.89.99.11", **values})


def test_a_host_needs_no_more_than_an_address() -> None:
    lab = topology(one(), "site")
    (host,) = lab.hosts
    assert (lab.name, str(lab.subnet)) == ("site", "10.89.99.0/24")
    assert (host.name, str(host.address), host.memory_mb, host.cpus, host.debian) == (
        "one",
        "10.89.99.11",
        512,
        1.0,
        "12",
    )
    assert (host.tmpfs, host.image, lab.mirror) == ((), None, None)


def test_every_setting_is_taken_from_the_variables() -> None:
    lab = topology(
        one(
            lab_name="mine",
            lab_memory="2g",
            lab_cpus=0.5,
            lab_debian=13,
            lab_tmpfs=["/srv/small:size=16m"],
            lab_image="registry.example/lab:1",
            lab_mirror="http://mirror.example/debian",
        ),
        "site",
    )
    (host,) = lab.hosts
    assert (lab.name, lab.mirror) == ("mine", "http://mirror.example/debian")
    assert (host.memory_mb, host.cpus, host.debian, host.tmpfs) == (2048, 0.5, "13", ("/srv/small:size=16m",))
    assert host.image == "registry.example/lab:1"


@pytest.mark.parametrize("no", [False, "false", "no", "0"])
def test_a_host_can_be_left_out(no: object) -> None:
    hosts = inventory(one={"ansible_host": "10.89.99.11"}, other={"ansible_host": "192.0.2.1", "lab_host": no})
    assert [host.name for host in topology(hosts, "site").hosts] == ["one"]


def test_two_labs_memory_adds_up() -> None:
    hosts = inventory(
        a={"ansible_host": "10.89.99.11", "lab_memory": "256m"}, b={"ansible_host": "10.89.99.12", "lab_memory": "1g"}
    )
    assert topology(hosts, "site").memory_mb == 1280


@pytest.mark.parametrize(
    ("values", "where", "what"),
    [
        ({"ansible_host": None}, "one: ansible_host", "is not set"),
        ({"ansible_host": "app.example"}, "one: ansible_host", "not an IPv4 address"),
        ({"ansible_host": "10.89.98.11"}, "one: ansible_host", "not in lab_subnet"),
        ({"ansible_host": "10.89.99.1"}, "one: ansible_host", "gateway"),
        ({"ansible_host": "10.89.99.255"}, "one: ansible_host", "broadcast"),
        ({"ansible_host": "{{ address }}"}, "one: ansible_host", "literal"),
        ({"lab_memory": "lots"}, "one: lab_memory", "'lots' is not a size"),
        ({"lab_memory": "768"}, "one: lab_memory", "write 768m or 1g"),
        ({"lab_memory": "16m"}, "one: lab_memory", "less than a host needs"),
        ({"lab_cpus": "two"}, "one: lab_cpus", "'two' is not a number"),
        ({"lab_cpus": 0}, "one: lab_cpus", "not a number of CPUs"),
        ({"lab_debian": "11"}, "one: lab_debian", "use 12 or 13"),
        ({"lab_tmpfs": "/srv"}, "one: lab_tmpfs", "must be a list"),
        ({"lab_tmpfs": ["srv:size=1m"]}, "one: lab_tmpfs", "PATH:OPTIONS"),
        ({"lab_tmpfs": ["/srv:size=1m --privileged"]}, "one: lab_tmpfs", "PATH:OPTIONS"),
        ({"lab_subnet": None}, "lab_subnet", "no lab inventory"),
        ({"lab_subnet": "10.89.99.0/33"}, "lab_subnet", "not an IPv4 network"),
        ({"lab_subnet": "8.8.8.0/24"}, "lab_subnet", "private"),
        ({"lab_name": "My Lab"}, "lab_name", "not usable as a name"),
        ({"lab_name": "--privileged"}, "lab_name", "not usable as a name"),
    ],
)
def test_a_wrong_value_is_named(values: dict[str, Any], where: str, what: str) -> None:
    with pytest.raises(LabError) as caught:
        topology(one(**values), "site")
    assert caught.value.line().startswith(f"{where}: ")
    assert what in caught.value.line()
    assert "\n" not in caught.value.line()


def test_two_hosts_cannot_share_an_address() -> None:
    with pytest.raises(LabError, match=r"b: ansible_host: 10\.89\.99\.11 is also the address of a"):
        topology(inventory(a={"ansible_host": "10.89.99.11"}, b={"ansible_host": "10.89.99.11"}), "site")


def test_hosts_cannot_disagree_about_the_lab() -> None:
    hosts = inventory(
        a={"ansible_host": "10.89.99.11"}, b={"ansible_host": "10.89.99.12", "lab_subnet": "10.89.98.0/24"}
    )
    with pytest.raises(LabError, match=r"b: lab_subnet: is .* here but .* on a"):
        topology(hosts, "site")


def test_a_host_name_podman_would_read_as_an_option_is_refused() -> None:
    with pytest.raises(LabError, match="host name"):
        topology(inventory(**{"-v": {"ansible_host": "10.89.99.11"}}), "site")


def test_an_inventory_without_lab_hosts_is_refused() -> None:
    with pytest.raises(LabError, match="no lab hosts"):
        topology({"_meta": {"hostvars": {}}}, "site")


def test_an_unknown_host_is_answered_with_the_known_ones() -> None:
    with pytest.raises(LabError, match="no host 'two' in this lab; there are one"):
        topology(one(), "site").host("two")
