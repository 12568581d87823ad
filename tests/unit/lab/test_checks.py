"""What would make `up` fail half-way is said before anything is changed."""

from __future__ import annotations

import dataclasses
import json
import os
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from orchestrator.errors import LabError
from orchestrator.lab import checks, commands
from orchestrator.lab.podman import Container, Network
from orchestrator.lab.topology import Host, Topology

HOST = Host("app1", IPv4Address("10.89.99.11"), 256, 1.0, (), "12", None)
LAB = Topology("site", IPv4Network("10.89.99.0/24"), (HOST,))
OURS = Container("site-app1", "running", "site", "app1", commands.settings(HOST), "image")
NETWORK = Network("lifecycle-site", "site", ("10.89.99.0/24",), "podman5")


def test_our_own_host_and_network_are_no_obstacle() -> None:
    routes = json.dumps([{"dst": "10.89.99.0/24", "dev": "podman5"}, {"dst": "default", "dev": "eth0"}])
    checks.refuse_taken_names(LAB, {OURS.name: OURS})
    checks.refuse_other_settings(LAB, {OURS.name: OURS})
    checks.refuse_taken_subnet(LAB, {NETWORK.name: NETWORK}, routes)


@pytest.mark.parametrize(("owner", "said"), [(None, "something else"), ("other", "lab 'other'")])
def test_a_name_taken_by_another_container_is_refused(owner: str | None, said: str) -> None:
    foreign = dataclasses.replace(OURS, lab=owner)
    with pytest.raises(LabError, match=f"app1: the container name site-app1 is taken by {said}"):
        checks.refuse_taken_names(LAB, {foreign.name: foreign})


def test_other_settings_ask_for_a_reset() -> None:
    older = dataclasses.replace(OURS, settings="10.89.99.11;128m;1cpu;Debian 12")
    with pytest.raises(LabError, match=r"app1: was made with .*128m.*256m.*lifecycle lab reset"):
        checks.refuse_other_settings(LAB, {older.name: older})


@pytest.mark.parametrize("subnet", ["10.89.99.0/24", "10.89.0.0/16", "10.89.99.128/25"])
def test_a_subnet_of_another_network_is_refused(subnet: str) -> None:
    other = Network("foreign", None, (subnet,), "podman7")
    with pytest.raises(LabError, match="already used by the network foreign"):
        checks.refuse_taken_subnet(LAB, {other.name: other}, "[]")


@pytest.mark.parametrize("destination", ["10.89.99.0/24", "10.0.0.0/8", "10.89.99.7"])
def test_a_subnet_that_is_routed_elsewhere_is_refused(destination: str) -> None:
    routes = json.dumps([{"dst": destination, "dev": "tun0"}])
    with pytest.raises(LabError, match="dev tun0"):
        checks.refuse_taken_subnet(LAB, {}, routes)


def test_a_route_elsewhere_is_no_obstacle() -> None:
    checks.refuse_taken_subnet(LAB, {}, json.dumps([{"dst": "10.89.98.0/24", "dev": "eth0"}, {"dst": "fe80::/64"}]))


def test_a_network_of_our_name_but_not_ours_is_refused() -> None:
    foreign = dataclasses.replace(NETWORK, lab=None)
    with pytest.raises(LabError, match="network name lifecycle-site is taken"):
        checks.refuse_taken_subnet(LAB, {foreign.name: foreign}, "[]")


def test_a_changed_subnet_asks_for_a_reset() -> None:
    older = dataclasses.replace(NETWORK, subnets=("10.89.98.0/24",))
    with pytest.raises(LabError, match="lifecycle lab reset"):
        checks.refuse_taken_subnet(LAB, {older.name: older}, "[]")


def test_memory_is_compared_with_what_is_free_now() -> None:
    meminfo = "MemTotal: 9999999 kB\nMemAvailable:  {} kB\n"
    checks.refuse_too_little_memory([HOST], meminfo.format(256 * 1024))
    with pytest.raises(LabError, match="256 MB, but only 255 MB"):
        checks.refuse_too_little_memory([HOST], meminfo.format(256 * 1024 - 1))


def test_disk_counts_the_image_only_when_it_has_to_be_made() -> None:
    checks.refuse_too_little_disk([HOST], image_missing=False, free_mb=checks.HOST_DISK_MB)
    with pytest.raises(LabError, match="needs 3100 MB of disk, but only 600 MB"):
        checks.refuse_too_little_disk([HOST], image_missing=True, free_mb=checks.HOST_DISK_MB)


def test_hosts_beyond_the_inotify_limit_are_refused() -> None:
    checks.refuse_too_many_hosts([HOST], used=123, limit=128)
    with pytest.raises(LabError, match="take another lab down"):
        checks.refuse_too_many_hosts([HOST], used=124, limit=128)


def test_inotify_instances_are_counted_for_one_user(tmp_path: Path) -> None:
    descriptors = tmp_path / "77" / "fd"
    descriptors.mkdir(parents=True)
    (descriptors / "3").symlink_to("anon_inode:inotify")
    (descriptors / "4").symlink_to("/dev/null")
    assert checks.inotify_instances(os.getuid(), tmp_path) == 1
    assert checks.inotify_instances(os.getuid() + 1, tmp_path) == 0
