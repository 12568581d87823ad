"""Is the application faster through the tuned edge than without its tuning, and than with the distribution's defaults?

The same WAR on the same host, one side at a time: the slot of the last release behind the edge with everything that
belongs to it (routing, its log, the guard), tuned; the same without what `tune` has set; and Debian's nginx.conf with
`proxy_pass` alone before a Tomcat with Debian's server.xml and no option of the JVM. README.md says what came of it.
"""

from __future__ import annotations

import re
from statistics import median

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.rounds import compare

from tests.bench.tuning import sides
from tests.bench.tuning.conftest import PAGES_KB, ROUNDS, Site, processor_seconds

pytestmark = pytest.mark.lab
SECONDS = 10
PAGES = ("health.txt", *(f"page-{kilobytes}.html" for kilobytes in PAGES_KB))
LARGEST = PAGES[-1]


def test_the_tuned_edge_beats_the_distributions(site: Site) -> None:
    """Not worse for any page; better than the distribution's for the largest, which its buffers do not hold."""
    if "app" not in site.groups:
        pytest.skip("the application is not on this host")
    sides.begin(site)
    try:
        found = {page: compared(site, page) for page in PAGES}
    finally:
        sides.end(site)
    distribution, untuned = ([verdicts[side] for verdicts in found.values()] for side in ("distribution", "untuned"))
    assert "worse" not in distribution
    assert found[LARGEST]["distribution"] == "better"
    assert "worse" not in untuned


def compared(site: Site, page: str) -> dict[str, str]:
    """What tuned is against each other side for a page, the sides in turns; each JVM has compiled before it counts."""
    for base in sides.SIDES.values():
        requests(site, f"{base}/{page}")
    series: dict[str, list[float]] = {side: [] for side in sides.SIDES}
    spent: dict[str, list[float]] = {side: [] for side in sides.SIDES}
    for number in range(ROUNDS):
        # The side that begins changes, so that a host which gets slower does so for all of them.
        for side in list(sides.SIDES)[:: 1 if number % 2 == 0 else -1]:
            before = processor_seconds(site)
            series[side].append(requests(site, f"{sides.SIDES[side]}/{page}"))
            spent[side].append((processor_seconds(site) - before) / (series[side][-1] * SECONDS))
    print(f"\n{site.memory_mb} MB, {page}, wrk, 32 connections, {SECONDS} s, requests/s; processor time a request")
    for side, values in series.items():
        each = ", ".join(f"{value:.0f}" for value in values)
        print(f"{side}: {each}; median {median(values):.0f}; {1e6 * median(spent[side]):.0f} us")
    verdicts = {side: compare(series[side], series["tuned"]) for side in ("distribution", "untuned")}
    for side, told in verdicts.items():
        print(f"tuned against {side}: {told['verdict']}, {told['ratio']:.2f} times, p = {told['p']:.3f}")
    return {side: str(told["verdict"]) for side, told in verdicts.items()}


def requests(site: Site, page: str) -> float:
    said = site.inside("wrk", "--threads=1", "--connections=32", f"--duration={SECONDS}s", page)
    assert "Non-2xx" not in said, said
    found = re.search(r"Requests/sec: +([0-9.]+)", said)
    assert found, said
    return float(found[1])
