"""Settings in which two environments differ by nature: addresses and places, and what is fitted to a machine. Pure."""

from __future__ import annotations

import re
from typing import Final

# Service -> names. What a tuning derives from memory, processors and disk differs where machines do; the rest says
# where a server is. max_connections and timeouts are not here: these a test site must have as production has them.
BY_MACHINE: Final = {
    "postgresql": re.compile(
        r"listen_addresses|port|cluster_name|unix_socket_directories|.*_file|.*_directory|.*_slot_name|"
        r"synchronous_standby_names|shared_buffers|effective_cache_size|(maintenance_|autovacuum_)?work_mem|"
        r"logical_decoding_work_mem|hash_mem_multiplier|temp_buffers|wal_buffers|(min|max)_wal_size|huge_pages|"
        r"max_worker_processes|(autovacuum_max|max_parallel)_.*workers.*|random_page_cost|.*_io_concurrency"
    ),
    "mariadb": re.compile(
        r"hostname|bind_address|port|socket|server_id|report_host|report_port|.*dir|.*_file|.*_basename|log_bin|"
        r"innodb_buffer_pool_(size|instances|chunk_size)|innodb_log_(file|buffer)_size|innodb_io_capacity(_max)?|"
        r"innodb_(read|write)_io_threads|thread_pool_size|table_.*_cache.*|open_files_limit|(tmp|max_heap)_table_size|"
        r"key_buffer_size|aria_pagecache_buffer_size|innodb_flush_method"
    ),
    "redis": re.compile(
        r"bind|bind-source-addr|port|tls-port|unixsocket|dir|pidfile|logfile|.*-file|aclfile|(replica|slave)of|"
        r"(replica|slave|cluster)-announce-.*|maxmemory|io-threads|repl-backlog-size"
    ),
    "nginx": re.compile(r"worker_(processes|connections|rlimit_nofile)|open_file_cache|gzip_comp_level"),
    "apache": re.compile(
        r"serverlimit|threadlimit|startservers|m(in|ax)sparethreads|threadsperchild|maxrequestworkers"
    ),
    "tomcat": re.compile(
        r"-X(m[snx]|ss)|-XX:(MaxMetaspaceSize|ReservedCodeCacheSize|MaxDirectMemorySize|(Parallel|Conc)GCThreads)|"
        r"connector( with TLS| of AJP)? (maxThreads|minSpareThreads|acceptCount)"
    ),
    "memcached": re.compile(r"-[mt]"),
    "kernel": re.compile(r"vm\.nr_hugepages|kernel\.shm(max|all)|vm\.min_free_kbytes|fs\.file-max|vm\.dirty_.*"),
}


def by_machine(service: str, name: str) -> bool:
    """Whether another value of `name` says that machines or addresses differ, and nothing about the environment."""
    pattern = BY_MACHINE.get(service.partition(" ")[0])
    return pattern is not None and pattern.fullmatch(name) is not None
