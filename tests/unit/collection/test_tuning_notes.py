"""The arithmetic beside the values: in the files of every service, never in one that only a restart would read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jinja2
import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_machine import Machine
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_plan import OF_MACHINE, OF_SHARE, plan
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import NOTES, over, variables_of

ROLES = Path(__file__).resolve().parents[3] / "collections/ansible_collections/impl/lifecycle/roles"
PLAN = plan({name: {} for name in (*OF_MACHINE, *OF_SHARE)}, Machine(8192, 4))
TOLD = PLAN["variables"]


def rendered(template: str, **variables: Any) -> list[str]:
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined)
    environment.filters["basename"] = os.path.basename
    return environment.from_string((ROLES / template).read_text()).render(ansible_managed="", **variables).splitlines()


def above(lines: list[str], start: str) -> str:
    return lines[next(number for number, line in enumerate(lines) if line.strip().startswith(start)) - 1].strip()


@pytest.mark.parametrize("service", sorted(NOTES))
def test_every_value_that_a_role_is_told_has_its_reason_and_its_source(service: str) -> None:
    notes = TOLD[NOTES[service]]
    assert notes.keys() == {one["name"] for one in PLAN["settings"][service]}
    for one in PLAN["settings"][service]:
        assert notes[one["name"]].startswith(f"{one['why']} [{one['source']}]")
        assert "\n" not in notes[one["name"]]


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("postgresql", "shared_buffers"),
        ("mariadb", "innodb_buffer_pool_size"),
        ("redis", "maxmemory"),
        ("memcached", "-m"),
        ("tomcat", "-Xmx"),
    ],
)
def test_the_largest_memory_of_a_service_tells_how_the_host_was_shared_out(service: str, name: str) -> None:
    assert TOLD[NOTES[service]][name].endswith(f"; host: {PLAN['budget']['arithmetic']}")
    assert PLAN["budget"]["arithmetic"].startswith("8192 MB RAM - 608 reserve - ")


def test_a_value_that_the_inventory_gives_by_now_has_no_note_of_another_one() -> None:
    given = {"redis_maxmemory_mb": 64, "postgresql_settings": {"jit": "on"}, "nginx_worker_connections": 9}
    found = over(TOLD, given)
    assert "maxmemory" not in found["redis_notes"]
    assert "jit" not in found["postgresql_notes"]
    assert "worker_connections" not in found["nginx_notes"]
    assert found["postgresql_notes"]["work_mem"] == TOLD["postgresql_notes"]["work_mem"]
    assert over(TOLD, {}) == TOLD


def test_what_the_owner_gave_or_was_taken_back_has_no_note() -> None:
    kept = plan({"redis": {"maxmemory_mb": 64}}, Machine(4096, 4), "one", {"redis": {"maxmemory": "64mb"}})
    assert "maxmemory" not in kept["variables"]["redis_notes"]
    before = {"redis_notes": {"maxmemory": "of before"}}
    assert variables_of(PLAN["settings"], ["redis"], before)["redis_notes"] == {"maxmemory": "of before"}


def test_redis_has_them_above_the_values_and_those_of_the_start_on_top() -> None:
    lines = rendered(
        "redis/templates/lifecycle-live.conf.j2",
        __redis_notes={"maxmemory": "half of it", "io-threads": "few processors", "unknown": "x"},
        __redis_live={"maxmemory": "64mb", "save": ""},
        __redis_startup={"io-threads": 2},
        __redis_config="/etc/redis/redis.conf",
        __redis_one_word=[],
    )
    assert above(lines, "maxmemory") == "# half of it"
    assert "# io-threads in redis.conf: few processors" in lines
    assert not [line for line in lines if "unknown" in line]


def test_mariadb_has_them_above_the_values_and_those_of_the_start_on_top() -> None:
    lines = rendered(
        "mariadb/templates/live.cnf.j2",
        mariadb_notes={"sort_buffer_size": "a part", "aria_pagecache_buffer_size": "on disk"},
        __mariadb_live={"sort_buffer_size": "1M"},
        __mariadb_startup={"aria_pagecache_buffer_size": "47M"},
        __mariadb_startup_file="/etc/mysql/mariadb.conf.d/90-lifecycle.cnf",
    )
    assert above(lines, "sort_buffer_size =") == "# a part"
    assert lines.index("# aria_pagecache_buffer_size in 90-lifecycle.cnf: on disk") < lines.index("[mariadbd]")


@pytest.mark.parametrize(
    ("own", "told"), [({}, ["# -m: a share", "# -t in pages.conf: few"]), ({"memory_mb": 9, "threads": 1}, [])]
)
def test_an_instance_of_memcached_has_them_unless_it_says_something_else(own: dict[str, int], told: list[str]) -> None:
    lines = rendered(
        "memcached/templates/instance-live.conf.j2",
        memcached_notes={"-m": "a share", "-t": "few"},
        __memcached_described={"pages": own},
        instance={"name": "pages", "live": "-m 64"},
    )
    assert lines[2:] == [*told, 'MEMCACHED_LIVE="-m 64"']


def test_the_kernel_and_an_instance_of_tomcat_have_them() -> None:
    lines = rendered(
        "os_baseline/templates/sysctl.conf.j2",
        os_baseline_notes={"vm.swappiness": "pages stay"},
        __os_baseline_sysctl={"vm.swappiness": 1, "net.core.somaxconn": 9},
    )
    assert lines[1:] == ["# pages stay", "vm.swappiness = 1", "net.core.somaxconn = 9"]
    lines = rendered("tomcat/templates/notes.j2", item="blue", __tomcat_instance={"notes": {"-Xmx": "a share"}})
    assert lines[2:] == ["-Xmx: a share"]


def test_nginx_has_them_above_its_three_values() -> None:
    text = (ROLES / "nginx/templates/nginx.conf.j2").read_text()
    lines = jinja2.Environment(trim_blocks=True).from_string(text[: text.index("http {")]).render(
        nginx_notes={"worker_processes": "cores", "worker_rlimit_nofile": "four times", "worker_connections": "busy"},
        nginx_worker_processes=2,
    ).splitlines()  # fmt: skip
    assert above(lines, "worker_processes 2") == "# cores"
    assert above(lines, "worker_rlimit_nofile") == "# four times"
    assert above(lines, "worker_connections") == "# busy"


@pytest.mark.parametrize(
    "template",
    [
        "redis/templates/redis.conf.j2",
        "mariadb/templates/startup.cnf.j2",
        "memcached/templates/instance.conf.j2",
        "tomcat/templates/instance.conf.j2",
        "tomcat/templates/server.xml.j2",
        "tomcat/templates/drop-in.conf.j2",
    ],
)
def test_no_file_that_only_a_restart_reads_has_a_note(template: str) -> None:
    assert "notes" not in (ROLES / template).read_text()
