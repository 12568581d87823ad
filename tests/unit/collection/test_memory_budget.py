"""One budget for a host: never more than it has, never less on a larger host, and numbers where it does not fit."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.memory_budget import memory_budget
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_budget import SERVICES, budget
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_options import OPTIONS, BudgetError
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_profiles import AGENTS, PROFILES
from ansible_collections.impl.lifecycle.plugins.module_utils.requirements import BESIDE_HEAP_MB
from hypothesis import given, settings
from hypothesis import strategies as st

GIB, TIB = 1024, 1024 * 1024
# Values of configurations which grow with their service's share.
BUFFERS = ("heap_mb", "shared_buffers_mb", "buffer_pool_mb", "maxmemory_mb", "memory_mb")
# What a user may give of each service besides nothing, small enough for many hosts and too large for some.
WISHES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "postgresql": st.fixed_dictionaries(
        {},
        optional={
            "connections": st.integers(1, 500),
            "shared_buffers_mb": st.integers(1, 8192),
            "work_mem_mb": st.integers(1, 64),
            "maintenance_work_mem_mb": st.integers(1, 1024),
            "huge_pages": st.booleans(),
        },
    ),
    "mariadb": st.fixed_dictionaries(
        {}, optional={"connections": st.integers(1, 500), "buffer_pool_mb": st.integers(8, 8192)}
    ),
    "redis": st.fixed_dictionaries(
        {},
        optional={
            "maxmemory_mb": st.integers(1, 4096),
            "persistence": st.booleans(),
            "copy_on_write_percent": st.integers(0, 100),
        },
    ),
    "memcached": st.fixed_dictionaries(
        {}, optional={"memory_mb": st.integers(8, 4096), "instances": st.integers(1, 3), "connections": st.just(4096)}
    ),
    "tomcat": st.fixed_dictionaries(
        {},
        optional={"slots": st.integers(1, 3), "heap_mb": st.integers(32, 8192), "threads": st.integers(1, 800)},
    ),
    "wildfly": st.fixed_dictionaries(
        {}, optional={"instances": st.integers(1, 2), "heap_mb": st.integers(64, 8192), "metaspace_mb": st.just(300)}
    ),
    "nginx": st.fixed_dictionaries({}, optional={"workers": st.integers(1, 64), "connections": st.just(4096)}),
    "apache": st.fixed_dictionaries({}, optional={"workers": st.integers(1, 1000)}),
    "monitoring": st.fixed_dictionaries({}, optional={"agents": st.lists(st.sampled_from(sorted(AGENTS)), min_size=1)}),
    "other": st.fixed_dictionaries({"memory_mb": st.integers(1, 2048)}),
    "page_cache": st.fixed_dictionaries({}, optional={"share_mb": st.integers(1, 4096)}),
}
RAM = st.one_of(st.integers(GIB, 8 * GIB), st.integers(GIB, TIB))
PROFILE = st.sampled_from(sorted(PROFILES))


@st.composite
def hosts(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    present = draw(st.sets(st.sampled_from(sorted(OPTIONS))))
    return {name: draw(st.one_of(WISHES[name], st.just({})) if name != "other" else WISHES[name]) for name in present}


def made(services: dict[str, Any], ram: int, profile: str, **more: Any) -> dict[str, Any] | None:
    try:
        return budget(services, ram, profile, **more)
    except BudgetError:
        return None


def buffers_of(result: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {
        (name, value): share["values"][value]
        for name, share in result["shares"].items()
        for value in BUFFERS
        if value in share["values"]
    }


def check_sums(result: dict[str, Any]) -> None:
    shares = result["shares"].values()
    assert sum(share["mb"] for share in shares) + result["reserve_mb"] + result["unassigned_mb"] == result["ram_mb"]
    assert result["unassigned_mb"] >= 0
    for share in shares:
        assert share["mb"] >= share["min_mb"]
        assert all(term["mb"] >= 0 for term in share["terms"])


@settings(max_examples=200, deadline=None)
@given(hosts(), RAM, PROFILE)
def test_all_shares_and_the_reserve_add_up_to_the_ram(services: dict[str, Any], ram: int, profile: str) -> None:
    result = made(services, ram, profile)
    if result is None:
        return
    check_sums(result)
    assert set(result["shares"]) == set(services) | {"page_cache"}
    assert budget(services, ram, profile) == result, "the same host twice"


@settings(max_examples=200, deadline=None)
@given(hosts(), RAM, st.one_of(st.integers(1, 16), st.integers(1, TIB)), PROFILE)
def test_more_ram_never_gives_a_service_less(services: dict[str, Any], ram: int, more: int, profile: str) -> None:
    smaller, larger = made(services, ram, profile), made(services, ram + more, profile)
    if smaller is None:
        return
    assert larger is not None, "what fits into a host fits into a larger one"
    for name, share in smaller["shares"].items():
        assert larger["shares"][name]["mb"] >= share["mb"], name
    grown = buffers_of(larger)
    for name, value in buffers_of(smaller).items():
        assert grown[name] >= value, name


def test_every_combination_of_services_in_every_profile() -> None:
    """From 1 GiB to 1 TiB; everything at once needs more than 2 GiB and less than 4."""
    names = sorted(set(SERVICES) - {"other"})
    for present in itertools.chain.from_iterable(
        itertools.combinations(names, count) for count in range(len(names) + 1)
    ):
        services: dict[str, Any] = {name: {"slots": 2} if name == "tomcat" else {} for name in present}
        for profile, ram in itertools.product(PROFILES, (GIB, 2 * GIB, 4 * GIB, TIB)):
            result = made(services, ram, profile)
            assert result is not None or ram < 4 * GIB
            if result is not None:
                check_sums(result)


@pytest.mark.parametrize("ram", [GIB, GIB + 1, 2 * GIB])
def test_a_small_site_has_room_in_one_gibibyte(ram: int) -> None:
    services = {"postgresql": {}, "redis": {}, "tomcat": {"slots": 2}, "nginx": {}, "monitoring": {}}
    check_sums(budget(services, ram, "small_site"))


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_postgresql_redis_and_two_slots_share_two_gibibytes(profile: str) -> None:
    services = {"postgresql": {}, "redis": {}, "tomcat": {"slots": 2}}
    result = budget(services, 2048, profile)
    assert result["total_mb"] <= 2048 - result["reserve_mb"]
    assert all(result["shares"][name]["mb"] > result["shares"][name]["min_mb"] for name in services)


@settings(max_examples=200, deadline=None)
@given(hosts(), RAM, PROFILE)
def test_what_the_user_gave_is_kept(services: dict[str, Any], ram: int, profile: str) -> None:
    result = made(services, ram, profile)
    if result is None:
        return
    for name, options in services.items():
        share = result["shares"][name]
        for option in (*BUFFERS, "connections", "metaspace_mb"):
            if option in options and option in share["values"]:
                assert share["values"][option] == options[option]
                assert option in share["given"] or option == "metaspace_mb"
    if "work_mem_mb" in services.get("postgresql", {}):
        assert result["shares"]["postgresql"]["values"]["work_mem_kb"] == services["postgresql"]["work_mem_mb"] * 1024


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(set(SERVICES) - {"other"})), st.integers(1, 16 * GIB), RAM, PROFILE)
def test_a_whole_share_that_was_given_is_kept_to_the_megabyte(name: str, share: int, ram: int, profile: str) -> None:
    services = (
        {name: {"share_mb": share}, "tomcat": {}} if name != "tomcat" else {name: {"share_mb": share, "slots": 2}}
    )
    result = made(services, ram, profile)
    if result is not None:
        assert result["shares"][name]["mb"] == share
        check_sums(result)


@settings(max_examples=200, deadline=None)
@given(hosts(), RAM, PROFILE)
def test_what_statements_use_at_the_peak_is_within_the_share(services: dict[str, Any], ram: int, profile: str) -> None:
    result = made(services, ram, profile)
    postgresql = result and result["shares"].get("postgresql")
    if not result or not postgresql:
        return
    values = postgresql["values"]
    at_peak = values["connections"] * values["sorting_percent"] / 100 * values["work_mem_kb"] / 1024
    processes = values["connections"] * 2
    maintenance = values["maintenance_work_mem_mb"] + 3 * values["autovacuum_work_mem_mb"]
    assert values["shared_buffers_mb"] + at_peak + processes + maintenance <= postgresql["mb"]
    assert values["connections"] >= 1
    if not postgresql["given"]:
        assert values["shared_buffers_mb"] <= 0.4 * ram, "beyond it PostgreSQL's documentation sees no gain"
        assert values["work_mem_kb"] >= 1024


@settings(max_examples=200, deadline=None)
@given(hosts(), RAM, PROFILE)
def test_the_arithmetic_says_what_is_true(services: dict[str, Any], ram: int, profile: str) -> None:
    result = made(services, ram, profile)
    if result is None:
        return
    left, right = result["arithmetic"].split(" = ")
    # What is in brackets explains the number before it.
    ram_said, *less = re.sub(r" \([^)]*\)( \+ (\d+) room)?", r"\1", left).split(" - ")
    assert number(ram_said) - sum(map(added, less)) == number(right)
    for share in result["shares"].values():
        total, terms = share["arithmetic"].split(" = ")
        times, inner, room = re.fullmatch(r"(?:(\d+) x \()?(.*?)(?:\) \+ (\d+) room|\))?", terms).groups()
        assert number(total) == int(times or 1) * added(inner) + int(room or 0), terms


def number(words: str) -> int:
    return int(words.split()[0])


def added(words: str) -> int:
    """`2 x 300 tomcat + 5 room` is 605: every summand begins with its number or with a product."""
    products = [re.match(r"(?:(\d+) x )?(\d+) ", one) for one in words.split(" + ")]
    return sum(int(found[1] or 1) * int(found[2]) for found in products if found)


def test_shared_buffers_stop_at_two_fifths_even_where_nothing_else_can_use_the_rest() -> None:
    result = budget({"postgresql": {}, "page_cache": {"share_mb": 64}}, 4096, "oltp")
    assert result["shares"]["postgresql"]["values"]["shared_buffers_mb"] == 4096 * 2 // 5
    assert result["unassigned_mb"] > 0
    check_sums(result)


def test_given_and_derived_are_told_apart() -> None:
    shares = budget({"tomcat": {"heap_mb": 512}, "redis": {}}, 4096)["shares"]
    assert shares["tomcat"]["given"] == ["heap_mb"]
    assert shares["tomcat"]["why"] == "heap_mb given"
    assert shares["redis"]["given"] == []
    assert "weight" in shares["redis"]["why"]


def test_the_line_of_a_host_reads_as_arithmetic() -> None:
    result = budget({"tomcat": {"slots": 2, "heap_mb": 512}, "redis": {"maxmemory_mb": 256}}, 4096, host="app1")
    assert result["arithmetic"] == (
        "4096 MB RAM - 352 reserve - 2 x 753 tomcat (heap 512 + 241 beside it) - 580 redis (maxmemory 256, fork "
        "headroom 282) - 1658 page_cache = 0 MB unassigned"
    )


def test_a_heap_costs_more_than_itself() -> None:
    for heap in (64, 256, 1024, 8192):
        share = budget({"tomcat": {"heap_mb": heap}}, 64 * GIB, "small_site")["shares"]["tomcat"]
        assert share["mb"] >= heap + BESIDE_HEAP_MB, "never less than what preflight asks for"
        assert {"metaspace", "code cache", "direct buffers"} <= {term["what"] for term in share["terms"]}


def test_redis_that_saves_keeps_room_for_its_child() -> None:
    saving = budget({"redis": {"maxmemory_mb": 1000}}, 8 * GIB)["shares"]["redis"]
    without = budget({"redis": {"maxmemory_mb": 1000, "persistence": False}}, 8 * GIB)["shares"]["redis"]
    assert saving["mb"] == without["mb"] + 1100
    assert without["mb"] == 1116


# Each refusal says what, on which host, how much, and what would help.
TOO_MUCH = {
    "app1: 1024 MB RAM - 160 reserve = 864 MB, but 2 x 441 tomcat (heap 256 + 185 beside it) (heap_mb 256 given) + "
    "32 page_cache at least = 914 MB, 50 MB too much: lower heap_mb of tomcat from 256 to 233, or run one slot of "
    "tomcat at a time, or move a service to another host, or give the host 1077 MB": (
        {"tomcat": {"slots": 2, "heap_mb": 256}},
        1024,
    ),
    "db1: 2048 MB RAM - 224 reserve = 1824 MB, but 1868 postgresql (shared_buffers_mb 1600 given) + 64 page_cache at "
    "least = 1932 MB, 108 MB too much: lower shared_buffers_mb of postgresql from 1600 to 1501, or move a service to "
    "another host, or give the host 2163 MB": ({"postgresql": {"shared_buffers_mb": 1600}}, 2048),
}


@pytest.mark.parametrize("line", TOO_MUCH, ids=lambda line: line[:4])
def test_impossible_wishes_are_refused_with_the_arithmetic(line: str) -> None:
    services, ram = TOO_MUCH[line]
    with pytest.raises(BudgetError) as refused:
        budget(services, ram, host=line[: line.index(":")])
    assert str(refused.value) == line


@settings(max_examples=200, deadline=None)
@given(hosts(), st.integers(256, 8 * GIB), PROFILE)
def test_what_a_refusal_proposes_would_do(services: dict[str, Any], ram: int, profile: str) -> None:
    try:
        budget(services, ram, profile)
    except BudgetError as error:
        line = str(error)
    else:
        return
    assert "\n" not in line
    numbers = re.search(r"give the host (\d+) MB$", line)
    if numbers is None:
        return  # a share that is below its own minimum, which no RAM mends
    least = int(numbers.group(1))
    budget(services, least, profile)
    with pytest.raises(BudgetError):
        budget(services, least - 1, profile)
    for option, name, best in re.findall(r"lower (\w+) of (\w+) from \d+ to (\d+)", line):
        lower = {**services, name: {**services[name], option: int(best)}}
        budget(lower, ram, profile)
        with pytest.raises(BudgetError):
            budget({**lower, name: {**lower[name], option: int(best) + 1}}, ram, profile)


MISTAKES = {
    "h: unknown service 'tomcats'": {"tomcats": {}},
    "h: tomcat has no option 'heap'; it has slots, heap_mb": {"tomcat": {"heap": 5}},
    "h: heap_mb of tomcat has to be a whole number, not 'much'": {"tomcat": {"heap_mb": "much"}},
    "h: heap_mb of tomcat has to be a whole number, not True": {"tomcat": {"heap_mb": True}},
    "h: heap_mb of tomcat has to be a whole number, not 1.5": {"tomcat": {"heap_mb": 1.5}},
    "h: slots of tomcat is 0, but at least 1": {"tomcat": {"slots": 0}},
    "h: persistence of redis has to be true or false, not 'maybe'": {"redis": {"persistence": "maybe"}},
    "h: agents of monitoring: unknown nagios; known are": {"monitoring": {"agents": ["nagios"]}},
    "h: agents of monitoring has to be a list of names": {"monitoring": {"agents": "mtail"}},
    "h: other needs memory_mb": {"other": {}},
    "h: redis has to be a dictionary of options, not 512": {"redis": 512},
    "h: share_mb of mariadb is 64, but it needs ": {"mariadb": {"share_mb": 64}},
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_get_one_line(line: str) -> None:
    with pytest.raises(BudgetError) as refused:
        budget(MISTAKES[line], 4096, host="h")
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("unknown profile 'olpt'; known are oltp", {"ram_mb": 4096, "profile": "olpt"}),
        ("ram_mb has to be a whole number, not None", {"ram_mb": None}),
        ("cores has to be a whole number, not 'many'", {"ram_mb": 4096, "cores": "many"}),
        ("64 MB RAM - 128 reserve = -64 MB", {"ram_mb": 64}),
        ("reserve_mb is -1", {"ram_mb": 4096, "reserve_mb": -1}),
    ],
)
def test_the_filter_says_mistakes_as_ansible_does(line: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        memory_budget({"redis": {}}, **arguments)
    assert line in str(refused.value)


def test_numbers_that_templates_made_text_are_numbers() -> None:
    told = memory_budget({"tomcat": {"heap_mb": "512", "slots": "2"}, "redis": {"persistence": "no"}}, ram_mb="4096")
    assert told == memory_budget({"tomcat": {"heap_mb": 512, "slots": 2}, "redis": {"persistence": False}}, ram_mb=4096)


def test_a_reserve_that_was_given_counts() -> None:
    result = budget({"redis": {}}, 4096, reserve_mb=1024)
    assert (result["reserve_mb"], result["reserve_why"]) == (1024, "given")
    check_sums(result)


def test_a_host_with_half_a_processor_has_one_worker() -> None:
    half, two = (budget({"nginx": {}}, 4096, cores=cores)["shares"]["nginx"] for cores in (0.5, 2))
    assert two["terms"][1]["mb"] == 2 * half["terms"][1]["mb"]
