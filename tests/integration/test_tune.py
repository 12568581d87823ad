"""`lifecycle tune plan` without a host: what a machine that is still to be bought would have set."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.conftest import HOST, Site


@pytest.fixture
def planned(site: Site) -> Site:
    """One machine with everything; nobody listens at its address."""
    about: dict[str, Any] = {
        "one": {**HOST, "ansible_connection": "ssh", "ansible_host": "127.0.0.2", "ansible_port": 9}
    }
    groups = {name: {"hosts": about if name == "db" else {"one": {}}} for name in ("db", "app", "cache", "edge")}
    (site.environment / "hosts.yml").write_text(json.dumps({"all": {"children": groups}}), encoding="utf-8")
    site.group_vars("redis_maxmemory_mb: 99\n")
    return site


def test_no_host_is_asked_when_it_is_described(planned: Site) -> None:
    ended = planned.lifecycle(
        "tune", "plan", "-i", "site-lab", "--ram", "4G", "--cores", "4", "--profile", "oltp", "--json"
    )
    assert ended.returncode == 0, ended.stdout
    made = json.loads(ended.stdout)["data"]["lifecycle_tuning"]["one"]
    machine = {"ram_mb": 4096, "cores": 4, "disk": "ssd", "disk_source": "", "disk_mb": None, "profile": "oltp"}
    assert made["machine"] == machine
    assert made["budget"]["total_mb"] + made["budget"]["reserve_mb"] <= 4096
    memory = next(one for one in made["settings"]["redis"] if one["name"] == "maxmemory")
    assert (memory["value"], memory["given"]) == ("99mb", True)


def test_a_person_reads_the_arithmetic(planned: Site) -> None:
    ended = planned.lifecycle("tune", "plan", "-i", "site-lab", "--ram", "4G", "--cores", "4")
    assert ended.returncode == 0, ended.stdout
    assert "one: 4096 MB, 4 processors, ssd, profile mixed" in ended.stdout
    assert "4096 MB RAM - " in ended.stdout
    assert "shared_buffers = " in ended.stdout


def test_a_disk_that_is_given_counts(planned: Site) -> None:
    ended = planned.lifecycle("tune", "plan", "-i", "site-lab", "--ram", "4G", "--cores", "4", "--disk", "hdd")
    assert ended.returncode == 0, ended.stdout
    assert "one: 4096 MB, 4 processors, hdd, profile mixed" in ended.stdout
    assert "random_page_cost = 4 " in ended.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--ram", "4G"), "--ram without --cores describes half a host"),
        (("--ram", "much", "--cores", "4"), "'much' is no size; write 32G or 512M"),
    ],
)
def test_half_a_host_and_no_size_are_refused_in_one_line(planned: Site, options: tuple[str, ...], words: str) -> None:
    ended = planned.lifecycle("tune", "plan", "-i", "site-lab", *options)
    assert ended.returncode == 1
    assert words in ended.stdout
    assert len(ended.stdout.splitlines()) == 1


def test_a_wish_that_does_not_fit_is_refused_with_the_arithmetic(planned: Site) -> None:
    planned.group_vars("redis_maxmemory_mb: 9000\n")
    ended = planned.lifecycle("tune", "plan", "-i", "site-lab", "--ram", "4G", "--cores", "4")
    assert ended.returncode == 2
    assert "MB too much" in ended.stdout
    assert "lower maxmemory_mb of redis from 9000 to" in ended.stdout


@pytest.mark.parametrize("rounds", ["2", "21", "some"])
def test_rounds_that_cannot_be_compared_are_refused_before_anything_is_asked(site: Site, rounds: str) -> None:
    (site.environment / "hosts.yml").write_text(
        json.dumps({"all": {"children": {"db": {"hosts": {"one": HOST}}}}}), encoding="utf-8"
    )
    ended = site.lifecycle("run", "tune", "-i", "site-lab", "-e", f"tune_rounds={rounds}")
    assert ended.returncode == 2
    assert f"tune_rounds is {rounds}: each side is measured 3 to 20 times. Nothing was measured." in ended.stdout
    assert "Work out the values" not in ended.stdout
