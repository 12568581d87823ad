# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files and unpacked archives on a host: from the very artifact that was named by its sha256, or not there at all."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import shutil
import stat
import tarfile
import zipfile
from typing import IO, Any, Iterator, List, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.application import BLOCK, Unusable, sha256_of

MARKER = ".lifecycle.json"
OWN_FILE = re.compile("[0-9a-f]{64}-")

Member = Tuple[str, int, Any]  # name below the archive's own top directory, mode, what to open


def is_whole(dest: str, sha256: str, unpack: bool) -> bool:
    """Whether `dest` is what was made from that artifact."""
    if not unpack:
        return os.path.isfile(dest) and not os.path.islink(dest) and sha256_of(dest) == sha256
    try:
        with open(os.path.join(dest, MARKER), encoding="utf-8") as handle:
            marker = json.load(handle)
        return (marker["sha256"], marker["tree"]) == (sha256, tree_digest(dest))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def place(dest: str, artifact: str, sha256: str, unpack: bool, mode: int = 0o644, source: str = "") -> None:
    """Make `dest` from `artifact`, beside its final name first. Raises Unusable, and OSError for a full disk."""
    found = sha256_of(artifact)
    if found != sha256:
        raise Unusable(
            f"{source or artifact} has sha256 {found}, but {sha256} is wanted for {dest}; nothing of it was used"
        )
    os.makedirs(os.path.dirname(dest), mode=0o755, exist_ok=True)
    fresh = f"{dest}.tmp"
    _remove(fresh)
    try:
        if unpack:
            _unpack(artifact, fresh, source or artifact)
            marker = {"sha256": sha256, "tree": tree_digest(fresh)}
            with open(os.path.join(fresh, MARKER), "w", encoding="utf-8") as handle:
                json.dump(marker, handle)
            os.chmod(os.path.join(fresh, MARKER), 0o644)
        else:
            shutil.copyfile(artifact, fresh)
            os.chmod(fresh, mode)
        os.sync()
        _swap(fresh, dest)
    finally:
        _remove(fresh)


def prune(directory: str, keep: int, links: str, wanted: List[str], check: bool) -> List[str]:
    """Remove what was placed in `directory` and neither `wanted` nor a link of the glob needs, but the `keep` newest.

    It is known by its marker (an unpacked archive) or by a name that begins with its digest (a file).
    """
    used = {os.path.realpath(path) for path in [*glob.glob(links), *wanted]}
    idle = [entry for entry in _entries(directory) if os.path.realpath(entry.path) not in used]
    litter = [entry.path for entry in idle if entry.name.endswith(".tmp")]
    ours = [entry for entry in idle if entry.path not in litter and _is_ours(entry)]
    ours.sort(key=lambda entry: -entry.stat(follow_symlinks=False).st_ctime)
    gone = [entry.path for entry in ours[keep:]] + litter
    if not check:
        for path in gone:
            _remove(path)
    return gone


def _is_ours(entry: Any) -> bool:
    if entry.is_dir(follow_symlinks=False):
        return os.path.isfile(os.path.join(entry.path, MARKER))
    return entry.is_file(follow_symlinks=False) and OWN_FILE.match(entry.name) is not None


def tree_digest(directory: str) -> str:
    """Names, sizes, times and modes of all files: enough to see that somebody changed one, without reading them all."""
    digest = hashlib.sha256()
    for path in sorted(os.path.join(parent, name) for parent, _dirs, names in os.walk(directory) for name in names):
        name = os.path.relpath(path, directory)
        if name != MARKER:
            about = os.lstat(path)
            target = os.readlink(path) if stat.S_ISLNK(about.st_mode) else ""
            digest.update(f"{name}\0{about.st_size}\0{int(about.st_mtime)}\0{about.st_mode:o}\0{target}\n".encode())
    return digest.hexdigest()


def _unpack(artifact: str, fresh: str, source: str) -> None:
    try:
        if zipfile.is_zipfile(artifact):
            with zipfile.ZipFile(artifact) as archive:
                _extract(list(_of_zip(archive)), fresh, archive.open)
        else:
            with tarfile.open(artifact) as archive:
                _extract(list(_of_tar(archive)), fresh, archive.extractfile)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unusable(f"{source} is no usable zip or tar archive: {error}") from error


def _of_zip(archive: zipfile.ZipFile) -> Iterator[Member]:
    for member in archive.infolist():
        mode = member.external_attr >> 16
        if stat.S_ISLNK(mode):
            raise Unusable(f"the archive has a symbolic link: {member.filename!r}")
        if not member.is_dir():
            yield member.filename, mode, member


def _of_tar(archive: tarfile.TarFile) -> Iterator[Member]:
    for member in archive:
        if member.isfile():
            yield member.name, member.mode, member
        elif not member.isdir():
            raise Unusable(f"the archive has something that is neither file nor directory: {member.name!r}")


def _extract(members: List[Member], fresh: str, opener: Any) -> None:
    """Write the members without the one directory that all of them are in; root's, readable by all."""
    names = [name[2:] if name.startswith("./") else name for name, _mode, _member in members]
    for name in names:
        if name.startswith("/") or ".." in name.replace("\\", "/").split("/"):
            raise Unusable(f"the archive names a file outside its own directory: {name!r}")
    tops = {name.split("/", 1)[0] for name in names if "/" in name}
    strip = len(tops) == 1 and all("/" in name for name in names)
    os.mkdir(fresh, 0o755)
    for name, (_name, mode, member) in zip(names, members):  # noqa: B905 - strict= needs Python 3.10 on the host
        path = os.path.join(fresh, name.split("/", 1)[1] if strip else name)
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        _write(opener(member), path)
        os.chmod(path, 0o755 if mode & 0o111 else 0o644)
    for parent, _dirs, _names in os.walk(fresh):
        os.chmod(parent, 0o755)


def _write(source: IO[bytes], path: str) -> None:
    with source, open(path, "wb") as target:
        shutil.copyfileobj(source, target, BLOCK)


def _swap(fresh: str, dest: str) -> None:
    if os.path.isdir(dest) and not os.path.islink(dest):  # tampered with, or from another artifact
        spoiled = f"{dest}.spoiled.tmp"
        _remove(spoiled)
        os.rename(dest, spoiled)
        os.rename(fresh, dest)
        _remove(spoiled)
    else:
        os.rename(fresh, dest)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def _entries(directory: str) -> List[Any]:
    try:
        return list(os.scandir(directory))
    except FileNotFoundError:
        return []
