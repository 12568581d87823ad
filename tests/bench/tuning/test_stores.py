"""Are MariaDB, Redis and Memcached, tuned, as fast as the distribution's beside them? README.md says how."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.rounds import compare, turns

from tests.bench.tuning.conftest import ROUNDS, Site, killed, tuned

pytestmark = pytest.mark.lab
MEMORY_MB = 2048
SECONDS = int(os.environ.get("SECONDS_A_SIDE", "15"))
PASSWORD = "scenario-cache-5f1b"

# Debian's own files, but for what would meet the tuned servers': data, addresses, logs.
DISTRIBUTION = r"""
set -e
apt-get -qq update; apt-get -qq install --no-install-recommends sysbench libmemcached-tools >/dev/null
cd "$(mktemp -d)"; chmod 755 .
apt-get -qq download redis-server 2>/dev/null; dpkg-deb -x redis-server_*.deb .

place=/var/lib/plain-mysql; install -d -o mysql -g mysql $place; cp -rL /etc/mysql/. $place-etc
rm $place-etc/mariadb.conf.d/9*-lifecycle*.cnf; sed -i "s|/etc/mysql|$place-etc|" $place-etc/*.cnf
printf '[mariadbd]\n%s\n' "datadir = $place" "socket = $place/sock" "pid-file = $place/pid" 'port = 3399' \
    > $place-etc/mariadb.conf.d/99-place.cnf
mariadb-install-db --defaults-file=$place-etc/mariadb.cnf --user=mysql >/dev/null
systemd-run --quiet --unit plain-mariadb mariadbd --defaults-file=$place-etc/mariadb.cnf --user=mysql

place=/var/lib/plain-redis; install -d -o redis -g redis $place; install -m 644 etc/redis/redis.conf $place
systemd-run --quiet --unit plain-redis --uid redis redis-server $place/redis.conf --daemonize no --port 6399 \
    --dir $place --pidfile '""' --logfile '""' --unixsocket $place/sock

# What /etc/memcached.conf of the package says.
systemd-run --quiet --unit plain-memcached memcached -u memcache -m 64 -l 127.0.0.1 -p 11399

for second in $(seq 60); do mariadb-admin --no-defaults -S /var/lib/plain-mysql/sock ping && exit; sleep 1; done; exit 1
"""
SYSBENCH = (
    "sysbench --db-driver=mysql --mysql-socket={at} --mysql-user=root --mysql-db=bench --tables=4 --table-size=250000"
    f" --threads=8 --time={SECONDS} oltp_read_write"
)
REDIS = "redis-benchmark {at} -q -r 100000 -d 100 -c 50 -n 500000 -t"


@dataclass(frozen=True)
class Server:
    """How it is asked. {at}: where the distribution's and the tuned one are; `figure`: of what the tool says."""

    at: tuple[str, str]
    ask: str
    figure: str
    unit: str
    rises: bool = True
    prepare: str = "true"


AT_REDIS = ("-p 6399", f"-p 6379 --user lifecycle -a {PASSWORD}")
SERVERS = {
    "MariaDB": Server(
        ("/var/lib/plain-mysql/sock", "/run/mysqld/mysqld.sock"),
        f"{SYSBENCH} run", r"transactions: .*\(([0-9.]+) per sec", "transactions/s",
        # 250 MB: more than the distribution's buffer pool of 128 MB holds.
        prepare=f"mariadb --no-defaults -S {{at}} -e 'CREATE DATABASE bench' && {SYSBENCH} prepare && {SYSBENCH} run",
    ),
    "Redis, SET": Server(AT_REDIS, f"{REDIS} set", r"SET: ([0-9.]+) requests per second", "requests/s"),
    "Redis, GET": Server(AT_REDIS, f"{REDIS} get", r"GET: ([0-9.]+) requests per second", "requests/s"),
    "Memcached": Server(
        ("127.0.0.1:11399", "127.0.0.1:11211"),
        "memcslap --servers={at} --concurrency=20 --execute-number=20000 --test=get",
        r"Time to get .*: +([0-9.]+) seconds", "s for 400,000 keys", rises=False,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A tuned host with the three, and the distribution's beside them."""
    said = {
        "lifecycle_servers": ["mariadb", "redis", "memcached"],
        "mariadb_databases": [{"name": "shop"}],
        "memcached_instances": [{"name": "default"}],
    }
    with tuned("stores", MEMORY_MB, ("cache", "db"), tmp_path_factory.mktemp("stores"), **said) as site:
        site.inside("bash", "-c", DISTRIBUTION)
        yield site


@pytest.mark.parametrize("name", SERVERS)
def test_tuned_is_not_worse_than_the_distribution(stores: Site, name: str) -> None:
    """Both on the same host, asked in turns by the server's own tool; the kernel kills nothing."""
    server = SERVERS[name]
    where = dict(zip(("before", "after"), server.at, strict=True))
    for at in where.values():
        stores.inside("bash", "-c", server.prepare.format(at=at))
    before = killed(stores)
    series: dict[str, list[float]] = {side: [] for side in where}
    for _round, side in turns(ROUNDS):
        said = stores.inside("bash", "-c", server.ask.format(at=where[side])).replace("\r", "\n")
        found = re.search(server.figure, said)
        assert found, said
        series[side].append(float(found[1]))
    verdict = compare(series["before"], series["after"], higher_is_better=server.rises)
    print(f"\n{MEMORY_MB} MB, {name}: distribution {series['before']}, tuned {series['after']} {server.unit}")
    print(f"{verdict['verdict']}, {verdict['ratio']:.2f} times, p = {verdict['p']:.2f}")
    assert verdict["verdict"] != "worse"
    assert killed(stores) == before
