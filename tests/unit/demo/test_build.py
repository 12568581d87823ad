"""The demo's build: the same bytes each time, and manifests that name them."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
import yaml

from demo import build

needs_jdk = pytest.mark.skipif(bool(build.missing_packages()), reason="needs javac and the servlet API of Debian")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "DIST", tmp_path / "dist")
    return tmp_path


def test_versions_are_in_order_of_release() -> None:
    assert build.all_versions() == ["1.0.0", "1.1.0", "1.2.0"]


def test_every_database_script_named_by_a_version_exists() -> None:
    for version in build.all_versions():
        for script in build.read_version(version)["release"]["expand"].split():
            assert (build.DEMO / "releases" / script).is_file()


def test_an_unknown_version_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SystemExit, match=r"no version 9\.9\.9; the versions are 1\.0\.0"):
        build.read_version("9.9.9")


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "SERVLET_APIS", ())
    monkeypatch.setattr(build.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match=r"default-jdk-headless, libtomcat10-java"):
        build.main([])


def test_packing_does_not_depend_on_order_or_time_of_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1", encoding="utf-8")
    two.write_text("2", encoding="utf-8")
    build.pack([("b", two), ("a", one)], tmp_path / "first.war")
    one.touch()
    build.pack([("a", one), ("b", two)], tmp_path / "second.war")
    assert (tmp_path / "first.war").read_bytes() == (tmp_path / "second.war").read_bytes()


@needs_jdk
def test_a_second_build_gives_the_same_war_and_the_manifest_names_it(scratch: Path) -> None:
    sums = []
    for _ in range(2):
        build.main(["1.1.0", "--environment", str(scratch / "site")])
        sums.append(hashlib.sha256((scratch / "dist" / "clinic-1.1.0.war").read_bytes()).hexdigest())
    assert sums[0] == sums[1]

    manifest_path = scratch / "site" / "releases" / "1.1.0.yml"
    manifest = yaml.safe_load(manifest_path.read_text(encoding="utf-8"))
    assert manifest["artifact"]["sha256"] == sums[0]
    assert (manifest_path.parent / manifest["artifact"]["path"]).is_file()
    assert all((manifest_path.parent / script).is_file() for script in manifest["database"]["expand"])

    names = zipfile.ZipFile(scratch / "dist" / "clinic-1.1.0.war").namelist()
    assert {"WEB-INF/web.xml", "style.css", "WEB-INF/classes/clinic/Version.class"} <= set(names)
    assert names == sorted(names)
