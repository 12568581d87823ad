"""What dpkg and apt keep on a host tells which packages apt has to be asked for."""

from __future__ import annotations

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.package_state import (
    left_over,
    read_automatic,
    read_states,
    read_units,
    versions,
    wanting,
)

DPKG = """\
install ok installed redis-server redis-server 5:7.0.15-1~deb12u7
install ok installed libc6 libc6:amd64 2.36-9+deb12u10
install ok not-installed libc6 libc6:i386 
deinstall ok config-files nginx nginx 1.22.1-9+deb12u3
hold ok installed tomcat10 tomcat10 10.1.34-0+deb12u2
install ok half-configured mariadb-server mariadb-server 1:10.11.11-0+deb12u1
install reinstreq installed broken broken 1.0
install ok installed libjemalloc2 libjemalloc2:amd64 5.3.0-1
unknown ok not-installed ghost ghost 
"""  # noqa: W291
APT = """\
Package: libjemalloc2
Architecture: amd64
Auto-Installed: 1

Package: redis-server
Architecture: amd64
Auto-Installed: 0
"""
STATES, AUTOMATIC = read_states(DPKG), read_automatic(APT)


@pytest.mark.parametrize(
    "name",
    [
        "redis-server",
        "libc6",
        "libc6:amd64",
        "tomcat10",
        "redis-server=5:7.0.15-1~deb12u7",
        "redis-server=5:7.0.*",
    ],
)
def test_what_is_there_is_not_asked_for(name: str) -> None:
    assert wanting([name], STATES, AUTOMATIC) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("valkey", "dpkg does not know it"),
        ("nginx", "only its configuration is left"),
        ("mariadb-server", "its installation did not end"),
        ("broken", "dpkg wants it installed anew"),
        ("ghost", "dpkg knows its name only"),
        ("libc6:i386", "another architecture"),
        ("redis-server=5:7.0.15-1~deb12u8", "another version"),
        ("redis-server>=5:7", "a comparison is for apt"),
        ("redis-server/bookworm", "a release is for apt"),
        ("libjemalloc2", "apt would take it away with what needs it"),
        ("mail-transport-agent", "a virtual package is for apt"),
    ],
)
def test_everything_else_is_for_apt(name: str, why: str) -> None:
    assert wanting(["libc6", name], STATES, AUTOMATIC) == [name], why


def test_what_is_to_go_and_is_there() -> None:
    names = ["redis-server", "nginx", "valkey", "mariadb-server", "ghost"]
    assert left_over(names, STATES, purge=False) == ["redis-server", "mariadb-server"]
    assert left_over(names, STATES, purge=True) == ["redis-server", "nginx", "mariadb-server"]


def test_of_several_architectures_the_one_that_is_installed_is_meant() -> None:
    turned = "\n".join(reversed(DPKG.splitlines()))
    assert wanting(["libc6"], read_states(turned), AUTOMATIC) == []


def test_versions_are_those_of_what_is_installed() -> None:
    assert set(versions(["redis-server", "nginx", "valkey"], STATES)) == {"redis-server"}
    pinned = versions([f"redis-server={STATES['redis-server'].version}"], STATES)
    assert pinned == {"redis-server": STATES["redis-server"].version}


def test_what_systemd_says_of_units() -> None:
    said = """Id=postgresql@15-main.service
ActiveState=active
UnitFileState=indirect

Id=nowhere.service
ActiveState=inactive
UnitFileState=
"""
    assert read_units(said) == {
        "postgresql@15-main.service": {"active": "active", "enabled": "indirect"},
        "nowhere.service": {"active": "inactive", "enabled": ""},
    }
    assert read_units("") == {}
