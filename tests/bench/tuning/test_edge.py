"""Is the application faster through the tuned edge than through the distribution's nginx and Tomcat as they come?

The same WAR on the same host, one side at a time: the slot of the last release behind the edge with everything that
belongs to it (routing, its log, the guard), and beside it Debian's nginx.conf with `proxy_pass` alone before a Tomcat
with Debian's server.xml and no option of the JVM. README.md says what came of it.
"""

from __future__ import annotations

import re

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.rounds import compare, turns

from tests.bench.tuning.conftest import HOST, PAGES_KB, ROUNDS, Site

pytestmark = pytest.mark.lab
SECONDS = 10
SIDES = {"distribution": "http://127.0.0.1:8099", "tuned": "http://127.0.0.1"}
PAGES = ("health.txt", *(f"page-{kilobytes}.html" for kilobytes in PAGES_KB))
# Debian's own files, but for what would meet the other side's: addresses, logs, and the sites of the edge.
DISTRIBUTION = r"""
set -e
rm -rf /root/plain /var/lib/plain-tomcat; mkdir -p /root/plain; cd /root/plain
apt-get -qq update; apt-get -qq install --no-install-recommends wrk >/dev/null
apt-get -qq download nginx-common; dpkg-deb -x nginx-common_*.deb .
sed -e 's|^pid .*|pid /run/plain-nginx.pid;|' -e 's|/var/log/nginx/|/var/log/nginx/plain-|' \
    -e 's|include /etc/nginx/conf.d/.*|server { listen 8099; location / { proxy_pass http://127.0.0.1:8090; } }|' \
    -e '/sites-enabled/d' etc/nginx/nginx.conf > nginx.conf
nginx -c /root/plain/nginx.conf
home=$(ls -d /usr/share/tomcat1?)
install -d -o tomcat -g tomcat /var/lib/plain-tomcat
cd /var/lib/plain-tomcat; mkdir conf webapps temp work logs
cp -r "$home"/etc/* conf; mv /root/demo.war webapps/ROOT.war
sed -i 's/port="8080"/port="8090"/; s/port="8005"/port="-1"/' conf/server.xml
chown -R tomcat:tomcat .
systemd-run --quiet --unit plain-tomcat --uid tomcat --setenv=CATALINA_HOME="$home" --setenv=CATALINA_BASE="$PWD" \
    "$home/bin/catalina.sh" run
for second in $(seq 60); do curl -fsS -o /dev/null http://127.0.0.1:8099/health.txt 2>/dev/null && exit 0; sleep 1; done
journalctl -u plain-tomcat -n 20; exit 1
"""

GONE = "systemctl stop plain-tomcat; nginx -c /root/plain/nginx.conf -s stop"


def test_the_tuned_edge_beats_the_distributions(site: Site) -> None:
    """Not worse for any page, and better for the largest, which the distribution's buffers do not hold."""
    if "app" not in site.groups:
        pytest.skip("the application is not on this host")
    site("podman", "cp", str(site.directory / "inventory/wars/1.0.0.war"), f"{HOST}:/root/demo.war")
    site.inside("sh", "-c", DISTRIBUTION)
    try:
        found = {page: compared(site, page) for page in PAGES}
    finally:
        # It is not one of the host's services, whose memory is counted by other tests.
        site.inside("sh", "-c", GONE)
    assert "worse" not in found.values()
    assert found[PAGES[-1]] == "better"


def compared(site: Site, page: str) -> str:
    """The verdict about one page, the sides in turns; each JVM has compiled before it counts."""
    for base in SIDES.values():
        requests(site, f"{base}/{page}")
    series: dict[str, list[float]] = {side: [] for side in SIDES}
    for _number, side in turns(ROUNDS):
        name = {"before": "distribution", "after": "tuned"}[side]
        series[name].append(requests(site, f"{SIDES[name]}/{page}"))
    print(f"\n{site.memory_mb} MB, {page}, wrk, 32 connections, {SECONDS} s, requests/s")
    for name, values in series.items():
        print(f"{name}: {', '.join(f'{value:.0f}' for value in values)}")
    told = compare(series["distribution"], series["tuned"])
    print(f"tuned against distribution: {told['verdict']}, {told['ratio']:.2f} times, p = {told['p']:.3f}")
    return str(told["verdict"])


def requests(site: Site, page: str) -> float:
    said = site.inside("wrk", "--threads=1", "--connections=32", f"--duration={SECONDS}s", page)
    assert "Non-2xx" not in said, said
    found = re.search(r"Requests/sec: +([0-9.]+)", said)
    assert found, said
    return float(found[1])
