"""What pgtune would set for a host, by its published formulas. Pure; read in November 2026, written anew here.

github.com/le0pard/pgtune, src/features/configuration/configurationSlice.js, commit 01bb6447: Linux, an SSD, type OLTP,
fewer than four processors (so no parallel settings), PostgreSQL 15.
"""

from __future__ import annotations

GB_KB = 1024 * 1024
# PostgreSQL's own default, which pgtune counts beside the connections while it sets nothing else.
WORKER_PROCESSES = 8


def oltp(ram_mb: int, connections: int) -> dict[str, str]:
    """Setting -> value, for a host with so much memory that is there for PostgreSQL alone, as pgtune takes it."""
    ram = ram_mb * 1024
    shared = ram // 4
    work = max(int((ram - shared) / ((connections + WORKER_PROCESSES) * 3)), 4 * 1024)
    wal_buffers = min(shared * 3 // 100, 16 * 1024)
    if wal_buffers > 14 * 1024:
        wal_buffers = 16 * 1024
    return {
        "max_connections": str(connections),
        "shared_buffers": f"{shared}kB",
        "effective_cache_size": f"{ram * 3 // 4}kB",
        "maintenance_work_mem": f"{min(ram // 16, 8 * GB_KB)}kB",
        "checkpoint_completion_target": "0.9",
        "wal_buffers": f"{max(wal_buffers, 32)}kB",
        "default_statistics_target": "100",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "200",
        "work_mem": f"{work}kB",
        "huge_pages": "try" if shared >= 2 * GB_KB else "off",
        "min_wal_size": "2GB",
        "max_wal_size": "8GB",
        "jit": "off",
        "wal_compression": "lz4",
    }
