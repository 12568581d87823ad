"""What a file has beside content, owner and mode, before and after a swap: on real files, SELinux with a stand-in."""

from __future__ import annotations

import errno
import os
import stat
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction as tx
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction_attributes as attributes
from transaction_host import ME, Host, file

READ, WRITE = 4, 2
OWNER, SOMEBODY, GROUP, MASK, OTHERS = 0x01, 0x02, 0x04, 0x10, 0x20
NOBODY = 0xFFFFFFFF
READER = 4711


def access_list(owner: int, somebody: int, group: int, mask: int, others: int, reader: int = READER) -> bytes:
    """The kernel's form of a POSIX access list with one entry for the user `reader`."""
    entries = [
        (OWNER, owner, NOBODY),
        (SOMEBODY, somebody, reader),
        (GROUP, group, NOBODY),
        (MASK, mask, NOBODY),
        (OTHERS, others, NOBODY),
    ]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def tagged(host: Host) -> Path:
    """A file with attributes of a user and an access list, as a backup agent or an auditor gives it."""
    path = host.etc / "a"
    path.write_text("old\n")
    path.chmod(0o640)
    try:
        os.setxattr(path, "user.origin", b"site")
        os.setxattr(path, attributes.ACCESS_LIST, access_list(READ | WRITE, READ, READ, READ, 0))
    except OSError as error:
        pytest.skip(f"this file system keeps no attributes: {error}")
    return path


def seen(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path) if name != attributes.CONTEXT}


def test_a_replaced_file_keeps_attributes_and_access_list(host: Host, tagged: Path) -> None:
    before, inode = seen(tagged), tagged.stat().st_ino
    host.apply(file(tagged, "new\n", mode="0640"))
    assert (tagged.read_text(), tagged.stat().st_ino != inode) == ("new\n", True)
    assert seen(tagged) == before
    assert not host.apply(file(tagged, "new\n", mode="0640"))["changed"]


def test_they_come_back_with_the_old_file(host: Host, tagged: Path) -> None:
    before = seen(tagged)
    with pytest.raises(tx.TransactionError):
        host.apply(file(tagged, "new\n", mode="0600"), validate=[["false"]])
    assert (tagged.read_text(), seen(tagged)) == ("old\n", before)


def test_the_mode_that_is_asked_for_is_the_mask_of_the_access_list(host: Host, tagged: Path) -> None:
    host.apply(file(tagged, "secret\n", mode="0600"))
    assert stat.S_IMODE(tagged.stat().st_mode) == 0o600
    # The entry is there, and counts for nothing: what may be read is what the task says.
    assert seen(tagged)[attributes.ACCESS_LIST] == access_list(READ | WRITE, READ, READ, 0, 0)
    assert not host.apply(file(tagged, "secret\n", mode="0600"))["changed"]


def test_a_file_without_an_access_list_gets_none_from_its_directory(host: Host, tagged: Path) -> None:
    plain, new = host.etc / "plain", host.etc / "new"
    plain.write_text("old\n")
    plain.chmod(0o644)
    os.setxattr(host.etc, "system.posix_acl_default", access_list(READ | WRITE, READ, READ, READ, READ))
    host.apply(file(plain, "new\n"), file(new, "new\n"))
    assert seen(plain) == {}
    assert attributes.ACCESS_LIST in seen(new)  # as every file that is made there
    assert stat.S_IMODE(new.stat().st_mode) == 0o644


def test_a_copy_where_there_are_no_hard_links_keeps_them_too(
    host: Host, tagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    tagged.chmod(0o4750)
    before, all_before = seen(tagged), host.everything()
    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(tx.TransactionError, match="ended with 1"):
        host.apply(file(tagged, "new\n"), validate=[["false"]])
    assert (seen(tagged), host.everything()) == (before, all_before)


def test_an_attribute_that_cannot_be_kept_stops_the_change(
    host: Host, tagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: str, name: str, *_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)

    before = host.everything()
    monkeypatch.setattr(os, "setxattr", full)
    with pytest.raises(tx.TransactionError, match="No space left") as failure:
        host.apply(file(tagged, "new\n"))
    assert (failure.value.restored, host.everything()) == (True, before)


def test_what_belongs_to_the_kernel_does_not_stop_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container sees labels that it may not set."""

    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    names = ["security.SMACK64", "trusted.overlay.opaque", "security.ima", "security.capability"]
    asked: list[str] = []
    monkeypatch.setattr(os, "listxattr", lambda _path: names)
    monkeypatch.setattr(os, "getxattr", lambda _path, name: (asked.append(name), b"x")[1])
    monkeypatch.setattr(os, "setxattr", forbidden)
    path = host.etc / "a"
    path.write_text("old\n")
    host.apply(file(path, "new\n"))
    assert path.read_text() == "new\n"
    assert asked == names[:2], "a signature or capability of the old content is not given to the new one"


class SELinux:
    """The functions of ansible-core's binding, with a policy and the contexts of files by inode."""

    def __init__(self) -> None:
        self.contexts: dict[int, str] = {}
        self.policy: dict[str, tuple[int, str]] = {}
        self.refuses = False
        self.live: list[str] = []

    def is_selinux_enabled(self) -> int:
        return 1

    def lgetfilecon_raw(self, path: str) -> list[object]:
        return [0, self.contexts[os.lstat(path).st_ino]]

    def matchpathcon(self, path: str, mode: int) -> list[object]:
        kind, context = self.policy.get(path, (0, ""))
        if stat.S_IFMT(mode) != kind:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        return [0, context]

    def lsetfilecon(self, path: str, context: str) -> None:
        if self.refuses:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self.live.append(path)
        self.contexts[os.lstat(path).st_ino] = context

    def of(self, path: Path) -> str:
        return self.contexts.get(path.lstat().st_ino, "inherited")


@pytest.fixture
def selinux(monkeypatch: pytest.MonkeyPatch) -> SELinux:
    fake = SELinux()
    monkeypatch.setattr(attributes, "selinux", fake)
    return fake


def test_contexts_are_kept_and_new_ones_are_the_policys(host: Host, selinux: SELinux) -> None:
    old, new, unknown = host.etc / "old", host.etc / "new", host.etc / "unknown"
    link, directory = host.etc / "link", host.etc / "directory"
    old.write_text("old\n")
    selinux.contexts[old.stat().st_ino] = "site:object_r:special_t"
    selinux.policy = {
        str(old): (stat.S_IFREG, "system:object_r:other_t"),
        str(new): (stat.S_IFREG, "system:object_r:etc_t"),
        str(link): (stat.S_IFLNK, "system:object_r:link_t"),
        str(directory): (stat.S_IFDIR, "system:object_r:directory_t"),
    }
    host.apply(
        *(file(path, "new\n") for path in (old, new, unknown)),
        directories=[{"path": str(directory), "mode": "0755", "on_change": "none", **ME}],
        links=[{"path": str(link), "target": "new", "on_change": "none"}],
    )
    assert [selinux.of(path) for path in (old, new, unknown, link, directory)] == [
        "site:object_r:special_t",
        "system:object_r:etc_t",
        "inherited",
        "system:object_r:link_t",
        "system:object_r:directory_t",
    ]
    # A file has its context before anybody can see it under its name.
    assert {str(old), str(new), str(link)} & set(selinux.live) == set()


def test_a_context_that_the_host_refuses_changes_nothing(host: Host, selinux: SELinux) -> None:
    path = host.etc / "a"
    path.write_text("old\n")
    selinux.contexts[path.stat().st_ino] = "site:object_r:gone_t"
    selinux.refuses = True
    before = host.everything()
    with pytest.raises(tx.TransactionError, match=r"cannot give it the SELinux context site:object_r:gone_t: .*/a"):
        host.apply(file(path, "new\n"))
    assert host.everything() == before


def test_a_host_without_selinux_is_not_asked(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "selinux", SimpleNamespace(is_selinux_enabled=lambda: 0))
    host.apply(file(host.etc / "a", "x"))
    assert (host.etc / "a").read_text() == "x"
