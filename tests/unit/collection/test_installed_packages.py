"""Which packages go into a bundle."""

from __future__ import annotations

from ansible_collections.impl.lifecycle.plugins.filter.installed_packages import installed_packages

HOST = [
    "ii \tredis-server:amd64\t5:7\t, adduser, redis-tools (= 5:7)\t",
    "ii \tredis-tools:amd64\t5:7\tlibc6 (>= 2.34), libssl3 | libssl1.1\t",
    "ii \tadduser:all\t3.1\tmail-thing, passwd\t",
    "ii \tlibc6:amd64\t2.36\t\tlibc6-2.36",
    "ii \tpostfix:amd64\t3.7\tlibc6\tmail-thing (= 1), other",
    "ii \tnginx:amd64\t1.22\tlibc6\thttpd",
    "rc \tapache2:amd64\t2.4\tlibc6\thttpd",
    "not a line",
]


def test_all_that_is_installed() -> None:
    assert installed_packages(HOST) == [
        "adduser:all=3.1", "libc6:amd64=2.36", "nginx:amd64=1.22", "postfix:amd64=3.7", "redis-server:amd64=5:7",
        "redis-tools:amd64=5:7",
    ]  # fmt: skip


def test_some_with_what_they_need_also_when_another_package_provides_it() -> None:
    assert installed_packages(HOST, ["redis-server"]) == [
        "adduser:all=3.1", "libc6:amd64=2.36", "postfix:amd64=3.7", "redis-server:amd64=5:7", "redis-tools:amd64=5:7",
    ]  # fmt: skip


def test_what_a_host_does_not_have_is_left_out() -> None:
    assert installed_packages(HOST, ["apache2"]) == []
