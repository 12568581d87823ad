# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The last configuration with which a WildFly instance was well. Managed by Ansible (impl.lifecycle.wildfly)."""

from __future__ import annotations

import glob
import hashlib
import os
import pwd
import shutil
import tarfile

WORDS_LIMIT = 4000


def keep(path: str, files: list) -> None:
    """Put the files, as they are, into an archive that only root reads: the environment's secrets are in it."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    fresh = path + ".new"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        for file in files:
            if os.path.lexists(file):
                archive.add(file, recursive=False)
    os.rename(fresh, path)


def restore(path: str, trees: list) -> None:
    """Put the files of the archive back, each by a rename; what else is in `trees` goes."""
    with tarfile.open(path) as archive:
        members = {f"/{member.name.lstrip('/')}": member for member in archive}
        for tree in trees:
            for parent, _dirs, names in os.walk(tree):
                for file in (os.path.join(parent, name) for name in names):
                    if file not in members:
                        os.unlink(file)
        for file, member in members.items():
            _put(archive, member, file)


def _put(archive: tarfile.TarFile, member: tarfile.TarInfo, file: str) -> None:
    os.makedirs(os.path.dirname(file), mode=0o755, exist_ok=True)
    fresh = f"{os.path.dirname(file)}/.{os.path.basename(file)}.lifecycle-back"
    if os.path.lexists(fresh):
        os.unlink(fresh)
    if member.issym():
        os.symlink(member.linkname, fresh)
    else:
        source = archive.extractfile(member)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as target:
            shutil.copyfileobj(source, target)
            os.fchown(target.fileno(), member.uid, member.gid)
            os.fchmod(target.fileno(), member.mode)
    os.rename(fresh, file)


def point(link: str, target: str) -> None:
    """Let the link in root's directory say `target`, at once."""
    fresh = f"{link}.new"
    if os.path.lexists(fresh):
        os.unlink(fresh)
    os.symlink(target, fresh)
    os.rename(fresh, link)


def hand_over(source: str, dest: str, user: str, aside: str = "") -> None:
    """Give a copy of root's file to the instance, in a directory where the instance may have laid links."""
    if not os.path.exists(source):
        return
    owner = pwd.getpwnam(user)
    fresh = f"{aside or os.path.dirname(dest)}/.{os.path.basename(dest)}.lifecycle-new"
    if os.path.lexists(fresh):
        os.unlink(fresh)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
    with os.fdopen(handle, "wb") as target, open(source, "rb") as content:
        shutil.copyfileobj(content, target)
        os.fchown(target.fileno(), owner.pw_uid, owner.pw_gid)
    os.rename(fresh, dest)


def has_deployments(base: str) -> bool:
    return bool(glob.glob(f"{base}/deployments/*.deployed") + glob.glob(f"{base}/deployments/*.failed"))


def failures(directory: str) -> list:
    """What the deployment scanner says of the artifacts that failed."""
    said = []
    for marker in sorted(glob.glob(f"{directory}/*.failed")):
        try:
            with os.fdopen(os.open(marker, os.O_RDONLY | os.O_NOFOLLOW), "rb") as handle:
                words = handle.read(WORDS_LIMIT).decode("utf-8", "replace").strip()
        except OSError:
            continue
        said.append(f"{os.path.basename(marker)[: -len('.failed')]}: {words}")
    return said


def try_failed_again(directory: str) -> None:
    """What failed under the configuration that is taken back was deployed before: ask for it at the next start."""
    for marker in glob.glob(f"{directory}/*.failed"):
        os.rename(marker, marker[: -len(".failed")] + ".dodeploy")


def swap_in(base: str, plan: list, user: str) -> None:
    """While the instance is stopped, give it the artifacts it should start with; what it had goes to `before`.

    A new version of the server and the application that is made for it come together this way, or not at all.
    """
    directory, before = f"{base}/deployments", f"{base}/before"
    shutil.rmtree(before, ignore_errors=True)
    os.mkdir(before, 0o700)
    for item in plan:
        path, wanted = f"{directory}/{item['name']}", item["state"] == "present"
        there = os.path.isfile(path) and not os.path.islink(path)
        if (there and wanted and sha256_of(path) == item["sha256"]) or not (there or wanted):
            continue
        if there:
            os.rename(path, f"{before}/{item['name']}")
        else:
            os.close(os.open(f"{before}/{item['name']}.none", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _forget_markers(path)
        if wanted:
            hand_over(item["artifact"], path, user, before)
            _ask_for(path)


def swap_back(base: str) -> None:
    """Give the stopped instance the artifacts back that it had."""
    for kept in glob.glob(f"{base}/before/*"):
        path = f"{base}/deployments/" + os.path.basename(kept).removesuffix(".none")
        _forget_markers(path)
        if os.path.lexists(path):
            os.unlink(path)
        if not kept.endswith(".none"):
            os.rename(kept, path)
            _ask_for(path)
    shutil.rmtree(f"{base}/before", ignore_errors=True)


def sha256_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        for block in iter(lambda: handle.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _ask_for(path: str) -> None:
    os.close(os.open(path + ".dodeploy", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644))


def _forget_markers(path: str) -> None:
    for suffix in ("dodeploy", "deployed", "failed", "undeployed", "skipdeploy", "isdeploying", "pending"):
        if os.path.lexists(f"{path}.{suffix}"):
            os.unlink(f"{path}.{suffix}")
