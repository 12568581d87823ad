"""What tools nobody here wrote say of a host as Debian installs it, and of the same host after the roles.

Usage: make bench-security, as root; about a quarter of an hour on two cores. KEEP=1 leaves the hosts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from tests.bench.security import tools
from tests.bench.security.load import FIRST, LOADS, REQUESTS

pytestmark = pytest.mark.lab
LYNIS = 76
HOSTS: dict[str, Any] = yaml.safe_load((tools.INVENTORY / "hosts.yml").read_text())["all"]["children"]["measured"][
    "hosts"
]
WEB = ("nginx", "apache")
SITES = (("nginx", 443, "edge.example"), ("nginx", 8443, "site.example"), ("apache", 443, "edge.example"))
# Weak comparators: shown, nothing depends on them.
REPORTED: dict[tuple[str, str], Callable[[str], str]] = {
    ("nginx", "OpenSCAP, rules that hold"): tools.openscap,
    ("mariadb", "mysqltuner, things to change"): tools.mysqltuner,
}
README = tools.HERE / "README.md"
BEGIN, END = "<!-- figures: written by test_security.py -->", "<!-- end of figures -->"


@dataclass(slots=True)
class Figures:
    """One host at one time."""

    lynis: int = 0
    exposure: dict[str, float] = field(default_factory=dict)
    grade: str = ""
    gixy: dict[str, int] | None = None
    answers: dict[str, str] = field(default_factory=dict)
    reported: dict[str, str] = field(default_factory=dict)


def measure(host: str, units: list[str]) -> Figures:
    figures = Figures(lynis=tools.lynis(host), exposure={unit: tools.exposure(host, unit) for unit in units})
    if host == "nginx":
        figures.gixy = {severity: tools.gixy(host)[severity] for severity in ("HIGH", "MEDIUM", "LOW")}
    return figures


def measure_all(units: dict[str, list[str]]) -> dict[str, Figures]:
    # lynis takes one core for half a minute; what it says does not depend on how fast it is.
    with ThreadPoolExecutor(2) as pool:
        figures = dict(zip(HOSTS, pool.map(lambda host: measure(host, units[host]), HOSTS), strict=True))
    for host in WEB:
        figures[host].grade = tools.grade(HOSTS[host]["ansible_host"])
    for (host, name), ask in REPORTED.items():
        figures[host].reported[name] = ask(host)
    return figures


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Figures], dict[str, Figures]]]:
    certificates = tools.authority(tmp_path_factory.mktemp("authority"))
    tools.lab("down")
    tools.lab("up")
    try:
        tools.playbook("before.yml", certificates)
        before = measure_all({host: [about["bench_unit_before"]] for host, about in HOSTS.items()})
        tools.playbook("after.yml", certificates)
        after = measure_all({host: list(about["bench_units"]) for host, about in HOSTS.items()})
        for host, port, name in SITES:
            address = HOSTS[host]["ansible_host"]
            large = ("--data", "x" * 3072, "--cookie", f"c={'y' * 2048}")
            after[host].answers[name] = tools.answer(address, port, name, *large)
        lines = table(before, after)
        print("\n" + "\n".join(lines))
        keep(lines)
        yield before, after
    finally:
        if not os.environ.get("KEEP"):
            tools.lab("down")


def table(before: dict[str, Figures], after: dict[str, Figures]) -> list[str]:
    def shown(figures: Figures) -> list[str]:
        gixy = "/".join(str(count) for count in figures.gixy.values()) if figures.gixy is not None else ""
        units = ", ".join(f"{unit.removesuffix('.service')} {value:.1f}" for unit, value in figures.exposure.items())
        return [str(figures.lynis), units, figures.grade, gixy]

    titles = ["lynis", "exposure", "testssl", "gixy high/medium/low"]
    head = ["host", *titles, *(f"{title.split()[0]} after" for title in titles)]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [f"| {' | '.join([host, *shown(before[host]), *shown(after[host])])} |" for host in HOSTS]
    lines += ["", "| reported only | host | before | after |", "|---" * 4 + "|"]
    return lines + [
        f"| {name} | {host} | {before[host].reported[name]} | {after[host].reported[name]} |" for host, name in REPORTED
    ]


def keep(lines: list[str]) -> None:
    head, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    tail = rest.partition(END)[2]
    README.write_text("\n".join([head + BEGIN, *lines, END]) + tail, encoding="utf-8")


@pytest.mark.parametrize("host", HOSTS)
def test_lynis_finds_a_hardened_host(measured: tuple[dict[str, Figures], dict[str, Figures]], host: str) -> None:
    before, after = measured
    assert after[host].lynis >= LYNIS
    assert after[host].lynis > before[host].lynis


@pytest.mark.parametrize(
    ("host", "unit"), [(host, unit) for host, about in HOSTS.items() for unit in about["bench_units"]]
)
def test_systemd_finds_a_sandbox(measured: tuple[dict[str, Figures], dict[str, Figures]], host: str, unit: str) -> None:
    assert measured[1][host].exposure[unit] <= HOSTS[host]["bench_units"][unit]


@pytest.mark.parametrize("host", WEB)
def test_testssl_gives_the_best_grade(measured: tuple[dict[str, Figures], dict[str, Figures]], host: str) -> None:
    assert measured[1][host].grade == "A+"


def test_gixy_finds_nothing_of_weight_in_the_edge(measured: tuple[dict[str, Figures], dict[str, Figures]]) -> None:
    found = measured[1]["nginx"].gixy
    assert found is not None
    assert (found["HIGH"], found["MEDIUM"]) == (0, 0)


@pytest.mark.parametrize(("host", "name"), [(host, name) for host, _, name in SITES])
def test_nothing_usual_is_too_large_and_errors_have_the_headers(
    measured: tuple[dict[str, Figures], dict[str, Figures]], host: str, name: str
) -> None:
    """A body of 3 kB, a cookie of 2 kB, and a page that is not there."""
    head = measured[1][host].answers[name]
    assert head.split()[1] not in ("400", "413", "414", "431"), head
    for header in ("strict-transport-security: max-age=31536000", "x-content-type-options: nosniff"):
        assert header in head, head
    assert "nginx/" not in head
    assert "apache/" not in head


@pytest.mark.parametrize("host", LOADS)
def test_a_sandboxed_service_bears_its_load(measured: tuple[dict[str, Figures], dict[str, Figures]], host: str) -> None:
    assert bears(host) == (f"{REQUESTS} of {REQUESTS}", True, "0")
    assert measured[1][host].exposure


def bears(host: str) -> tuple[str, bool, str]:
    """What was answered as it should be, whether its process is the same still, and how often the kernel refused it."""
    unit, (where, command) = next(iter(HOSTS[host]["bench_units"])), LOADS[host]
    tools.inside(host, FIRST.get(host, "true"))
    process = f"systemctl show -P MainPID -P NRestarts {unit}"
    before = tools.inside(host, process)
    *_, answered = tools.inside(where, command).splitlines() or [""]
    same = tools.inside(host, process) == before
    refused = (
        f"journalctl -u {unit} -S -15min | grep -ciE 'bad system call|SIGSYS|out of memory|Operation not permitted'"
    )
    return answered, same, tools.inside(host, refused).strip()
