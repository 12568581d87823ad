# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PostgreSQL's values that are no memory: writing, planning, parallel work, autovacuum, log. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_machine import Machine
from ansible_collections.impl.lifecycle.plugins.module_utils.tuning_values import setting

PGTUNE = "pgtune (github.com/le0pard/pgtune)"
PLANNING = "PostgreSQL documentation, Query Planning"
WRITING = "PostgreSQL documentation, WAL Configuration"
ASYNCHRONOUS = "PostgreSQL documentation, Asynchronous Behavior"
VACUUM = "PostgreSQL documentation, Routine Vacuuming"
JIT = "PostgreSQL documentation, When to JIT"
LOGGING = "PostgreSQL documentation, Error Reporting and Logging"

# MB of WAL between two checkpoints: (least kept, most), as pgtune has them.
WAL_MB = {
    "oltp": (2048, 8192),
    "reporting": (4096, 16384),
    "web": (1024, 4096),
    "mixed": (1024, 4096),
    "small_site": (100, 2048),
}
SEGMENT_MB = 16
# Of the file system with the data, WAL may take a tenth.
WAL_PART_OF_DISK = 10
PAGE_COST = {"ssd": "1.1", "san": "1.1", "hdd": "4"}
CONCURRENCY = {"ssd": 200, "san": 300, "hdd": 2}
# Below this, parallel workers take from each other what they bring.
PARALLEL_CORES = 4
SLOW_MS = {"reporting": 60000}


def settings(machine: Machine) -> list[dict[str, Any]]:
    """What a host of this size and workload has beside the memory."""
    return [*writing(machine), *planning(machine), *parallel(machine), *vacuuming(machine), *logging(machine)]


def writing(machine: Machine) -> list[dict[str, Any]]:
    least, most = WAL_MB[machine.profile]
    why = f"profile {machine.profile}"
    if machine.disk_mb is not None and machine.disk_mb // WAL_PART_OF_DISK < most:
        most = max(machine.disk_mb // WAL_PART_OF_DISK // SEGMENT_MB * SEGMENT_MB, 8 * SEGMENT_MB)
        why = f"a tenth of the disk of {machine.disk_mb} MB"
    least = min(least, max(most // 4, 5 * SEGMENT_MB))
    minutes = 30 if machine.profile == "reporting" else 15
    return [
        setting("max_wal_size", f"{most}MB", why, PGTUNE),
        setting("min_wal_size", f"{least}MB", f"profile {machine.profile}, a quarter of max_wal_size at most", PGTUNE),
        setting(
            "checkpoint_timeout",
            f"{minutes}min",
            "each page is written whole into the WAL once after a checkpoint: fewer checkpoints, less WAL",
            WRITING,
        ),
        setting("wal_compression", "lz4", "pages written whole are packed; takes little of a processor", WRITING),
    ]


def planning(machine: Machine) -> list[dict[str, Any]]:
    found = [
        setting("random_page_cost", PAGE_COST[machine.disk], machine.disk_text, f"{PLANNING}; {PGTUNE}"),
        setting(
            "effective_io_concurrency",
            CONCURRENCY[machine.disk],
            machine.disk_text,
            f"{ASYNCHRONOUS}; {PGTUNE}",
        ),
    ]
    if machine.profile == "reporting":
        found.append(setting("default_statistics_target", 500, "long statements are worth better plans", PGTUNE))
    else:
        found.append(setting("jit", "off", "compiling pays for long statements, this workload has short ones", JIT))
    return found


def parallel(machine: Machine) -> list[dict[str, Any]]:
    cores = machine.cores
    if cores < PARALLEL_CORES:
        why = f"{cores} processors serve sessions, there is none to spare for parallel work"
        return [setting("max_parallel_workers_per_gather", 0 if cores < 2 else 1, why, ASYNCHRONOUS)]
    half = -(-cores // 2)
    gather = half if machine.profile == "reporting" else min(half, 4)
    source = f"{ASYNCHRONOUS}; {PGTUNE}"
    return [
        setting("max_worker_processes", max(cores, 8), f"{cores} processors, 8 at least", source),
        setting("max_parallel_workers", cores, f"{cores} processors", source),
        setting(
            "max_parallel_workers_per_gather", gather, f"half of {cores} processors, profile {machine.profile}", source
        ),
        setting("max_parallel_maintenance_workers", min(half, 4), f"half of {cores} processors, 4 at most", source),
    ]


def vacuuming(machine: Machine) -> list[dict[str, Any]]:
    found = []
    if machine.profile != "reporting":
        why = "tables that are written all the time are cleaned at a twentieth, not at a fifth of dead rows"
        found.append(setting("autovacuum_vacuum_scale_factor", "0.05", why, VACUUM))
        found.append(setting("autovacuum_analyze_scale_factor", "0.05", "plans follow the data", VACUUM))
    if machine.disk != "hdd":
        why = f"{machine.disk_text}: cleaning need not wait for a disk that seeks"
        found.append(setting("autovacuum_vacuum_cost_limit", 1000, why, VACUUM))
    return found


def logging(machine: Machine) -> list[dict[str, Any]]:
    slow = SLOW_MS.get(machine.profile, 1000)
    return [
        setting("log_min_duration_statement", slow, f"statements of {slow} ms and more are named", LOGGING),
        setting("log_lock_waits", "on", "who waits a second for a lock is named", LOGGING),
        setting("log_temp_files", "10MB", "sorts that did not fit into work_mem are named", LOGGING),
    ]
