"""A release manifest and the files around it."""

# ruff: noqa: E501 - one mistake a line reads as the table it is.

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.delivery import artifact_path, load_environment, load_manifest
from orchestrator.delivery.manifest import Sessions
from orchestrator.errors import DeliveryError

Complaints = Callable[[str], list[str]]


def good() -> str:
    return Path("inventories/demo-test/releases/1.1.0.yml").read_text()


def test_the_good_manifest_loads(site: Path) -> None:
    environment = load_environment(site)
    manifest = load_manifest(environment, "1.1.0")
    assert manifest.sessions is Sessions.SHARED
    assert artifact_path(environment, manifest) == site / "clinic.war"


def test_an_artifact_may_come_from_an_address(site: Path) -> None:
    file = site / "releases" / "1.1.0.yml"
    file.write_text(good().replace("path: ../clinic.war", "url: https://example.org/clinic.war"))
    environment = load_environment(site)
    assert artifact_path(environment, load_manifest(environment, "1.1.0")) is None


MISTAKES = {
    "version and file name": ('"1.1.0"', '"1.1.1"', "3: version is 1.1.1, but the file is called 1.1.0.yml; rename the file to 1.1.1.yml or mend the version"),
    "version without quotes": ('"1.1.0"', "1.1", "3: version must be text, not 1.1; put it in quotes"),
    "latest": ('"1.1.0"', "latest", "3: version must be a version such as"),
    "version that leaves the directory": ('"1.1.0"', "../1.1.0", "3: version must be a version such as"),
    "other application": ("clinic\n", "shop\n", "2: application is shop, but delivery.yml delivers clinic"),
    "no artifact there": ("../clinic.war", "../other.war", "5: there is no artifact inventories/demo-test/other.war; build it, or mend the path"),
    "no script there": ("one.sql", "two.sql", "8: there is no script two.sql beside the manifest"),
    "sha256 malformed": ("66dd", "66DD", "6: artifact.sha256 must be 64 lower-case hex digits as printed by sha256sum, not '66DD"),
    "path and url": ("  sha256", "  url: https://example.org/a.war\n  sha256", "4: artifact: 'path' and 'url' are both given; keep the one the file comes from"),
    "neither path nor url": ("  path: ../clinic.war\n", "", "4: artifact: neither 'path' nor 'url' says where the file comes from"),
    "url that is none": ("path: ../clinic.war", "url: ftp://example.org/a", "5: artifact.url must be an http:// or https:// address"),
    "session policy": ("shared", "sharde", "9: sessions must be 'shared', 'isolated' or 'finish_on_old', not 'sharde'"),
    "a bound above the version": ("sessions", '  oldest_compatible: "1.10.0"\nsessions', "9: database.oldest_compatible is 1.10.0, which is newer than this version, 1.1.0"),
    "a review without a reason": ("sessions", "  reviewed: {by: Ann}\nsessions", "9: 'reason' is missing in database.reviewed"),
    "unknown key": ("artifact:", "artefact:", "4: unknown key 'artefact'; did you mean 'artifact'?"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_named_with_its_line(manifest_complaints: Complaints, old: str, new: str, said: str) -> None:
    assert old in good()
    assert any(line.startswith(said) for line in manifest_complaints(good().replace(old, new, 1)))


def test_missing_files_are_told_together_with_the_rest(manifest_complaints: Complaints) -> None:
    lines = manifest_complaints(good().replace("66dd", "zz").replace("one.sql", "two.sql").replace("../clinic", "../x"))
    assert [line.split(":")[0] for line in lines] == ["5", "6", "8"]


@pytest.mark.parametrize("version", ["9.9.9", "../delivery", "..", "/etc/passwd"])
def test_a_version_without_a_manifest_lists_those_there_are(site: Path, version: str) -> None:
    with pytest.raises(DeliveryError, match=r"versions with a manifest: 1\.1\.0"):
        load_manifest(load_environment(site), version)
