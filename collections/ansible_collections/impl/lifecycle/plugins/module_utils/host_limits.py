# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How much memory and how many processors really count on a host: the machine's, or less where a control group says so.

`/proc/meminfo` of a container is the outer machine's. Whoever shares out that memory gets the container killed. Every
function takes `root`, so that tests can lay a host out in a directory.
"""

from __future__ import annotations

import os
import re

MEGABYTE = 1024 * 1024
MACHINE = "/proc/meminfo MemTotal"
# Version 1 says "no limit" by the largest number of pages.
UNLIMITED = 1 << 60


def read(root, path):
    """The text of a file, or nothing where there is none."""
    try:
        with open(os.path.join(root, path.lstrip("/")), encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""


def memory(root="/"):
    """The least of what the kernel has and what control groups allow: {mb, source, limited, text, found}."""
    total = re.search(r"^MemTotal:\s+(\d+) kB", read(root, "/proc/meminfo"), re.MULTILINE)
    found = [{"source": MACHINE, "mb": int(total.group(1)) // 1024}] if total else []
    for path, text in limits(root, "memory", "memory.limit_in_bytes", "memory.max"):
        if text.isdigit() and int(text) < UNLIMITED:
            found.append({"source": path, "mb": int(text) // MEGABYTE})
    if not found:
        return {"mb": 0, "source": "nothing", "limited": False, "text": "0 MB", "found": []}
    # The first of equals: a limit that is no less than the machine is none.
    counts = min(found, key=lambda one: one["mb"])
    limited = counts["source"] != MACHINE
    text = f"{counts['mb']} MB [{counts['source']}]" if limited else f"{counts['mb']} MB"
    return {"mb": counts["mb"], "source": counts["source"], "limited": limited, "text": text, "found": found}


def cores(root="/", online=None):
    """The least of the processors this process may use and of the time control groups allow: {count, source, found}."""
    usable = online if online is not None else len(os.sched_getaffinity(0))
    found = [{"source": "processors this host may use", "count": float(usable)}]
    for path, text in limits(root, "cpu", "cpu.cfs_quota_us", "cpu.max", "cpu.cfs_period_us"):
        quota, _blank, period = text.partition(" ")
        if quota.isdigit() and period.isdigit() and int(period):
            found.append({"source": path, "count": round(int(quota) / int(period), 2)})
    counts = min(found, key=lambda one: one["count"])
    return {"count": counts["count"], "source": counts["source"], "limited": counts is not found[0], "found": found}


def group_directories(root, controller):
    """The control group of process 1 and those above it, as far as they are mounted here: (directory, unified?)."""
    paths = {}
    for line in read(root, "/proc/1/cgroup").splitlines():
        _number, controllers, path = line.split(":", 2)
        for name in controllers.split(","):
            paths[name] = path
    for line in read(root, "/proc/1/mountinfo").splitlines() or read(root, "/proc/self/mountinfo").splitlines():
        fields, _dash, rest = line.partition(" - ")
        kind, options = rest.split(" ")[0], rest.split(" ")[-1].split(",")
        unified = kind == "cgroup2"
        if not unified and not (kind == "cgroup" and controller in options):
            continue
        top, point = fields.split(" ")[3:5]
        own = paths.get("" if unified else controller, "/")
        below = own[len(top) :] if top != "/" and (own + "/").startswith(top + "/") else own
        parts = [part for part in below.split("/") if part not in ("", "..")]
        for depth in range(len(parts), -1, -1):
            yield os.path.join(point, *parts[:depth]), unified


def limits(root, controller, name, unified_name, second=None):
    """What each control group says, from process 1's upwards: (path, text). `second` is told in the same file by v2."""
    for directory, unified in group_directories(root, controller):
        path = os.path.join(directory, unified_name if unified else name)
        text = read(root, path).strip()
        if second and not unified:
            text = f"{text} {read(root, os.path.join(directory, second)).strip()}".strip()
        if text:
            yield path, text
