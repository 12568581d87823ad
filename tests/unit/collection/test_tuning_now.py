"""What a host has set before it is tuned: asked for by name only, and read from each service's own way to say it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.filter.tuning_now import tuning_now, tuning_questions
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_profiles import PROFILES
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_machine import Machine
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_plan import plan
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import settings_of, variables_of

SERVICES: dict[str, dict[str, Any]] = {
    name: {} for name in ("postgresql", "mariadb", "redis", "memcached", "tomcat", "nginx")
}
PLAN = plan(SERVICES, Machine(4096, 4))


def answered(service: str, stdout: str, rc: int = 0, stderr: str = "") -> dict[str, Any]:
    return {"item": {"service": service}, "rc": rc, "stdout": stdout, "stderr": stderr}


def test_only_the_settings_of_the_plan_are_asked_for() -> None:
    asked = {one["service"]: one["argv"] for one in tuning_questions(PLAN, "clinic")}
    assert set(asked) == {"postgresql", "mariadb", "redis", "memcached", "tomcat", "nginx", "kernel", "journal"}
    assert "/sys/kernel/mm/transparent_hugepage/enabled" in asked["kernel"]
    statement = asked["postgresql"][-1]
    assert "'shared_buffers'" in statement
    assert "primary_conninfo" not in statement
    assert "/proc/sys/net/core/somaxconn" in asked["kernel"]
    tried = {"postgresql_settings": {"commit_delay": 5, "it's": 1}}
    asked = {one["service"]: one["argv"] for one in tuning_questions(PLAN, "clinic", tried)}
    assert "'commit_delay', 'it''s'" in asked["postgresql"][-1]


@pytest.mark.parametrize(
    ("service", "text", "read"),
    [
        ("postgresql", "jit=on\nprimary_conninfo=password=x\nwork_mem=4MB", {"jit": "on", "work_mem": "4MB"}),
        ("redis", "maxmemory 99mb\nio-threads 2", {"maxmemory": "99mb", "io-threads": "2"}),
        ("mariadb", 'sort_buffer_size = "546K"', {"sort_buffer_size": "546K"}),
        ("memcached", "-m 64\n-t 2", {"-m": "64", "-t": "2"}),
        (
            "nginx",
            "worker_processes auto;\n  worker_connections 9;",
            {"worker_processes": "auto", "worker_connections": "9"},
        ),
        ("kernel", "/proc/sys/vm/swappiness:60", {"vm.swappiness": "60"}),
        (
            "kernel",
            "/sys/kernel/mm/transparent_hugepage/enabled:always [madvise] never",
            {"transparent_hugepage.enabled": "madvise"},
        ),
        ("journal", "SystemMaxUse=77M", {"SystemMaxUse": "77M"}),
        ("nginx", "    open_file_cache max=9 inactive=60s;", {"open_file_cache": "max=9 inactive=60s"}),
        ("kernel", "/proc/sys/net/ipv4/ip_local_port_range:1\t9", {"net.ipv4.ip_local_port_range": "1 9"}),
        ("tomcat", '-Xmx64m\n-Xmx96m\nmaxThreads="50"', {"-Xmx": "96m", "maxThreads": "50"}),
        ("tomcat", "-XX:+UseSerialGC", {"-XX:+UseG1GC": "-XX:+UseSerialGC"}),
    ],
)
def test_each_service_says_it_in_its_own_way(service: str, text: str, read: dict[str, str]) -> None:
    assert tuning_now([answered(service, text)], PLAN) == {service: read}


def test_a_service_without_an_answer_is_told_from_one_that_has_nothing_set() -> None:
    missing = answered("postgresql", "", 1, "runuser: user postgres does not exist")
    nothing = answered("redis", "", 1)
    partly = answered("tomcat", "-Xmx96m", 2, "grep: server.xml: No such file or directory")
    assert tuning_now([missing, nothing, partly], PLAN) == {"redis": {}, "tomcat": {"-Xmx": "96m"}}


def test_the_question_finds_what_the_role_writes(tmp_path: Path) -> None:
    options = "-Xms96m -Xmx96m -XX:+ExitOnOutOfMemoryError -Dsecret=x -XX:+UseSerialGC -XX:MaxMetaspaceSize=64m"
    (tmp_path / "slot.conf").write_text(f'CATALINA_OPTS="{options}"\n')
    (tmp_path / "server.xml").write_text('  <Connector port="8080"\n    maxThreads="50"\n    secret="hidden"\n  />\n')
    argv = next(one["argv"] for one in tuning_questions(PLAN, "clinic") if one["service"] == "tomcat")
    files = [str(tmp_path / "slot.conf"), str(tmp_path / "server.xml")]
    ended = subprocess.run([*argv[:-2], *files], capture_output=True, text=True, check=True)
    assert "secret" not in ended.stdout
    found = tuning_now([answered("tomcat", ended.stdout)], PLAN)["tomcat"]
    assert found == {
        "-Xmx": "96m",
        "-Xms": "96m",
        "-XX:MaxMetaspaceSize": "64m",
        "-XX:+UseG1GC": "-XX:+UseSerialGC",
        "maxThreads": "50",
    }


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_variables_lead_back_to_the_settings_they_came_from(profile: str) -> None:
    settings = plan(SERVICES, Machine(16384, 8, profile=profile))["settings"]
    back = settings_of(variables_of(settings))
    assert back == {service: {one["name"]: one["value"] for one in made} for service, made in settings.items()}
    assert settings_of({"foreign": 1}) == {}
