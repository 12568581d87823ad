"""Bounded load on each hardened service: a sandbox that only holds while nobody works is none.

Every command ends by itself, and its last line is `N of N` of what was asked and what was answered as it should be.
"""

from __future__ import annotations

REQUESTS, AT_ONCE = 2000, 50


def pages(url: str, options: str = "") -> str:
    """A shell command: so many pages by so many connections at once; each must be there."""
    asked = f"curl -s -o /dev/null -w '%{{http_code}}\\n' --parallel --parallel-max {AT_ONCE} {options}"
    return f"{asked} '{url}?[1-{REQUESTS}]' | grep -cx 200 | sed \"s/$/ of {REQUESTS}/\""


def counted(command: str) -> str:
    """A tool of the service's own, which ends with an error when a query does."""
    return f"{command} >/dev/null && echo {REQUESTS} of {REQUESTS}"


MEMCACHED = f"""python3 - <<'END'
import concurrent.futures, socket

def ask(number):
    with socket.create_connection(("127.0.0.1", 11211), 10) as line:
        value = b"%d" % number * 200
        line.sendall(b"set k%d 0 60 %d\\r\\n%s\\r\\nget k%d\\r\\nquit\\r\\n" % (number, len(value), value, number))
        said = b"".join(iter(lambda: line.recv(65536), b""))
        return said.startswith(b"STORED") and value in said

with concurrent.futures.ThreadPoolExecutor({AT_ONCE}) as pool:
    print(sum(pool.map(ask, range({REQUESTS}))), "of", {REQUESTS})
END"""
# Where each is asked from, and what.
LOADS = {
    "nginx": (
        "tester",
        pages("https://site.example:8443/", "--cacert /root/ca.pem --resolve site.example:8443:10.89.130.11"),
    ),
    "apache": (
        "tester",
        pages("https://edge.example/", "--cacert /root/ca.pem --resolve edge.example:443:10.89.130.16"),
    ),
    "tomcat": ("tomcat", pages("http://127.0.0.1:8081/load/index.html")),
    "redis": (
        "redis",
        counted(
            # It takes the password in no other way; this one is of a host that is thrown away.
            f"redis-benchmark --user lifecycle -a bench-admin-81a2 -n {REQUESTS} -c {AT_ONCE} -t set,get,lpush"
        ),
    ),
    "postgresql": (
        "postgresql",
        counted(
            "cd / && runuser -u postgres -- sh -ec 'createdb bench_load; pgbench -q -i -s 2 bench_load 2>&1;"
            " pgbench -c 10 -j 2 -t 200 bench_load; dropdb bench_load'"
        ),
    ),
    "mariadb": (
        "mariadb",
        counted(f"mariadb-slap --auto-generate-sql --concurrency=20 --number-of-queries={REQUESTS}"),
    ),
    "memcached": ("memcached", MEMCACHED),
}
# What has to be there first: an application behind the edge, and one in the instance.
FIRST = {
    "nginx": "systemd-run --quiet --unit bench-behind python3 -m http.server 8080 --bind 127.0.0.1"
    " -d /usr/share/doc/nginx; sleep 3",
    "tomcat": "cd /var/lib/tomcat-instances/demo; install -d load conf/Catalina/localhost; echo ok > load/index.html;"
    " echo '<Context docBase=\"/var/lib/tomcat-instances/demo/load\"/>' > conf/Catalina/localhost/load.xml;"
    " systemctl restart tomcat@demo; sleep 10",
}
