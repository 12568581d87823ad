"""Two environments differ in what their records say, and in nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.records.entities import NewRun, Recorded, Release, ReleaseState, Run, Status, Step, now
from orchestrator.records.liveness import this_actor
from orchestrator.reports.by_machine import by_machine
from orchestrator.reports.environments import Unlike, known, standing, unlike, untold


def run(phase: str, *, commit: str | None = "a", **data: Any) -> Run:
    about = NewRun("x", "/x", (phase,), this_actor(), git_commit=commit, versions={"collection": "1.0"})
    step = Step(1, 3, 1, phase, "p", Status.SUCCESSFUL, now(), data=data)
    return Run(3, about, Status.SUCCESSFUL, Recorded.FULL, now(), steps=(step,))


def report(nginx: str, **more: Any) -> dict[str, Any]:
    packages = [{"name": "nginx", "recorded": "1", "installed": nginx}]
    return {"os": "Debian 12", "kernel": "6.1", "roles": ["nginx"], "packages": packages, "databases": [], **more}


def release(version: str, state: str) -> Release:
    return Release(1, "x", "clinic", version, ReleaseState(state), 100, "ann@desk", now())


def inspected(**hosts: dict[str, Any]) -> Run:
    return run("inspect", lifecycle_inspect={"hosts": hosts, "hosts_missing": []})


def test_what_is_the_same_is_not_told_whatever_hosts_are_called() -> None:
    one = standing(
        "test", {"inspect": inspected(a=report("1.22"))}, [release("2", "widening"), release("1", "promoted")]
    )
    other = standing("prod", {"inspect": inspected(b=report("1.22"), c=report("1.22"))}, [release("1", "promoted")])
    assert unlike(one, other) == []
    assert (one.inspected, one.facts["version of clinic"]) == (3, ("1",))


def test_packages_systems_versions_and_commits_are_told() -> None:
    one = standing(
        "test",
        {"provision": run("provision", commit="b"), "inspect": inspected(a=report("1.26", os="Debian 13"))},
        [release("2", "promoted"), release("1", "promoted")],
    )
    other = standing(
        "prod",
        {"provision": run("provision"), "inspect": inspected(a=report("1.22"), b=report("1.18"))},
        [release("1", "promoted")],
    )
    assert unlike(one, other) == [
        Unlike("commit of provision", ("b",), ("a",)),
        Unlike("operating system", ("Debian 13",), ("Debian 12",)),
        Unlike("package nginx", ("1.26",), ("1.18", "1.22")),
        Unlike("version of clinic", ("2",), ("1",)),
    ]


def test_an_environment_that_was_never_inspected_says_so() -> None:
    bare = standing("prod", {"provision": run("provision")}, [])
    assert (bare.inspected, sorted(bare.facts)) == (None, ["collection of provision", "commit of provision"])


def test_settings_are_compared_and_those_of_machines_apart() -> None:
    test = report(
        "1", settings={"postgresql": {"shared_buffers": "128MB", "work_mem": "4MB", "fsync": "off", "jit": "off"}}
    )
    first = report(
        "1", settings={"postgresql": {"shared_buffers": "8GB", "jit": "off", "listen_addresses": "10.0.0.1"}}
    )
    second = report(
        "1", settings={"postgresql": {"shared_buffers": "8GB", "jit": "off", "listen_addresses": "10.0.0.2"}}
    )
    one = standing("test", {"inspect": inspected(a=test)}, [])
    other = standing("prod", {"inspect": inspected(b=first, c=second)}, [])
    assert unlike(one, other) == [
        Unlike("setting postgresql fsync", ("off",), ()),
        Unlike("setting postgresql listen_addresses", (), ("10.0.0.1", "10.0.0.2"), by_machine=True),
        Unlike("setting postgresql shared_buffers", ("128MB",), ("8GB",), by_machine=True),
        Unlike("setting postgresql work_mem", ("4MB",), (), by_machine=True),
    ]
    assert untold(one, other) == []
    assert known(one, other) == len(one.facts) + 5


def test_a_service_that_one_side_did_not_tell_of_is_not_compared() -> None:
    one = standing("test", {"inspect": inspected(a=report("1", settings={"redis": {"appendonly": "yes"}}))}, [])
    other = standing("prod", {"inspect": inspected(b=report("1"))}, [])
    assert unlike(one, other) == []
    assert untold(one, other) == untold(other, one) == [("redis", "prod")]


@pytest.mark.parametrize(
    ("service", "name", "machine"),
    [
        ("postgresql", "shared_buffers", True), ("postgresql 15", "port", True),
        ("postgresql", "max_connections", False), ("kernel", "vm.swappiness", False),
        ("postgresql", "max_parallel_workers_per_gather", True), ("postgresql", "autovacuum_max_workers", True),
        ("postgresql", "synchronous_commit", False), ("postgresql", "port_x", False), ("redis", "maxmemory", True),
        ("redis", "maxmemory-policy", False), ("mariadb", "innodb_buffer_pool_size", True),
        ("mariadb", "innodb_flush_log_at_trx_commit", False), ("nginx", "worker_processes", True),
        ("nginx", "client_max_body_size", False), ("kernel", "vm.nr_hugepages", True),
        ("other", "port", False),
        ("tomcat demo", "-Xmx", True), ("tomcat demo", "connector maxThreads", True),
        ("tomcat demo", "-XX:UseG1GC", False), ("tomcat demo", "connector keepAliveTimeout", False),
        ("memcached 11311", "-m", True), ("memcached", "-c", False),
        ("apache", "maxrequestworkers", True), ("apache", "timeout", False),
    ],
)  # fmt: skip
def test_what_follows_from_a_machine_is_known_by_name(service: str, name: str, machine: bool) -> None:
    assert by_machine(service, name) is machine
