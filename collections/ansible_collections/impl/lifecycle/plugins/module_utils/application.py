# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Versions of an application unpacked on a host: whole and as delivered, or not there at all."""

from __future__ import annotations

import calendar
import errno
import glob
import hashlib
import json
import os
import shutil
import stat
import zipfile
from typing import Any, Iterator, List, Mapping, Optional, Set, Tuple
from xml.etree import ElementTree

# Below META-INF, which no servlet container shows to users.
MARKER = os.path.join("META-INF", ".lifecycle.json")
CONTEXT = os.path.join("META-INF", "context.xml")
BLOCK = 1 << 20


class Unusable(ValueError):
    """An artifact that must not be placed. The text says why, for people."""


def sha256_of(path: str) -> str:
    """The digest of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        for block in iter(lambda: handle.read(BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


class Versions:
    """The directory of one application's versions, `<root>/<application>/releases`."""

    def __init__(self, root: str, application: str) -> None:
        self.application = application
        self.directory = os.path.join(root, application, "releases")

    def path(self, version: str) -> str:
        return os.path.join(self.directory, version)

    def is_whole(self, version: str, sha256: str) -> bool:
        """Whether the version is there, from that artifact, with every file as it was unpacked."""
        try:
            with open(os.path.join(self.path(version), MARKER), encoding="utf-8") as handle:
                marker = json.load(handle)
            return (marker["sha256"], marker["tree"]) == (sha256, _tree_digest(self.path(version)))
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def place(self, version: str, artifact: str, sha256: str, gid: int) -> None:
        """Unpack `artifact` beside its final name and rename it there. Raises Unusable, and OSError for a full disk."""
        found = sha256_of(artifact)
        if found != sha256:
            raise Unusable(
                f"the artifact of {self.application} {version} has sha256 {found}, but its manifest says {sha256}; "
                "nothing was placed"
            )
        fresh = self.path(version) + ".tmp"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            self._unpack(artifact, fresh, version)
            marker = {"version": version, "sha256": sha256, "tree": _tree_digest(fresh)}
            os.makedirs(os.path.join(fresh, "META-INF"), exist_ok=True)
            with open(os.path.join(fresh, MARKER), "w", encoding="utf-8") as handle:
                json.dump(marker, handle)
            _own(fresh, gid)
            os.sync()
            self._swap(fresh, self.path(version))
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _unpack(self, artifact: str, fresh: str, version: str) -> None:
        try:
            with zipfile.ZipFile(artifact) as archive:
                members = archive.infolist()
                for member in members:
                    _refuse_outside(member)
                self._refuse_without_space(sum(member.file_size for member in members), version)
                os.mkdir(fresh, 0o750)
                for member in members:
                    _extract(archive, member, fresh)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            raise Unusable(f"the artifact of {self.application} {version} is no usable WAR file: {error}") from error

    def _refuse_without_space(self, needed: int, version: str) -> None:
        have = os.statvfs(self.directory)
        free = have.f_bavail * have.f_frsize
        if free < needed:
            text = f"{self.application} {version} needs {_mb(needed)} unpacked, {self.directory} has {_mb(free)} free"
            raise OSError(errno.ENOSPC, text)

    def _swap(self, fresh: str, final: str) -> None:
        if os.path.lexists(final):  # tampered with, or from another artifact: nobody is sent to it while it is staged
            spoiled = final + ".spoiled.tmp"
            shutil.rmtree(spoiled, ignore_errors=True)
            os.rename(final, spoiled)
            shutil.rmtree(spoiled, ignore_errors=True)
        os.rename(fresh, final)

    def prune(self, keep: int, slots: str, check: bool) -> List[str]:
        """Remove all but the `keep` newest versions; one a slot points at stays. `slots` is a glob of their links."""
        used = {os.path.realpath(link) for link in glob.glob(slots)}
        found = [entry for entry in _entries(self.directory) if entry.is_dir(follow_symlinks=False)]
        versions = [entry.path for entry in sorted(found, key=lambda e: -e.stat().st_mtime) if not is_litter(entry)]
        kept: Set[str] = used | set(versions[:keep])
        gone = [path for path in versions if os.path.realpath(path) not in kept and path not in kept]
        gone += [entry.path for entry in found if is_litter(entry)]
        if not check:
            for path in gone:
                shutil.rmtree(path)
        return [os.path.basename(path) for path in gone]

    def descriptor(self, version: str, attributes: Mapping[str, Any], own: bool = True) -> str:
        """The context file for Tomcat: the application's own META-INF/context.xml, pointed at this version."""
        root = self._own_context(version) if own else ElementTree.Element("Context")
        root.attrib.pop("path", None)
        for name, value in sorted(attributes.items()):
            root.set(name, str(value))
        root.set("docBase", self.path(version))
        return ElementTree.tostring(root, encoding="unicode") + "\n"

    def _own_context(self, version: str) -> ElementTree.Element:
        try:
            root = ElementTree.parse(os.path.join(self.path(version), CONTEXT)).getroot()
        except FileNotFoundError:
            return ElementTree.Element("Context")
        except ElementTree.ParseError as error:
            raise Unusable(f"META-INF/context.xml of {self.application} {version} is no XML: {error}") from error
        return root if root.tag == "Context" else ElementTree.Element("Context")


def is_litter(entry: Any) -> bool:
    """A directory that an interrupted placement left."""
    return bool(entry.name.endswith(".tmp"))


def _entries(directory: str) -> List[Any]:
    try:
        return list(os.scandir(directory))
    except FileNotFoundError:
        return []


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _refuse_outside(member: zipfile.ZipInfo) -> None:
    parts = member.filename.replace("\\", "/").split("/")
    if member.filename.startswith("/") or ".." in parts or stat.S_ISLNK(member.external_attr >> 16):
        raise Unusable(f"the artifact names a file outside its own directory: {member.filename!r}")


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, directory: str) -> None:
    path = os.path.join(directory, member.filename)
    if member.is_dir():
        os.makedirs(path, mode=0o750, exist_ok=True)
        return
    os.makedirs(os.path.dirname(path), mode=0o750, exist_ok=True)
    with archive.open(member) as source, open(path, "wb") as target:
        shutil.copyfileobj(source, target, BLOCK)
    # The same time on every host: browsers compare it, and with two hosts it would differ from one request to the next.
    year, month, day, *clock = member.date_time
    when = calendar.timegm((year, max(month, 1), max(day, 1), *clock))
    os.utime(path, (when, when))


def _own(directory: str, gid: int) -> None:
    """Root's, readable by the application's group, whatever the umask was."""
    for path, mode in _walk_modes(directory):
        os.chown(path, 0, gid)
        os.chmod(path, mode)


def _walk_modes(directory: str) -> Iterator[Tuple[str, int]]:
    for parent, _dirs, names in os.walk(directory):
        yield parent, 0o750
        for name in names:
            yield os.path.join(parent, name), 0o640


def _tree_digest(directory: str) -> str:
    digest = hashlib.sha256()
    for path in sorted(os.path.join(parent, name) for parent, _dirs, names in os.walk(directory) for name in names):
        name = os.path.relpath(path, directory)
        if name != MARKER:
            digest.update(f"{name}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def out_of_space(error: OSError) -> Optional[str]:
    """The words for a full disk, or None when it was something else."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    return error.strerror
