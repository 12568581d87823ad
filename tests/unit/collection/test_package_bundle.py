"""The archive of a bundle, and what goes into it."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.modules import package_bundle as module


@pytest.mark.parametrize(
    ("package", "architecture", "found"),
    [
        ("redis-tools", "amd64", True),
        ("redis-tools", "arm64", False),
        ("adduser", "all", True),
        ("nginx", "amd64", False),
    ],
)
def test_a_package_is_asked_for_with_its_architecture(package: str, architecture: str, found: bool) -> None:
    fields = {"Package": package, "Version": "1", "Architecture": architecture}
    assert module.asked(fields, ["redis-tools:amd64=1", "adduser:all=1", "nginx:amd64=2"]) is found


def test_the_same_packages_give_the_same_archive(tmp_path: Path) -> None:
    digests = []
    for name in ("first", "second"):
        directory = tmp_path / name
        directory.mkdir()
        (directory / "b.deb").write_bytes(b"b")
        (directory / "a.deb").write_bytes(b"a")
        (directory / "b.deb").chmod(0o600 if name == "first" else 0o644)
        (directory / "partial").mkdir()
        digests.append(module.pack(str(directory), "Package: a\n", str(tmp_path / f"{name}.tar")))
    assert digests[0] == digests[1]
    with tarfile.open(tmp_path / "first.tar") as archive:
        assert archive.getnames() == ["packages/Packages", "packages/a.deb", "packages/b.deb"]
        assert {member.mode for member in archive} == {0o644}


def test_another_index_is_another_archive(tmp_path: Path) -> None:
    archive = str(tmp_path / "x.tar")
    one, other = (module.pack(str(tmp_path), text, archive) for text in ("Package: a\n", "Package: b\n"))
    assert one != other
