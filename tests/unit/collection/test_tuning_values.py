"""The settings that follow from a budget: what a configuration takes, with its arithmetic and whose rule it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_budget import budget
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_profiles import PROFILES

GIB = 1024
EVERYTHING: dict[str, Any] = {name: {} for name in ("postgresql", "mariadb", "redis", "memcached", "tomcat", "wildfly")}


def settings_of(services: dict[str, Any], ram: int, profile: str = "mixed") -> dict[str, dict[str, Any]]:
    shares = budget(services, ram, profile)["shares"]
    return {one["name"]: one for name in services for one in shares[name]["settings"]}


def megabytes(setting: dict[str, Any]) -> int:
    return int(re.sub(r"\D", "", setting["value"]))


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize("ram", [4 * GIB, 64 * GIB, GIB * GIB])
def test_every_setting_has_one_line_why_and_a_source(profile: str, ram: int) -> None:
    for share in budget(EVERYTHING, ram, profile)["shares"].values():
        assert bool(share["settings"]) == (share["service"] != "page_cache")
        for setting in share["settings"]:
            assert re.fullmatch(r"\d+(MB|kB|M|K|mb|m)?", setting["value"]), setting
            assert megabytes(setting) > 0, setting
            for words in (setting["why"], setting["source"]):
                assert words
                assert "\n" not in words


@pytest.mark.parametrize("profile", ["oltp", "reporting"])
@pytest.mark.parametrize("ram", [4 * GIB, 16 * GIB, 64 * GIB, 256 * GIB])
def test_postgresql_alone_gets_about_what_its_documentation_and_pgtune_say(profile: str, ram: int) -> None:
    settings = settings_of({"postgresql": {}}, ram, profile)
    buffers, cache = megabytes(settings["shared_buffers"]), megabytes(settings["effective_cache_size"])
    # shared_buffers a quarter of the RAM and not over 40 %; effective_cache_size about three quarters.
    assert 0.16 * ram <= buffers <= 0.40 * ram
    assert 0.6 * ram <= cache <= 0.95 * ram
    assert megabytes(settings["maintenance_work_mem"]) <= 2 * GIB


@pytest.mark.parametrize("ram", [4 * GIB, 16 * GIB, 64 * GIB, 256 * GIB])
def test_mariadb_alone_gets_what_its_documentation_says(ram: int) -> None:
    pool = megabytes(settings_of({"mariadb": {}}, ram, "oltp")["innodb_buffer_pool_size"])
    assert 0.55 * ram <= pool <= 0.75 * ram


def test_the_two_limits_of_temporary_tables_are_one() -> None:
    settings = settings_of({"mariadb": {}}, 8 * GIB)
    assert settings["tmp_memory_table_size"]["value"] == settings["max_heap_table_size"]["value"]


def test_the_jvm_is_told_every_limit_that_was_counted() -> None:
    share = budget({"tomcat": {"heap_mb": 512}}, 4 * GIB)["shares"]["tomcat"]
    told = {one["name"]: megabytes(one) for one in share["settings"]}
    counted = {term["what"]: term["mb"] for term in share["terms"]}
    assert told["-Xmx"] == told["-Xms"] == counted["heap"] == 512
    assert told["-XX:MaxMetaspaceSize"] == counted["metaspace"]
    assert told["-XX:ReservedCodeCacheSize"] == counted["code cache"]
    assert told["-XX:MaxDirectMemorySize"] == counted["direct buffers"]


def test_no_heap_is_so_large_that_pointers_grow() -> None:
    assert megabytes(settings_of({"tomcat": {}}, GIB * GIB)["-Xmx"]) < 32 * GIB


def test_what_others_take_is_not_in_the_cache_postgresql_plans_with() -> None:
    alone = megabytes(settings_of({"postgresql": {}}, 4 * GIB)["effective_cache_size"])
    shared = megabytes(
        settings_of({"postgresql": {}, "tomcat": {"slots": 2}, "redis": {}}, 4 * GIB)["effective_cache_size"]
    )
    assert shared < alone
