"""Which packages change together."""

from __future__ import annotations

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.package_plan import NotOffered, Package, Version, plan

OLD, NEW = "5:7.0.15-1~deb12u7", "5:7.0.15-1~deb12u10"


def built(version: str, source: str = "redis", of: str | None = None) -> Version:
    return Version(version, source, of or version)


def package(installed: str, *offered: str, source: str = "redis") -> Package:
    return Package(built(installed, source), [built(version, source) for version in offered])


HOST = {
    "redis-server": package(NEW, NEW, OLD),
    "redis-tools": package(NEW, NEW, OLD),
    "nginx": package("1.22", "1.22", source="nginx"),
}


def test_what_is_built_from_the_same_source_goes_along() -> None:
    assert plan({"redis-server": OLD}, HOST) == {"redis-server": OLD, "redis-tools": OLD}


def test_nothing_to_do_is_nothing() -> None:
    assert plan({"redis-server": NEW}, HOST) == {}
    assert plan({"redis-server": ""}, HOST) == {}


def test_no_version_means_what_apt_would_choose() -> None:
    host = {**HOST, "redis-server": package(OLD, NEW, OLD), "redis-tools": package(OLD, NEW, OLD)}
    assert plan({"redis-server": ""}, host) == {"redis-server": NEW, "redis-tools": NEW}


def test_a_sibling_may_have_a_version_of_its_own() -> None:
    host = {
        "postgresql-15": Package(built("15.20", "pg"), [built("15.20", "pg"), built("15.18", "pg")]),
        "libpq5": Package(built("2:15.20", "pg", "15.20"), [built("2:15.18", "pg", "15.18")]),
        "other": Package(built("1", "pg"), []),
    }
    assert plan({"postgresql-15": "15.18"}, host) == {"postgresql-15": "15.18", "libpq5": "2:15.18"}


def test_a_version_that_is_named_wins_over_its_sibling() -> None:
    host = {"a": package("1", "2", "3"), "b": package("1", "2", "3")}
    assert plan({"a": "2", "b": "1"}, host) == {"a": "2"}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"redis-server": "9"}, f"offers redis-server 9; they offer {NEW}, {OLD}. Add the mirror"),
        ({"postgresql-15": ""}, "postgresql-15 is not installed on this host; run its role first"),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_can(wanted: dict[str, str], words: str) -> None:
    with pytest.raises(NotOffered) as refused:
        plan(wanted, HOST)
    assert words in str(refused.value)
