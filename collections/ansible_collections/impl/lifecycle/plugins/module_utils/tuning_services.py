# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values of the services beside PostgreSQL that are no memory, and of the kernel. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.impl.lifecycle.plugins.module_utils.memory_profiles import PROFILES
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_machine import Machine
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_values import setting
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_variables import HUGE_PAGES

INNODB = "MariaDB documentation, InnoDB System Variables"
MARIADB = "MariaDB documentation, Server System Variables"
REDIS = "redis.conf as shipped: Threaded I/O, Lazy Freeing"
MEMCACHED = "memcached wiki, ConfiguringServer"
NGINX = "nginx documentation, Core functionality"
TOMCAT = "Goetz et al., Java Concurrency in Practice, 8.2: threads = processors x (1 + waiting / computing)"
BACKLOG = "Tomcat documentation, The HTTP Connector"
ERGONOMICS = "Java documentation, HotSpot tuning guide: Ergonomics, Available Collectors"
KERNEL = "Linux documentation, ip-sysctl and vm"
GZIP = "nginx documentation, ngx_http_gzip_module"
OPEN_FILES = "nginx documentation, open_file_cache"
BUFFERS = "redis.conf as shipped: client-output-buffer-limit"
JOURNAL = "journald.conf(5): a tenth of the file system otherwise"

# How much longer a request waits (for the database, mostly) than it computes.
WAITING = {"oltp": 24, "web": 24, "mixed": 19, "reporting": 9, "small_site": 9}
FEWEST_THREADS = 25
# The JVM itself takes a machine below this for no server and then takes the serial collector.
SERVER_CORES, SERVER_HEAP_MB = 2, 512
LARGE_HEAP_MB, LARGE_CORES = 16384, 8
REDIS_THREADS_FROM = 4
GZIP_CORES, GZIP_LEVEL = 4, 4
# MB for what a replica has not fetched yet: redis.conf has 256, whatever the memory is.
REPLICA_LEAST_MB, REPLICA_MOST_MB = 16, 256
JOURNAL_LEAST_MB, JOURNAL_MB, JOURNAL_MOST_MB = 100, 500, 2000
# In seconds. Long statements are what a site for reports is there for.
SLOW_SECONDS = {"reporting": 60}
IO_CAPACITY = {"ssd": 2000, "san": 4000, "hdd": 200}
# The budget counts connections that are busy; with keep-alive most are not, and cost next to nothing.
OPEN_FOR_EACH_BUSY = 4


def mariadb(machine: Machine, values: Mapping[str, int]) -> list[dict[str, Any]]:
    pool, connections = values["buffer_pool_mb"], values["connections"]
    log = min(max(pool // 4, 48), 2048)
    capacity = IO_CAPACITY[machine.disk]
    threads = min(max(machine.cores, 4), 16)
    slow = SLOW_SECONDS.get(machine.profile, 1)
    return [
        setting("innodb_log_file_size", f"{log}M", f"a quarter of the pool of {pool} MB, 48 to 2048 MB", INNODB),
        setting("innodb_io_capacity", capacity, machine.disk_text, INNODB),
        setting("innodb_io_capacity_max", 2 * capacity, "twice innodb_io_capacity", INNODB),
        setting("innodb_read_io_threads", threads, f"{machine.cores} processors, 4 to 16", INNODB),
        setting("innodb_write_io_threads", threads, f"{machine.cores} processors, 4 to 16", INNODB),
        setting("thread_cache_size", min(connections, 100), f"{connections} connections, 100 at most", MARIADB),
        setting(
            "innodb_flush_neighbors",
            1 if machine.disk == "hdd" else 0,
            f"{machine.disk_text}: only a disk that seeks gains by writing what lies beside a page",
            INNODB,
        ),
        setting(
            "innodb_flush_log_at_trx_commit", 1, "what was committed is on the disk, whatever the workload", INNODB
        ),
        setting("long_query_time", slow, f"statements of {slow} s and more are named", MARIADB),
    ]


def redis(machine: Machine, values: Mapping[str, int]) -> list[dict[str, Any]]:
    memory = values["maxmemory_mb"]
    hard = min(max(memory // 4, REPLICA_LEAST_MB), REPLICA_MOST_MB)
    found = [
        setting(
            "client-output-buffer-limit",
            f"replica {hard}mb {hard // 4}mb 60",
            f"a quarter of {memory} MB maxmemory, {REPLICA_LEAST_MB} to {REPLICA_MOST_MB} MB: it comes on top of it",
            BUFFERS,
        )
    ]
    found += [
        setting(f"lazyfree-lazy-{what}", "yes", "large values are freed beside the requests, not before them", REDIS)
        for what in ("eviction", "expire", "server-del", "user-del")
    ]
    if machine.cores >= REDIS_THREADS_FROM:
        threads = min(machine.cores * 3 // 4, 8)
        why = f"three quarters of {machine.cores} processors, 8 at most; below 4 they do not help"
        found.append(setting("io-threads", threads, why, REDIS))
    return found


def memcached(machine: Machine) -> list[dict[str, Any]]:
    threads = min(machine.cores, 4)
    return [setting("-t", threads, f"{machine.cores} processors, 4 at most: more do not help", MEMCACHED)]


def tomcat(machine: Machine, values: Mapping[str, int]) -> list[dict[str, Any]]:
    waiting = WAITING[machine.profile]
    wanted = machine.cores * (1 + waiting)
    held = PROFILES[machine.profile].threads
    threads = min(max(wanted, FEWEST_THREADS), held)
    why = f"{machine.cores} processors x (1 + {waiting}) = {wanted}; {FEWEST_THREADS} at least, {held} at most"
    return [
        collector(machine, values["heap_mb"]),
        setting("maxThreads", threads, why, TOMCAT),
        setting(
            "acceptCount",
            2 * threads,
            f"a burst of twice the {threads} threads waits, what is more is refused",
            BACKLOG,
        ),
    ]


def collector(machine: Machine, heap_mb: int) -> dict[str, Any]:
    if machine.cores < SERVER_CORES or heap_mb < SERVER_HEAP_MB:
        why = f"{machine.cores} processors and a heap of {heap_mb} MB: it has the least of its own"
        return setting("-XX:+UseSerialGC", "", why, ERGONOMICS)
    if heap_mb >= LARGE_HEAP_MB and machine.cores >= LARGE_CORES and machine.profile != "reporting":
        why = f"a heap of {heap_mb} MB on {machine.cores} processors: pauses stay below a millisecond"
        return setting("-XX:+UseZGC", "", why, ERGONOMICS)
    return setting("-XX:+UseG1GC", "", f"{machine.cores} processors and a heap of {heap_mb} MB", ERGONOMICS)


def nginx(machine: Machine) -> list[dict[str, Any]]:
    busy = PROFILES[machine.profile].nginx_connections
    connections = OPEN_FOR_EACH_BUSY * busy
    return [
        setting("worker_processes", machine.cores, f"{machine.cores} processors", NGINX),
        setting("worker_connections", connections, f"four times the {busy} busy ones of the budget", NGINX),
        setting(
            "worker_rlimit_nofile",
            4 * connections,
            f"four times {connections} connections: two sockets, files, logs",
            NGINX,
        ),
        setting(
            "open_file_cache",
            f"max={connections} inactive=60s",
            "a file for each connection is kept open; not on the ways of a release, which must see it at once",
            OPEN_FILES,
        ),
        setting(
            "gzip_comp_level",
            GZIP_LEVEL if machine.cores >= GZIP_CORES else 1,
            f"{machine.cores} processors: from {GZIP_CORES} on there is one to spare for texts a sixth smaller",
            GZIP,
        ),
    ]


def kernel(machine: Machine, services: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Parameters of the kernel for what runs there. A container lets only those of `net.` be set."""
    found = []
    if {"nginx", "apache", "tomcat", "redis"} & set(services):
        found.append(setting("net.core.somaxconn", 4096, "as many connections as a burst may bring wait", KERNEL))
    if {"nginx", "apache"} & set(services):
        found.append(setting("net.ipv4.tcp_max_syn_backlog", 4096, "half-open connections of a burst wait", KERNEL))
        why = "more connections to the application servers; services listen below it"
        found.append(setting("net.ipv4.ip_local_port_range", "32768 65535", why, KERNEL))
    if {"postgresql", "mariadb", "redis"} & set(services):
        found.append(setting("vm.swappiness", 1, "pages of a database are not given up for files", KERNEL))
    if "redis" in services:
        why = "a child that saves must be able to begin; it shares its pages with its parent"
        found.append(setting("vm.overcommit_memory", 1, why, "Redis documentation, Administration"))
    # fs.file-max is not here: systemd raises it to what the kernel can count, and each service has a limit of its own.
    if {"postgresql", "mariadb", "redis"} & set(services):
        why = "only who asks gets huge pages: they are put together while others wait, and Redis copies them whole"
        found.append(
            setting(HUGE_PAGES, "madvise", why, "Redis documentation, Latency; Linux documentation, transhuge")
        )
    if machine.ram_mb >= 8192 and {"postgresql", "mariadb"} & set(services):
        why = "written out steadily; a tenth of much RAM at once stops everybody"
        found.append(setting("vm.dirty_background_bytes", 64 * 1024**2, why, KERNEL))
        found.append(setting("vm.dirty_bytes", 512 * 1024**2, why, KERNEL))
    return found


def journal(machine: Machine) -> list[dict[str, Any]]:
    """How large the journal may get: services that write files of their own have them turned over by their packages."""
    size, why = JOURNAL_MB, f"{JOURNAL_MB} MB: the size of the disk is not known"
    if machine.disk_mb is not None:
        size = min(max(machine.disk_mb // 50, JOURNAL_LEAST_MB), JOURNAL_MOST_MB)
        why = f"a fiftieth of the disk of {machine.disk_mb} MB, {JOURNAL_LEAST_MB} to {JOURNAL_MOST_MB}"
    return [setting("SystemMaxUse", f"{size}M", why, JOURNAL)]
