# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a host is and has, read from the kernel's own files; nothing here changes the host.

Every function takes `root`, so that tests can lay a host out in a directory.
"""

from __future__ import annotations

import os
import re

from ansible_collections.impl.lifecycle.plugins.module_utils import host_limits
from ansible_collections.impl.lifecycle.plugins.module_utils.host_limits import MEGABYTE, read


def operating_system(root="/"):
    """`Debian 12`: the distribution and the version it calls itself by."""
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', read(root, "/etc/os-release"), re.MULTILINE))
    name = {"debian": "Debian", "ubuntu": "Ubuntu"}.get(fields.get("ID", ""), fields.get("NAME", "unknown"))
    return f"{name} {fields.get('VERSION_ID', '')}".strip()


def memory_total_mb(root="/"):
    """RAM this host may use: the kernel's total, or less where a control group limits the whole host."""
    return host_limits.memory(root)["mb"]


def memory_used_mb(root="/"):
    """RAM in use, by the same reckoning: of the control group where one limits the host, else of the kernel."""
    fields = dict(re.findall(r"^(\w+):\s+(\d+) kB", read(root, "/proc/meminfo"), re.MULTILINE))
    total, available = int(fields.get("MemTotal", 0)) // 1024, int(fields.get("MemAvailable", 0)) // 1024
    limited = memory_total_mb(root) < total
    told = host_limits.limits(root, "memory", "memory.usage_in_bytes", "memory.current")
    used = [int(text) for _path, text in told if text.isdigit()]
    cached = re.search(r"^(?:total_inactive_file|inactive_file) (\d+)", _group_stat(root), re.MULTILINE)
    if limited and used:
        return (max(used) - (int(cached.group(1)) if cached else 0)) // MEGABYTE
    return total - available


def processors(root="/", online=None):
    """Processors this host may use: those it is bound to, or less where a control group limits its time."""
    return host_limits.cores(root, online)["count"]


def _group_stat(root):
    directories = [directory for directory, _unified in host_limits.group_directories(root, "memory")]
    texts = [read(root, os.path.join(directory, "memory.stat")) for directory in directories]
    return next((text for text in reversed(texts) if text), "")


def disks(paths, root="/"):
    """Free and total MB below each path, one entry a file system; a path that is missing counts for its parent."""
    found = {}
    for path in paths:
        existing = os.path.join(root, path.lstrip("/"))
        while not os.path.exists(existing):
            existing = os.path.dirname(existing)
        room = os.statvfs(existing)
        entry = {"path": path, "free_mb": room.f_bavail * room.f_frsize // MEGABYTE}
        entry["total_mb"] = room.f_blocks * room.f_frsize // MEGABYTE
        found.setdefault(os.stat(existing).st_dev, entry)
    return list(found.values())


def listeners(root="/"):
    """TCP ports that are listened on: {port: {loopback_only, inodes}}."""
    found = {}
    for table in ("tcp", "tcp6"):
        for line in read(root, f"/proc/net/{table}").splitlines()[1:]:
            fields = line.split()
            if len(fields) < 10 or fields[3] != "0A":
                continue
            address, _colon, port = fields[1].partition(":")
            entry = found.setdefault(int(port, 16), {"loopback_only": True, "inodes": set()})
            entry["inodes"].add(fields[9])
            entry["loopback_only"] = entry["loopback_only"] and _is_loopback(address)
    return found


def _is_loopback(address):
    """The kernel writes each 32 bits of an address in the host's byte order."""
    if address == "00000000000000000000000001000000":
        return True
    return address.endswith("7F") and (len(address) == 8 or address.startswith("0000000000000000FFFF0000"))


def holders(wanted, root="/"):
    """Who listens on each of the ports `wanted`, as far as this process may see: {port: {process, pid, unit, ...}}."""
    open_ports = {port: entry for port, entry in listeners(root).items() if port in wanted}
    by_inode = {inode: port for port, entry in open_ports.items() for inode in entry["inodes"]}
    found = {
        port: {"loopback_only": entry["loopback_only"], "process": "", "pid": 0, "unit": ""}
        for port, entry in open_ports.items()
    }
    for pid in _processes(root) if by_inode else ():
        for inode in _sockets(root, pid):
            port = by_inode.get(inode)
            if port is not None and not found[port]["pid"]:
                name = read(root, f"/proc/{pid}/comm").strip()
                found[port].update(process=name, pid=int(pid), unit=unit_of(read(root, f"/proc/{pid}/cgroup")))
    return found


def _processes(root):
    return sorted((name for name in os.listdir(os.path.join(root, "proc")) if name.isdigit()), key=int)


def _sockets(root, pid):
    directory = os.path.join(root, "proc", pid, "fd")
    try:
        names = os.listdir(directory)
    except OSError:  # ended meanwhile, or not ours to look at
        return
    for name in names:
        try:
            target = os.readlink(os.path.join(directory, name))
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


def unit_of(cgroups):
    """The systemd service a process belongs to, from its /proc/PID/cgroup."""
    found = re.search(r"/([^/\n]+\.service)(?:/|$)", cgroups, re.MULTILINE)
    return found.group(1) if found else ""
