"""What a host lacks, and what must not be called a shortfall."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.requirements import is_ours, own_holders, plan, shortfalls

GROUPS = {"app": ["app1", "one"], "db": ["db1", "one"], "all": ["app1", "db1", "one"]}
ADDRESSES = {"app1": "10.0.0.1", "db1": "10.0.0.2", "one": "10.0.0.3"}
REQUIREMENTS: dict[str, Any] = {
    "os": ["Debian 12", "Debian 13"],
    "time_offset_seconds": 2,
    "groups": {
        "app": {"cpus": 2, "memory_mb": 512, "disk_free_mb": 100, "ports_free": [8080]},
        "db": {"cpus": 1, "memory_mb": 256, "disk_free_mb": None, "ports_free": [5432]},
    },
    "reach": [{"from": "app", "to": "db", "port": 5432}],
}


def holder(unit: str = "", process: str = "java", loopback_only: bool = False) -> dict[str, Any]:
    return {"process": process, "pid": 7, "unit": unit, "loopback_only": loopback_only}


def survey(**facts: Any) -> dict[str, Any]:
    good: dict[str, Any] = {
        "os": "Debian 12",
        "cpus": 2.0,
        "memory_mb": 1024,
        "disks": [{"path": "/var", "free_mb": 1000, "total_mb": 2000}],
        "listeners": {},
        "roles": [],
        "unresolved": [],
        "package_sources": [{"uri": "http://mirror/InRelease", "problem": ""}],
        "reach": [],
    }
    return {
        "reached": True,
        "problem": "",
        "privileged": True,
        "privilege_problem": "",
        "offset_low": -0.05,
        "offset_high": 0.05,
        "facts": {**good, **facts},
    }


def checks(surveys: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["host"], one["check"]) for one in shortfalls(surveys, REQUIREMENTS, GROUPS)]


@pytest.mark.parametrize(
    ("at_once", "heap_mb", "fits"), [(2, 412, True), (2, 413, False), (1, 924, True), (1, 925, False)]
)
def test_slots_that_do_not_fit_into_the_memory_are_told_with_the_way_out(
    at_once: int, heap_mb: int, fits: bool
) -> None:
    slots = {"app1": {"at_once": at_once, "heap_mb": heap_mb}}
    found = shortfalls({"app1": survey(), "db1": survey()}, REQUIREMENTS, GROUPS, slots)
    assert [one["check"] for one in found] == ([] if fits else ["slots"])
    for one in found:
        assert ("slots_at_once: 1" in one["remedy"]) == (at_once == 2)


def test_a_host_that_is_as_wanted_has_no_shortfall() -> None:
    assert checks({"app1": survey(), "db1": survey()}) == []


@pytest.mark.parametrize(
    ("facts", "check", "found"),
    [
        ({"os": "Debian 11"}, "os", "Debian 11"),
        ({"cpus": 1.5}, "cpus", "1.5"),
        ({"memory_mb": 511}, "memory", "511 MB"),
        ({"disks": [{"path": "/opt", "free_mb": 99, "total_mb": 100}]}, "disk", "99 MB"),
        ({"listeners": {"8080": holder()}}, "port", "held by java (pid 7, no service)"),
        ({"unresolved": ["app1"]}, "name", "no address"),
        ({"package_sources": [{"uri": "http://m/x", "problem": "E: down"}]}, "packages", "E: down"),
        (
            {"reach": [{"host": "db1", "address": "10.0.0.2", "port": 5432, "outcome": "timeout"}]},
            "reach",
            "timeout",
        ),
        (
            {"reach": [{"host": "db1", "address": "10.0.0.2", "port": 5432, "outcome": "no route"}]},
            "reach",
            "no route",
        ),
    ],
)
def test_one_thing_wrong_is_one_shortfall(facts: dict[str, Any], check: str, found: str) -> None:
    [only] = shortfalls({"app1": survey(**facts), "db1": survey()}, REQUIREMENTS, GROUPS)
    assert (only["host"], only["check"], only["found"]) == ("app1", check, found)
    assert only["wanted"]
    assert only["remedy"]


def test_everything_wrong_is_named_at_once_on_every_host() -> None:
    bad = survey(os="Debian 10", cpus=0.5, memory_mb=1, listeners={"8080": holder(), "5432": holder()})
    assert checks({"app1": bad, "db1": copy.deepcopy(bad)}) == [
        *[("app1", check) for check in ("os", "cpus", "memory", "port")],
        *[("db1", check) for check in ("os", "cpus", "memory", "port")],
    ]


def test_a_host_that_does_not_answer_does_not_hide_the_others() -> None:
    gone = {**survey(), "reached": False, "facts": None, "problem": "No route to host"}
    assert checks({"app1": gone, "db1": survey(os="Debian 10")}) == [("app1", "reachable"), ("db1", "os")]


def test_a_refused_sudo_is_named_with_what_was_found_without_it() -> None:
    locked = {**survey(memory_mb=1), "privileged": False, "privilege_problem": "Incorrect sudo password"}
    found = shortfalls({"app1": locked, "db1": survey()}, REQUIREMENTS, GROUPS)
    assert [(one["check"], one["found"]) for one in found] == [
        ("privilege", "Incorrect sudo password"),
        ("memory", "1 MB"),
    ]


def test_a_host_without_python_says_so() -> None:
    bare = {**survey(), "facts": None, "problem": "/usr/bin/python3: not found"}
    assert checks({"app1": bare, "db1": survey()}) == [("app1", "python")]


def test_memory_of_two_groups_adds_up_and_processors_are_shared() -> None:
    assert checks({"one": survey(memory_mb=767)}) == [("one", "memory")]
    assert checks({"one": survey(memory_mb=768)}) == []


def refused(far_end: dict[str, Any]) -> list[str]:
    near = survey(reach=[{"host": "db1", "address": "10.0.0.2", "port": 5432, "outcome": "refused"}])
    return [one["found"] for one in shortfalls({"app1": near, "db1": far_end}, REQUIREMENTS, GROUPS)]


def test_a_refused_connection_is_good_while_nothing_listens_there() -> None:
    assert refused(survey()) == []
    assert (
        refused(
            survey(listeners={"5432": holder("postgresql@15-main.service", loopback_only=True)}, roles=["postgresql"])
        )
        == []
    )


def test_a_refused_connection_is_a_firewall_when_somebody_listens_there() -> None:
    far_end = survey(
        listeners={"5432": holder("postgresql@15-main.service", "postgres")},
        roles=["postgresql"],
    )
    assert refused(far_end) == ["refused, although postgres listens there"]


def test_our_own_service_may_hold_its_port() -> None:
    ours = survey(listeners={"8080": holder("tomcat@clinic-blue.service")}, roles=["tomcat"])
    assert checks({"app1": ours, "db1": survey()}) == []


def test_our_own_holder_of_a_port_is_named_and_a_foreign_one_is_not() -> None:
    unit = "tomcat@clinic-blue.service"
    surveys = {
        "app1": survey(listeners={"8080": holder(unit)}, roles=["tomcat"]),
        "one": survey(listeners={"8080": holder(unit)}),
        "db1": {"reached": False, "facts": None},
    }
    assert own_holders(surveys, REQUIREMENTS, GROUPS) == [{"host": "app1", "port": 8080, "unit": unit}]


def test_the_same_service_installed_by_somebody_else_is_foreign() -> None:
    theirs = survey(listeners={"8080": holder("tomcat@clinic-blue.service")}, roles=["nginx"])
    assert checks({"app1": theirs, "db1": survey()}) == [("app1", "port")]


@pytest.mark.parametrize("unit", ["", "nginx.service.d", "my-nginx.service", "apache2.service"])
def test_a_name_that_only_resembles_ours_is_foreign(unit: str) -> None:
    assert not is_ours(unit, ["nginx"])


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (-0.1, 3.0, []),  # the connection took long: nothing is proven
        (2.4, 2.6, ["2.4 s ahead of this machine"]),
        (-99.0, -3.5, ["3.5 s behind this machine"]),
        (1.0, 2.5, []),
    ],
)
def test_only_a_proven_clock_offset_is_a_shortfall(low: float, high: float, found: list[str]) -> None:
    off = {**survey(), "offset_low": low, "offset_high": high}
    assert [one["found"] for one in shortfalls({"app1": off, "db1": survey()}, REQUIREMENTS, GROUPS)] == found


def test_a_group_without_hosts_is_a_shortfall_of_the_inventory() -> None:
    groups = {**GROUPS, "db": []}
    found = shortfalls({"app1": survey()}, REQUIREMENTS, groups)
    assert [(one["host"], one["check"], one["wanted"]) for one in found] == [
        ("(inventory)", "group", "a host in group db")
    ]


def test_a_host_is_asked_for_its_own_ports_and_connections_only() -> None:
    assert plan("app1", REQUIREMENTS, GROUPS, ADDRESSES) == {
        "ports": [8080],
        "reach": [
            {"host": "db1", "address": "10.0.0.2", "port": 5432},
            {"host": "one", "address": "10.0.0.3", "port": 5432},
        ],
    }
    assert plan("db1", REQUIREMENTS, GROUPS, ADDRESSES) == {"ports": [5432], "reach": []}


def test_a_host_in_both_groups_is_not_asked_to_reach_itself() -> None:
    assert [one["host"] for one in plan("one", REQUIREMENTS, GROUPS, ADDRESSES)["reach"]] == ["db1"]


def test_a_delivery_without_requirements_asks_for_nothing() -> None:
    assert plan("app1", {}, GROUPS, ADDRESSES) == {"ports": [], "reach": []}
    assert shortfalls({"app1": survey()}, {}, GROUPS) == []


def test_a_delivery_that_names_no_system_means_the_supported_ones() -> None:
    assert [one["check"] for one in shortfalls({"app1": survey(os="Debian 11")}, {}, GROUPS)] == ["os"]
