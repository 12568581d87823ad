# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the data of a host lie on, by the kernel's own words: a disk that rotates, one that does not, or a SAN.

A virtual disk that says that it rotates says nothing: virtio disks do so on whatever they lie. Below an overlay, a
file system of the network or a pool of volumes no disk can be seen; then nothing is said, either. Every function takes
`root`, so that tests can lay a host out.
"""

from __future__ import annotations

import glob
import os
import re

from ansible_collections.impl.lifecycle.plugins.module_utils.host_limits import MEGABYTE, read

SAN = re.compile(r"/(?:session\d+|rport-[^/]+)/")
VIRTUAL = re.compile(r"/(?:virtio\d+|vbd-\d+|VMBUS[^/]*)/")
VIRTUAL_VENDORS = ("QEMU", "VMware", "VBOX", "Msft")


def disk(paths, root="/"):
    """What the first of `paths` that is there lies on: {kind, mb, path, text}. Paths may be patterns.

    `kind` is ssd, hdd or san, or empty where the host does not tell; `mb` the size of the file system; `text` says why.
    """
    path = _first(paths, root)
    room = os.statvfs(path)
    mount = mount_of(path, root)
    found = [_described(directory) for directory in sorted(_disks(mount, root))]
    kinds = {one["kind"] for one in found}
    return {
        # What is put together of several is as slow as the slowest.
        "kind": next((kind for kind in ("hdd", "san", "ssd") if kind in kinds), "") if "" not in kinds else "",
        "mb": room.f_blocks * room.f_frsize // MEGABYTE,
        "path": _inside(path, root),
        "text": ", ".join(one["text"] for one in found) or f"{mount['type']} does not tell its disk",
    }


def _first(paths, root):
    there = (found for path in paths for found in sorted(glob.glob(os.path.join(root, path.lstrip("/"))), reverse=True))
    return next(there, root)


def _inside(path, root):
    return os.path.normpath(os.path.join("/", os.path.relpath(os.path.realpath(path), os.path.realpath(root))))


def mount_of(path, root="/"):
    """The file system that `path` is on: {point, device (its two numbers), type, source}."""
    wanted = _inside(path, root) + "/"
    found = {"point": "", "device": "", "type": "a file system that is not listed", "source": ""}
    for line in read(root, "/proc/self/mountinfo").splitlines():
        fields, _dash, rest = line.partition(" - ")
        device, _top, point = fields.split(" ")[2:5]
        point = re.sub(r"\\(\d{3})", lambda code: chr(int(code.group(1), 8)), point)
        # Of mounts at the same place the last one covers those before.
        if wanted.startswith(point.rstrip("/") + "/") and len(point) >= len(found["point"]):
            kind, source = rest.split(" ")[:2]
            found = {"point": point, "device": device, "type": kind, "source": source}
    return found


def _disks(mount, root):
    """The directories in /sys of the whole disks below a mount."""
    start = os.path.join(root, "sys/dev/block", mount["device"])
    if not os.path.exists(start) and mount["source"].startswith("/dev/"):
        # btrfs has no device numbers of its own disk; its source is one.
        node = os.path.realpath(os.path.join(root, mount["source"].lstrip("/")))
        start = os.path.join(root, "sys/class/block", os.path.basename(node))
    return set(_below(os.path.realpath(start))) if os.path.exists(start) else set()


def _below(directory):
    if os.path.exists(os.path.join(directory, "partition")):
        directory = os.path.dirname(directory)
    parts = glob.glob(os.path.join(directory, "slaves", "*"))
    if not parts:
        yield directory
    for part in parts:
        yield from _below(os.path.realpath(part))


def _described(directory):
    name, rotates = os.path.basename(directory), read(directory, "queue/rotational").strip()
    if rotates not in ("0", "1"):
        return {"kind": "", "text": f"{name} does not tell whether it rotates"}
    if SAN.search(directory):
        return {"kind": "san", "text": f"{name} is reached by iSCSI or Fibre Channel"}
    said = "rotates" if rotates == "1" else "does not rotate"
    vendor = read(directory, "device/vendor").strip()
    if VIRTUAL.search(directory) or vendor.startswith(VIRTUAL_VENDORS):
        if rotates == "1":
            return {"kind": "", "text": f"{name} is a virtual disk, which says that it rotates on whatever it lies"}
        said = f"is a virtual disk and says that it {said}"
    return {"kind": "hdd" if rotates == "1" else "ssd", "text": f"{name} {said}"}
