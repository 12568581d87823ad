"""What has passed the check is not checked again, and whatever differs by a letter is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.delivery import checking, load_environment, passed
from orchestrator.errors import DeliveryError


@pytest.fixture
def known(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that has passed, of a controller with something on record."""
    (tmp_path / "var").mkdir()
    monkeypatch.setenv("LIFECYCLE_VAR", str(tmp_path / "var"))
    load_environment(site)
    return site


def never(*_: object) -> None:
    raise AssertionError("checked again")


def test_what_has_passed_is_not_checked_again(known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "check", never)
    environment = load_environment(known)
    with pytest.raises(AssertionError, match="checked again"):
        _ = environment.delivery


def test_it_takes_no_model_and_no_parser(known: Path) -> None:
    asked = "import sys; from orchestrator.delivery import load_environment; load_environment(sys.argv[1])"
    told = f"{asked}; print({{'pydantic', 'yaml'}} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", told, known], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "mistake"),
    [
        ("delivery.yml", "steps:", "stpes:", "unknown key 'stpes'"),
        ("hosts.yml", "db:", "dx:", "no group 'db'"),
    ],
)
def test_a_mistake_that_comes_later_is_found(known: Path, file: str, old: str, new: str, mistake: str) -> None:
    right = (known / file).read_text()
    (known / file).write_text(right.replace(old, new))
    for _ in range(2):
        with pytest.raises(DeliveryError, match=mistake):
            load_environment(known)
    (known / file).write_text(right)
    assert load_environment(known).delivery.client == "demo"


def test_another_environment_of_that_name_has_not_passed(
    known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "elsewhere" / known.name
    shutil.copytree(known, other)
    monkeypatch.setattr(checking, "check", never)
    with pytest.raises(AssertionError):
        load_environment(other)


def test_another_version_of_the_check_is_made(known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "code"
    shutil.copytree(passed.CODE, code)
    monkeypatch.setattr(passed, "CODE", code)
    load_environment(known)
    os.utime(code / "models.py", (1, 1))
    monkeypatch.setattr(checking, "check", never)
    with pytest.raises(AssertionError):
        load_environment(known)


def test_a_file_that_changes_during_the_check_has_not_passed(
    known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = (known / "delivery.yml").read_text().replace("steps:", "stpes:")
    right = f"{wrong}# mended".replace("stpes:", "steps:")
    (known / "delivery.yml").write_text(wrong)

    def read(path: Path) -> str:
        (known / "delivery.yml").write_text(right)
        return right if path.name == "delivery.yml" else path.read_text()

    monkeypatch.setattr("orchestrator.delivery.yamlfile._text", read)
    load_environment(known)
    monkeypatch.undo()
    monkeypatch.setenv("LIFECYCLE_VAR", str(tmp_path / "var"))
    (known / "delivery.yml").write_text(wrong)
    with pytest.raises(DeliveryError, match="stpes"):
        load_environment(known)


def test_looking_at_an_environment_makes_no_directory(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFECYCLE_VAR", str(tmp_path / "var"))
    load_environment(site)
    assert not (tmp_path / "var").exists()


def test_where_nothing_can_be_remembered_it_is_checked_each_time(known: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "var")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "checked").write_text("in the way")
    assert load_environment(known).delivery.client == "demo"
