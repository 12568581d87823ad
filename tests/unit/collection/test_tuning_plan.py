"""What is set on a host: by its size and workload, around what its owner gave, and as the roles are told."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.tuning_plan import tuning_plan
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_profiles import PROFILES
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_inventory import given_of, megabytes, pools_of
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_machine import DISKS, Machine
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_plan import OF_MACHINE, OF_SHARE, plan
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import (
    GIVEN,
    MAKERS,
    inventory_of,
    over,
    variables_of,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import given_of as given_of_tuned
from hypothesis import given
from hypothesis import strategies as st

EVERYTHING: dict[str, dict[str, Any]] = {name: {} for name in (*OF_MACHINE, *OF_SHARE)}
GROUPS = {"db": ["one"], "app": ["one", "two"], "edge": ["one"], "cache": ["one"]}
POOL = [{"url": "jdbc:postgresql://one/shop", "max_total": 15}, {"url": "jdbc:mariadb://x/y", "max_total": 99}]


def values(made: dict[str, Any], service: str) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in made["settings"][service]}


@given(
    extra=st.integers(0, 1024 * 1024),
    cores=st.integers(1, 128),
    disk=st.sampled_from(DISKS),
    disk_mb=st.none() | st.integers(2000, 10_000_000),
    profile=st.sampled_from(sorted(PROFILES)),
    services=st.sets(st.sampled_from(sorted(EVERYTHING)), min_size=1),
)
def test_every_host_gets_values_with_a_reason_and_a_source(
    extra: int, cores: int, disk: str, disk_mb: int | None, profile: str, services: set[str]
) -> None:
    # What does not fit is the budget's business; here everything does.
    ram = 4096 + 256 * cores + extra
    made = plan({name: {} for name in services}, Machine(ram, cores, disk, disk_mb, profile))
    for service, settings in made["settings"].items():
        names = [one["name"] for one in settings]
        assert len(names) == len(set(names)), service
        assert all(one["why"] and "\n" not in one["why"] and one["source"] for one in settings)
    if disk_mb is not None and "postgresql" in services:
        most = int(values(made, "postgresql")["max_wal_size"].removesuffix("MB"))
        least = int(values(made, "postgresql")["min_wal_size"].removesuffix("MB"))
        assert most <= max(disk_mb // 10, 128)
        assert 80 <= least <= most


def test_buffers_and_the_journal_keep_to_what_there_is() -> None:
    def of(ram: int, disk_mb: int | None) -> tuple[Any, Any]:
        made = plan({"redis": {}}, Machine(ram, 2, "ssd", disk_mb))
        return values(made, "redis")["client-output-buffer-limit"], values(made, "journal")["SystemMaxUse"]

    limit, journal = of(1024, None)
    maxmemory = plan({"redis": {}}, Machine(1024, 2))["budget"]["shares"]["redis"]["values"]["maxmemory_mb"]
    assert limit == f"replica {maxmemory // 4}mb {maxmemory // 16}mb 60"
    assert journal == "500M"
    assert of(65536, 1_000_000) == ("replica 256mb 64mb 60", "2000M")
    assert of(65536, 20_000)[1] == "400M"
    assert of(65536, 3000)[1] == "100M"


def test_huge_pages_are_for_who_asks_where_a_database_or_redis_runs() -> None:
    made = plan({"redis": {}}, Machine(4096, 2))
    assert made["variables"]["os_baseline_huge_pages"] == "madvise"
    assert "transparent_hugepage.enabled" not in made["variables"]["os_baseline_sysctl"]
    assert "os_baseline_huge_pages" not in plan({"nginx": {}}, Machine(4096, 2))["variables"]
    assert given_of([], {"os_baseline_huge_pages": "never", "os_baseline_journal_max_mb": 9}) == {
        "kernel": {"transparent_hugepage.enabled": "never"},
        "journal": {"SystemMaxUse": "9M"},
    }


def test_small_hosts_have_no_parallel_work_and_large_ones_have() -> None:
    def of(cores: int, profile: str = "oltp") -> dict[str, Any]:
        return values(plan({"postgresql": {}}, Machine(8192, cores, "ssd", None, profile)), "postgresql")

    assert of(1)["max_parallel_workers_per_gather"] == 0
    assert of(2)["max_parallel_workers_per_gather"] == 1
    assert of(16)["max_parallel_workers_per_gather"] == 4
    assert of(16, "reporting")["max_parallel_workers_per_gather"] == 8
    assert "jit" not in of(16, "reporting")
    assert of(16)["jit"] == "off"


@pytest.mark.parametrize(
    ("ram", "cores", "collector"),
    [(1024, 1, "-XX:+UseSerialGC"), (8192, 4, "-XX:+UseG1GC"), (65536, 16, "-XX:+UseZGC")],
)
def test_the_collector_follows_heap_and_processors(ram: int, cores: int, collector: str) -> None:
    assert collector in values(plan({"tomcat": {}}, Machine(ram, cores)), "tomcat")


def test_what_the_owner_gave_is_kept_and_told_to_nobody_again() -> None:
    owner = {"postgresql": {"jit": "on", "max_connections": 77}, "tomcat": {"-XX:+UseGC": "-XX:+UseParallelGC"}}
    services = {"postgresql": {"connections": 77}, "tomcat": {"heap_mb": 200}}
    made = plan(services, Machine(4096, 2), "one", owner)
    kept = {one["name"]: one for one in made["settings"]["postgresql"]}
    assert kept["jit"]["value"] == "on"
    assert kept["jit"]["why"] == "given in the inventory"
    assert "jit" not in made["variables"]["postgresql_settings"]
    assert "max_connections" not in made["variables"]["postgresql_settings"]
    assert "-XX:+UseParallelGC" in values(made, "tomcat")
    assert not [one for one in made["variables"]["app_slot_jvm_options"] if "GC" in one]
    assert values(made, "tomcat")["-Xmx"] == "200m"


def test_a_refused_service_keeps_the_variables_of_before() -> None:
    made = plan(EVERYTHING, Machine(8192, 4))
    before = {"postgresql_settings": {"synchronous_commit": "off"}}
    told = variables_of(made["settings"], ["postgresql"], before)
    assert told["postgresql_settings"] == {"synchronous_commit": "off"}
    assert "postgresql_notes" not in told
    assert told["redis_maxmemory_mb"] == made["variables"]["redis_maxmemory_mb"]


def test_the_inventory_goes_over_what_was_tuned() -> None:
    tuned = {"a": {"x": 1, "y": 2}, "b": [1], "c": 5, "d": 6}
    assert over(tuned, {"a": {"y": 3}, "b": [2], "c": 7}) == {"a": {"x": 1, "y": 3}, "b": [1, 2], "d": 6}


def test_every_pool_of_every_slot_gets_its_connections() -> None:
    held = pools_of([{"app_slot_datasources": POOL}, {"app_slot_datasources": POOL}], 2)
    assert held == {"postgresql": 2 * 2 * 15 + 10, "mariadb": 2 * 2 * 99 + 10}
    assert pools_of([{}], 2) == {}


@pytest.mark.parametrize(
    ("name", "written", "mb"),
    [
        ("shared_buffers", "1GB", 1024),
        ("shared_buffers", 16384, 128),
        ("work_mem", "4096", 4),
        ("work_mem", "64kB", 1),
        ("work_mem", None, None),
    ],
)
def test_sizes_are_read_as_postgresql_reads_them(name: str, written: Any, mb: int | None) -> None:
    assert megabytes(name, written) == mb


def test_the_filter_reads_the_inventory() -> None:
    one = {"app_slot_datasources": POOL, "postgresql_settings": {"shared_buffers": "200MB"}, "redis_maxmemory_mb": 40}
    made = tuning_plan("one", {"one": one, "two": {}}, GROUPS, 2048, 2.0, profile="oltp")
    assert values(made, "postgresql")["shared_buffers"] == "200MB"
    assert values(made, "postgresql")["max_connections"] == "40"
    assert values(made, "redis")["maxmemory"] == "40mb"
    assert made["budget"]["total_mb"] <= 2048 - made["budget"]["reserve_mb"]
    # Only the pools of hosts that have the slots: the other one is an application server and nothing else.
    assert set(tuning_plan("two", {"one": one, "two": {}}, GROUPS, 2048, 2)["settings"]) == {
        "tomcat",
        "kernel",
        "journal",
    }


def test_a_host_that_is_tuned_twice_in_a_call_is_planned_from_its_inventory() -> None:
    """`provision` makes facts of what was tuned, which hide the inventory: the plan must not take them for its word."""
    inventory = {"postgresql_settings": {"log_lock_waits": "off"}, "redis_maxmemory_mb": 40, "broken": 1}
    first = tuning_plan("one", {"one": inventory, "two": {}}, GROUPS, 2048, 2, profile="oltp")
    tuned = first["variables"]
    facts = {**inventory, **over(tuned, inventory), GIVEN: given_of_tuned(tuned, inventory)}
    assert facts["postgresql_settings"]["jit"] == "off"
    again = tuning_plan("one", {"one": facts, "two": {}}, GROUPS, 2048, 2, profile="oltp")
    assert again == first
    other = tuning_plan("one", {"one": facts, "two": {}}, GROUPS, 2048, 2, profile="reporting")
    assert other == tuning_plan("one", {"one": inventory, "two": {}}, GROUPS, 2048, 2, profile="reporting")
    assert over({"redis_maxmemory_mb": 9, "app_slot_heap_mb": 99}, facts) == {"app_slot_heap_mb": 99}
    assert over(other["variables"], facts) == over(other["variables"], inventory)
    # Once more: what was kept stays, although the facts say otherwise by now.
    twice = {**facts, **over(other["variables"], facts), GIVEN: given_of_tuned(other["variables"], facts)}
    assert dict(inventory_of(twice)) == {**inventory, GIVEN: twice[GIVEN]}


def test_only_what_is_asked_for_is_asked_of_the_inventory() -> None:
    """Each variable may be a template that fails, or a secret."""

    class Lazy(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            assert name != "secret"
            return super().__getitem__(name)

    variables = Lazy(secret="x", redis_maxmemory_mb=9)
    variables[GIVEN] = given_of_tuned({"redis_maxmemory_mb": 9, "app_slot_heap_mb": 1}, Lazy(secret="x"))
    said = inventory_of(variables)
    assert list(said) == ["secret", GIVEN]
    assert len(said) == 2
    assert "secret" in said
    assert "redis_maxmemory_mb" not in said
    assert said.get("redis_maxmemory_mb") is None


@pytest.mark.parametrize(("given", "few"), [(39, True), (40, False)])
def test_fewer_connections_than_the_pools_may_hold_are_said(given: int, few: bool) -> None:
    one = {"app_slot_datasources": POOL, "postgresql_settings": {"max_connections": given}}
    made = tuning_plan("one", {"one": one, "two": {}}, GROUPS, 4096, 2)
    (told,) = (each for each in made["settings"]["postgresql"] if each["name"] == "max_connections")
    assert told["value"] == given, "it is kept"
    assert ("too few: the pools of the application servers, and some to spare, are 40" in told["why"]) is few


def test_mariadb_and_memcached_are_planned_where_the_inventory_describes_them() -> None:
    one = {"mariadb_databases": [], "memcached_instances": [{"name": "default"}, {"name": "pages", "memory_mb": 100}]}
    made = tuning_plan("one", {"one": one, "two": {}}, GROUPS, 8192, 2)
    told = made["variables"]
    assert told["mariadb_buffer_pool_mb"] == int(values(made, "mariadb")["innodb_buffer_pool_size"].removesuffix("M"))
    assert told["mariadb_startup_settings"] == {
        "aria_pagecache_buffer_size": values(made, "mariadb")["aria_pagecache_buffer_size"]
    }
    assert told["mariadb_settings"]["innodb_io_capacity"] == 2000
    assert "innodb_buffer_pool_size" not in told["mariadb_settings"]
    assert told["memcached_memory_mb"] == made["budget"]["shares"]["memcached"]["values"]["memory_mb"]
    assert told["memcached_threads"] == 2
    # The instance with a memory of its own is counted beside the one that waits for it.
    assert made["budget"]["shares"]["memcached"]["count"] == 1
    assert made["budget"]["shares"]["other"]["mb"] >= 100
    # Nothing speaks of PostgreSQL and Redis there: they get no memory, and no value.
    assert not {"postgresql", "redis"} & set(made["settings"])
    without = tuning_plan("one", {"one": {}, "two": {}}, GROUPS, 8192, 2)
    assert not {"mariadb", "memcached"} & set(without["settings"])
    both = tuning_plan("one", {"one": {**one, "postgresql_users": []}, "two": {}}, GROUPS, 8192, 2)
    assert {"postgresql", "mariadb"} <= set(both["settings"])


def test_what_the_inventory_gives_mariadb_and_memcached_is_kept() -> None:
    one = {
        "mariadb_buffer_pool_mb": 256,
        "mariadb_settings": {"max_connections": 33},
        "memcached_instances": [{"name": "default", "memory_mb": 70, "threads": 3}, {"name": "pages", "memory_mb": 91}],
        "memcached_threads": 1,
    }
    made = tuning_plan("one", {"one": one, "two": {}}, GROUPS, 8192, 2)
    assert values(made, "mariadb")["innodb_buffer_pool_size"] == "256M"
    assert values(made, "mariadb")["max_connections"] == 33
    assert values(made, "memcached") == {"-m": "70 and 91", "-t": "1"}
    assert made["budget"]["shares"]["memcached"]["count"] == 2
    assert not {"mariadb_buffer_pool_mb", "memcached_memory_mb", "memcached_threads"} & set(made["variables"])
    assert "max_connections" not in made["variables"]["mariadb_settings"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"postgresql_settings": {"shared_buffers": "much"}}, "write a size such as 256MB"),
        ({"app_slot_heap_mb": 4000}, "too much"),
        ({"redis_maxmemory_mb": "x"}, "has to be a whole number"),
    ],
)
def test_what_cannot_be_is_one_line(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words) as told:
        tuning_plan("one", {"one": changed, "two": {}}, GROUPS, 2048, 2)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("machine", [{"ram_mb": "lots"}, {"cores": "inf"}, {"disk_mb": [1]}])
def test_a_machine_that_is_no_number_is_named(machine: dict[str, Any]) -> None:
    ((name, value),) = machine.items()
    with pytest.raises(AnsibleFilterError) as told:
        tuning_plan("one", {"one": {}, "two": {}}, GROUPS, **{"ram_mb": 2048, "cores": 2, **machine})
    assert str(told.value) == f"tuning_plan: {name} is no number: {value}"


def test_a_number_may_be_a_text_with_a_fraction() -> None:
    """As `-e tune_ram_mb=2048.5` gives it."""
    made = tuning_plan("one", {"one": {}, "two": {}}, GROUPS, "2048.5", "1.5")
    assert (made["machine"]["ram_mb"], made["machine"]["cores"]) == (2048, 1)


def test_the_names_that_belong_together_are_known_on_both_sides() -> None:
    """A setting that no role is told of would be shown and never set."""
    made = plan(EVERYTHING, Machine(65536, 16))
    for service, profile in itertools.product(MAKERS, PROFILES):
        settings = plan(EVERYTHING, Machine(65536, 16, "ssd", None, profile))["settings"]
        assert variables_of({service: settings[service]}), service
    told = str(made["variables"])
    renamed = ("-Xms", "-Xmx", "maxmemory", "innodb_buffer_pool_size")
    for service in MAKERS:
        for one in made["settings"][service]:
            if one["name"] not in renamed and service not in ("nginx", "memcached"):
                assert one["name"] in told, one
    assert given_of(["edge"], {"nginx_worker_connections": 9})["nginx"] == {"worker_connections": 9}
