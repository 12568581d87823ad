"""Markers in an instance's deployments: what is asked, and what its scanner says."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.application import sha256_of
from ansible_collections.impl.lifecycle.plugins.module_utils.wildfly_deployments import Deployment


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("deployments", "aside", "store"):
        (tmp_path / name).mkdir()
    return tmp_path


def deployment(place: Path) -> Deployment:
    return Deployment(str(place / "deployments"), "clinic.war", os.getuid(), os.getgid())


def put(place: Path, content: str) -> Deployment:
    (place / "store/new").write_text(content)
    wanted = deployment(place)
    wanted.put(str(place / "store/new"), str(place / "aside"))
    return wanted


def names(place: Path) -> list[str]:
    return sorted(path.name for path in (place / "deployments").iterdir())


def succeed(place: Path) -> None:
    war = place / "deployments/clinic.war"
    (place / "deployments/clinic.war.dodeploy").unlink()
    (place / "deployments/clinic.war.deployed").write_text("clinic.war")
    os.utime(place / "deployments/clinic.war.deployed", (war.stat().st_mtime,) * 2)


def later(act: Callable[[], object]) -> None:
    threading.Timer(0.3, act).start()


def test_an_artifact_is_placed_whole_and_asked_for(place: Path) -> None:
    put(place, "one")
    assert names(place) == ["clinic.war", "clinic.war.dodeploy"]
    assert (place / "deployments/clinic.war").stat().st_mode & 0o777 == 0o640
    assert not list((place / "aside").iterdir())


def test_the_answer_to_an_earlier_artifact_is_none_to_this(place: Path) -> None:
    put(place, "one")
    succeed(place)
    wanted = put(place, "two")
    (place / "deployments/clinic.war.dodeploy").unlink()  # the scanner deletes this first, and the rest a moment later
    assert wanted.answer() is None
    (place / "deployments/clinic.war.dodeploy").touch()
    succeed(place)
    assert wanted.answer() is not None


def test_the_scanners_words_are_waited_for(place: Path) -> None:
    wanted = put(place, "one")

    def fail() -> None:
        (place / "deployments/clinic.war.failed").touch()
        (place / "deployments/clinic.war.dodeploy").unlink()
        time.sleep(0.4)
        (place / "deployments/clinic.war.failed").write_text("WFLYCTL0080: no")

    later(fail)
    assert wanted.wait(5, lambda: True) == ("failed", "WFLYCTL0080: no")


def test_nobody_waits_for_an_instance_that_has_ended_or_for_ever(place: Path) -> None:
    wanted = put(place, "one")
    assert wanted.wait(5, lambda: False) == ("silent", "the instance has ended")
    assert wanted.wait(0, lambda: True).words == "no answer of the deployment scanner within 0 s"


def test_what_is_served_is_current_and_what_failed_is_not(place: Path) -> None:
    wanted = put(place, "one")
    sha256 = sha256_of(str(place / "store/new"))
    assert not wanted.is_current(sha256, running=True)
    assert wanted.is_current(sha256, running=False)
    succeed(place)
    assert wanted.is_current(sha256, running=True)
    assert not wanted.is_current("0" * 64, running=True)


def test_a_link_laid_by_the_instance_leads_root_nowhere(place: Path) -> None:
    (place / "secret").write_text("secret")
    (place / "deployments/clinic.war").symlink_to(place / "secret")
    (place / "deployments/clinic.war.deployed").touch()
    (place / "deployments/clinic.war.dodeploy").symlink_to(place / "secret")
    assert deployment(place).keep(str(place / "aside")) == ""
    put(place, "one")
    assert (place / "secret").read_text() == "secret"
    assert not (place / "deployments/clinic.war.dodeploy").is_symlink()


def test_withdrawing_waits_for_the_undeployment_and_leaves_nothing(place: Path) -> None:
    wanted = put(place, "one")
    succeed(place)
    later((place / "deployments/clinic.war.undeployed").touch)
    assert wanted.withdraw(True, 5, lambda: True).state == "gone"
    assert names(place) == []
