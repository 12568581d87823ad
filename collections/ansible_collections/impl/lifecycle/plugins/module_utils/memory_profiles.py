# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a workload wants of a host's memory, as numbers. Pure: tables only.

1 MB is 1 MiB (1024 x 1024 bytes) wherever this collection speaks of memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping


@dataclass(frozen=True)
class Profile:
    """How the services weigh against each other when memory is shared out, and what one of them does at its peak.

    `weights`: what is left above all minimums is shared out in these proportions. `page_cache` is the system's;
    `page_cache_postgresql` comes on top where PostgreSQL runs, because it reads through that cache, unlike MariaDB.
    `connections`: least and most connections of a database whose number was not given.
    `sorting_percent`: how many full work_mem are in use at the peak, in percent of the allowed connections.
    `postgresql`: how PostgreSQL's share is divided: shared_buffers, maintenance, work.
    """

    weights: Mapping[str, int]
    page_cache: int
    page_cache_postgresql: int
    connections: tuple[int, int]
    sorting_percent: int
    postgresql: tuple[int, int, int]
    work_most_mb: int
    threads: int
    heap_least_mb: int
    metaspace_least_mb: int
    nginx_connections: int
    apache_workers: int


def _weights(postgresql, mariadb, redis, memcached, java):
    return {
        "postgresql": postgresql,
        "mariadb": mariadb,
        "redis": redis,
        "memcached": memcached,
        "tomcat": java,
        "wildfly": java,
    }


# Alone on a host, PostgreSQL gets about a quarter of the RAM as shared_buffers, where its documentation starts, and
# MariaDB 60 to 70 % as buffer pool, where MariaDB's starts.
PROFILES: Mapping[str, Profile] = {
    "oltp": Profile(
        weights=_weights(45, 75, 20, 10, 30),
        page_cache=20,
        page_cache_postgresql=35,
        connections=(20, 100),
        sorting_percent=50,
        postgresql=(70, 8, 22),
        work_most_mb=256,
        threads=100,
        heap_least_mb=96,
        metaspace_least_mb=96,
        nginx_connections=1024,
        apache_workers=150,
    ),
    "reporting": Profile(
        weights=_weights(45, 75, 10, 10, 20),
        page_cache=20,
        page_cache_postgresql=35,
        connections=(10, 30),
        sorting_percent=200,
        postgresql=(55, 10, 35),
        work_most_mb=1024,
        threads=50,
        heap_least_mb=96,
        metaspace_least_mb=96,
        nginx_connections=1024,
        apache_workers=100,
    ),
    "web": Profile(
        weights=_weights(25, 50, 25, 20, 50),
        page_cache=15,
        page_cache_postgresql=25,
        connections=(20, 100),
        sorting_percent=50,
        postgresql=(70, 8, 22),
        work_most_mb=256,
        threads=200,
        heap_least_mb=96,
        metaspace_least_mb=96,
        nginx_connections=2048,
        apache_workers=150,
    ),
    "mixed": Profile(
        weights=_weights(30, 55, 15, 10, 45),
        page_cache=15,
        page_cache_postgresql=20,
        connections=(20, 60),
        sorting_percent=75,
        postgresql=(65, 10, 25),
        work_most_mb=256,
        threads=100,
        heap_least_mb=96,
        metaspace_least_mb=96,
        nginx_connections=1024,
        apache_workers=150,
    ),
    "small_site": Profile(
        weights=_weights(25, 40, 10, 10, 45),
        page_cache=15,
        page_cache_postgresql=20,
        connections=(10, 30),
        sorting_percent=50,
        postgresql=(65, 10, 25),
        work_most_mb=64,
        threads=25,
        heap_least_mb=64,
        metaspace_least_mb=64,
        nginx_connections=512,
        apache_workers=50,
    ),
}

# The words of whoever made the rule. They are shown beside every share.
SOURCES: Mapping[str, str] = {
    "reserve": "96 MB + 1/16 of the RAM, 128 to 8192 MB: kernel, systemd, sshd, journal, package upgrades, Ansible",
    "postgresql": (
        "PostgreSQL documentation, Resource Consumption: shared_buffers 25 % of RAM to begin with and not over 40 %; "
        "work_mem counts for every sort or hash of every session, maintenance_work_mem for every autovacuum worker"
    ),
    "mariadb": (
        "MariaDB documentation, Memory Allocation: innodb_buffer_pool_size 60 to 70 % of the available RAM, "
        "less below 4 GB; buffers of each connection on top"
    ),
    "redis": (
        "Redis documentation, Memory Optimization and Persistence: fragmentation and buffers come on top of maxmemory; "
        "while a child saves, every page that is written is copied, up to all of them"
    ),
    "memcached": "memcached wiki: -m limits the items; hash table, slab classes and buffers of connections come on top",
    "java": (
        "Java documentation, java command: beside -Xmx there are MaxMetaspaceSize, ReservedCodeCacheSize, "
        "thread stacks, MaxDirectMemorySize and the collector's own tables"
    ),
    "nginx": "nginx documentation, worker_connections and proxy_buffers: each busy connection has its buffers",
    "apache": "Apache documentation, event MPM: a process for every 25 threads (ThreadsPerChild)",
    "monitoring": "measured at rest, doubled",
    "page_cache": "PostgreSQL documentation, effective_cache_size: reads go through the operating system's cache",
    "other": "given",
}

# MB of an agent with room for peaks: about twice what it was seen to use at rest.
AGENTS: Mapping[str, int] = {
    "alertmanager": 64,
    "gray_guard": 64,
    "memcached_exporter": 24,
    "mtail": 40,
    "mysqld_exporter": 32,
    "nginx_exporter": 24,
    "node_exporter": 40,
    "postgres_exporter": 32,
    "prometheus": 192,
    "redis_exporter": 24,
    "zabbix_agent": 32,
}
