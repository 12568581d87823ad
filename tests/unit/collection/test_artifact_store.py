"""Artifacts on a host: from what was named by its sha256, or not there at all."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import artifacts
from ansible_collections.impl.lifecycle.plugins.module_utils.application import Unusable, sha256_of


def zipped(path: Path, files: dict[str, int]) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for name, mode in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, "x")
    return sha256_of(str(path))


def tarred(path: Path, *members: tarfile.TarInfo) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            member.size = 1 if member.isfile() else 0
            archive.addfile(member, io.BytesIO(b"x"))
    return sha256_of(str(path))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_an_archive_is_unpacked_without_its_top_directory_and_keeps_what_can_be_run(tmp_path: Path) -> None:
    sha256 = zipped(tmp_path / "a.zip", {"wildfly-1/bin/run.sh": 0o100755, "wildfly-1/conf/a.xml": 0o100600})
    dest = tmp_path / "opt/1"
    artifacts.place(str(dest), str(tmp_path / "a.zip"), sha256, unpack=True)
    assert (dest / "bin/run.sh").stat().st_mode & 0o777 == 0o755
    assert (dest / "conf/a.xml").stat().st_mode & 0o777 == 0o644
    assert artifacts.is_whole(str(dest), sha256, unpack=True)
    assert names(tmp_path / "opt") == ["1"]


def test_a_tar_archive_is_unpacked_too(tmp_path: Path) -> None:
    member = tarfile.TarInfo("./wildfly-1/bin/run.sh")
    member.mode = 0o755
    sha256 = tarred(tmp_path / "a.tgz", member)
    artifacts.place(str(tmp_path / "opt/1"), str(tmp_path / "a.tgz"), sha256, unpack=True)
    assert os.access(tmp_path / "opt/1/bin/run.sh", os.X_OK)


def test_a_forged_archive_is_refused_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", {"w/a": 0o100644})
    with pytest.raises(Unusable, match=r"a\.zip has sha256 [0-9a-f]{64}, but 0{64} is wanted for [^\n]*$"):
        artifacts.place(str(tmp_path / "opt/1"), str(tmp_path / "a.zip"), "0" * 64, unpack=True)
    assert not (tmp_path / "opt").exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "w/../../x", "w/..\\x"])
def test_a_file_outside_is_refused(tmp_path: Path, name: str) -> None:
    sha256 = zipped(tmp_path / "a.zip", {"w/a": 0o100644, name: 0o100644})
    with pytest.raises(Unusable, match="outside its own directory"):
        artifacts.place(str(tmp_path / "opt/1"), str(tmp_path / "a.zip"), sha256, unpack=True)
    assert names(tmp_path / "opt") == []


def test_a_link_in_a_tar_archive_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("w/a")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    sha256 = tarred(tmp_path / "a.tgz", link)
    with pytest.raises(Unusable, match="neither file nor directory"):
        artifacts.place(str(tmp_path / "opt/1"), str(tmp_path / "a.tgz"), sha256, unpack=True)


def test_a_changed_file_makes_it_unpacked_again(tmp_path: Path) -> None:
    sha256 = zipped(tmp_path / "a.zip", {"w/a": 0o100644})
    dest = tmp_path / "opt/1"
    artifacts.place(str(dest), str(tmp_path / "a.zip"), sha256, unpack=True)
    (dest / "a").write_text("another")
    assert not artifacts.is_whole(str(dest), sha256, unpack=True)
    artifacts.place(str(dest), str(tmp_path / "a.zip"), sha256, unpack=True)
    assert (dest / "a").read_text() == "x"
    assert names(tmp_path / "opt") == ["1"]


def test_pruning_leaves_what_is_used_wanted_newest_or_somebody_elses(tmp_path: Path) -> None:
    root = tmp_path / "opt"
    for number, name in enumerate(["used", "wanted", "old", "newer"]):
        sha256 = zipped(tmp_path / "a.zip", {f"w/{number}": 0o100644})
        artifacts.place(str(root / name), str(tmp_path / "a.zip"), sha256, unpack=True)
    (root / "foreign").mkdir()
    (root / "foreign.txt").touch()
    (root / ("0" * 64 + "-driver.jar")).touch()
    (tmp_path / "current").symlink_to(root / "used")
    gone = artifacts.prune(
        str(root), 0, str(tmp_path / "cur*"), [str(root / "wanted"), str(root / "newer")], check=False
    )
    assert sorted(Path(path).name for path in gone) == ["0" * 64 + "-driver.jar", "old"]
    assert names(root) == ["foreign", "foreign.txt", "newer", "used", "wanted"]
