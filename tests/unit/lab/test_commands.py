"""The command lines given to podman: what they must have, and what they must never have."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from orchestrator.lab import commands
from orchestrator.lab.topology import Host, Topology


def host(name: str, last: int, **other: object) -> Host:
    values: dict[str, object] = {
        "memory_mb": 256,
        "cpus": 1.0,
        "tmpfs": (),
        "debian": "12",
        "image": None,
        **other,
    }
    return Host(name=name, address=IPv4Address(f"10.89.99.{last}"), **values)  # type: ignore[arg-type]


LAB = Topology("site", IPv4Network("10.89.99.0/24"), (host("app1", 11), host("db1", 12, tmpfs=("/srv:size=16m",))))


def value(argv: list[str], option: str) -> str:
    return argv[argv.index(option) + 1]


@pytest.mark.parametrize("one", LAB.hosts, ids=lambda one: one.name)
def test_a_host_never_gets_the_machines_cgroups_or_all_privileges(one: Host) -> None:
    argv = commands.run(LAB, one, "image")
    assert "--privileged" not in argv
    assert not {"--cgroupns", "--volume", "-v", "--mount", "--pid", "--ipc", "--userns"} & set(argv)
    assert not [argument for argument in argv if "/sys/fs/cgroup" in argument or argument.startswith("--cgroup")]
    assert value(argv, "--cap-add").split(",") == ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"]


def test_a_host_has_its_address_its_limits_and_its_label() -> None:
    argv = commands.run(LAB, LAB.host("app1"), "image")
    assert value(argv, "--name") == "site-app1"
    assert value(argv, "--hostname") == "app1"
    assert value(argv, "--network") == "lifecycle-site"
    assert value(argv, "--ip") == "10.89.99.11"
    assert value(argv, "--mac-address") == "02:6c:0a:59:63:0b"
    assert value(argv, "--memory") == "256m"
    assert value(argv, "--cpus") == "1"
    assert "impl.lifecycle.lab=site" in argv
    assert argv[-2:] == ["image", commands.INIT]


def test_hosts_know_each_other_by_name() -> None:
    argv = commands.run(LAB, LAB.host("app1"), "image")
    assert value(argv, "--add-host") == "db1:10.89.99.12"
    assert value(argv, "--network-alias") == "app1"


def test_small_file_systems_are_mounted() -> None:
    assert value(commands.run(LAB, LAB.host("db1"), "image"), "--tmpfs") == "/srv:size=16m"


@pytest.mark.parametrize(
    "other",
    [{"memory_mb": 512}, {"cpus": 2.0}, {"tmpfs": ("/srv",)}, {"debian": "13"}, {"image": "registry.example/lab:1"}],
)
def test_every_setting_a_container_cannot_change_is_in_its_label(other: dict[str, object]) -> None:
    assert commands.settings(host("app1", 11, **other)) != commands.settings(host("app1", 11))


def test_another_address_is_another_setting() -> None:
    assert commands.settings(host("app1", 12)) != commands.settings(host("app1", 11))


def test_a_script_gets_its_arguments_as_arguments() -> None:
    argv = commands.execute("site-app1", "echo $1", "key with $(danger)")
    assert argv == ["podman", "exec", "site-app1", "sh", "-c", "echo $1", "sh", "key with $(danger)"]


def test_the_image_is_built_with_its_package_cache_kept() -> None:
    argv = commands.build_root("bookworm", "/tmp/root.tar", ["deb x y main"], ["sudo"], "/recipe", ['A "b"'])
    assert "--skip=cleanup/apt/lists,cleanup/apt/cache" in argv
    assert '--aptopt=A "b"' in argv
    assert argv[-3:] == ["bookworm", "/tmp/root.tar", "deb x y main"]
