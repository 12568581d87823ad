"""Versions on a host: whole and as delivered, or not there at all."""

from __future__ import annotations

import errno
import os
import time
import zipfile
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import application as app

GID = os.getgid()


@pytest.fixture
def versions(tmp_path: Path) -> app.Versions:
    made = app.Versions(str(tmp_path / "opt"), "demo")
    Path(made.directory).mkdir(parents=True)
    return made


def war(directory: Path, files: dict[str, str]) -> tuple[str, str]:
    path = directory / "artifact.war"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return str(path), app.sha256_of(str(path))


def litter(versions: app.Versions) -> list[str]:
    return sorted(path.name for path in Path(versions.directory).iterdir())


def test_a_version_is_placed_once_and_is_whole(versions: app.Versions, tmp_path: Path) -> None:
    artifact, sha256 = war(tmp_path, {"a/b.txt": "x", "index.html": "y"})
    versions.place("1.0.0", artifact, sha256, GID)
    assert versions.is_whole("1.0.0", sha256)
    assert litter(versions) == ["1.0.0"]
    placed = Path(versions.path("1.0.0"))
    assert (placed / "a/b.txt").read_text() == "x"
    assert oct((placed / "a").stat().st_mode & 0o7777) == "0o750"
    assert oct((placed / "a/b.txt").stat().st_mode & 0o7777) == "0o640"


@pytest.mark.parametrize("spoil", ["change", "add", "remove", "forget"])
def test_a_version_that_was_tampered_with_is_not_whole_and_is_placed_again(
    versions: app.Versions, tmp_path: Path, spoil: str
) -> None:
    artifact, sha256 = war(tmp_path, {"index.html": "y"})
    versions.place("1.0.0", artifact, sha256, GID)
    placed = Path(versions.path("1.0.0"))
    if spoil == "change":
        (placed / "index.html").write_text("z")
    if spoil == "add":
        (placed / "more.jsp").write_text("z")
    if spoil == "remove":
        (placed / "index.html").unlink()
    if spoil == "forget":
        (placed / app.MARKER).unlink()
    assert not versions.is_whole("1.0.0", sha256)
    versions.place("1.0.0", artifact, sha256, GID)
    assert versions.is_whole("1.0.0", sha256)
    assert litter(versions) == ["1.0.0"]


def test_another_artifact_of_the_same_version_is_not_the_one_that_is_there(
    versions: app.Versions, tmp_path: Path
) -> None:
    artifact, sha256 = war(tmp_path, {"index.html": "y"})
    versions.place("1.0.0", artifact, sha256, GID)
    assert not versions.is_whole("1.0.0", "0" * 64)


def test_a_wrong_digest_places_nothing(versions: app.Versions, tmp_path: Path) -> None:
    artifact, _ = war(tmp_path, {"index.html": "y"})
    with pytest.raises(app.Unusable, match="nothing was placed"):
        versions.place("1.0.0", artifact, "0" * 64, GID)
    assert litter(versions) == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\..\\..\\evil"])
def test_an_artifact_that_writes_elsewhere_is_refused(versions: app.Versions, tmp_path: Path, name: str) -> None:
    artifact, sha256 = war(tmp_path, {"index.html": "y", name: "x"})
    with pytest.raises(app.Unusable, match="outside its own directory"):
        versions.place("1.0.0", artifact, sha256, GID)
    assert litter(versions) == []


def test_a_link_in_an_artifact_is_refused(versions: app.Versions, tmp_path: Path) -> None:
    path = tmp_path / "artifact.war"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(app.Unusable, match="outside"):
        versions.place("1.0.0", str(path), app.sha256_of(str(path)), GID)


def test_what_is_no_archive_is_refused_in_words(versions: app.Versions, tmp_path: Path) -> None:
    path = tmp_path / "artifact.war"
    path.write_text("<html>404</html>")
    with pytest.raises(app.Unusable, match="no usable WAR"):
        versions.place("1.0.0", str(path), app.sha256_of(str(path)), GID)


def test_a_damaged_archive_leaves_nothing(versions: app.Versions, tmp_path: Path) -> None:
    artifact, _ = war(tmp_path, {"index.html": "y" * 200})
    data = bytearray(Path(artifact).read_bytes())
    data[60] ^= 0xFF
    Path(artifact).write_bytes(bytes(data))
    with pytest.raises(app.Unusable, match="no usable WAR"):
        versions.place("1.0.0", artifact, app.sha256_of(artifact), GID)
    assert litter(versions) == []


def test_a_full_disk_leaves_nothing_and_says_how_much_is_missing(
    versions: app.Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact, sha256 = war(tmp_path, {"index.html": "y" * 2_000_000})

    class Full:
        f_bavail, f_frsize = 1, 4096

    monkeypatch.setattr(os, "statvfs", lambda _: Full())
    with pytest.raises(OSError, match=r"needs 2\.0 MB unpacked") as caught:
        versions.place("1.0.0", artifact, sha256, GID)
    assert caught.value.errno == errno.ENOSPC
    assert litter(versions) == []


def test_the_newest_versions_and_the_used_ones_are_kept(versions: app.Versions, tmp_path: Path) -> None:
    artifact, sha256 = war(tmp_path, {"index.html": "y"})
    for number in range(5):
        versions.place(f"{number}.0", artifact, sha256, GID)
        os.utime(versions.path(f"{number}.0"), (time.time() + number, time.time() + number))
    Path(versions.directory, "9.0.tmp").mkdir()
    (tmp_path / "demo-blue").mkdir()
    (tmp_path / "demo-blue" / "release").symlink_to(versions.path("0.0"))
    slots = str(tmp_path / "demo-*" / "release")
    assert sorted(versions.prune(2, slots, check=True)) == ["1.0", "2.0", "9.0.tmp"]
    versions.prune(2, slots, check=False)
    assert litter(versions) == ["0.0", "3.0", "4.0"]
    assert versions.prune(2, slots, check=False) == []


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (None, '<Context docBase="{path}" />\n'),
        ('<Context path="/x" docBase="y" privileged="true"/>', '<Context docBase="{path}" privileged="true" />\n'),
        (
            '<Context><Loader delegate="true"/></Context>',
            '<Context docBase="{path}"><Loader delegate="true" /></Context>\n',
        ),
    ],
)
def test_the_applications_own_context_is_kept(
    versions: app.Versions, tmp_path: Path, own: str | None, expected: str
) -> None:
    files = {"index.html": "y"} if own is None else {"META-INF/context.xml": own}
    artifact, sha256 = war(tmp_path, files)
    versions.place("1.0.0", artifact, sha256, GID)
    assert versions.descriptor("1.0.0", {}) == expected.format(path=versions.path("1.0.0"))
    assert 'sessionCookieName="S-blue"' in versions.descriptor("1.0.0", {"sessionCookieName": "S-blue"})
    assert versions.descriptor("1.0.0", {}, own=False) == f'<Context docBase="{versions.path("1.0.0")}" />\n'
