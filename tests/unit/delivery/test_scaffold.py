"""What `lifecycle init` writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.delivery import load_environment, load_manifest
from orchestrator.delivery.scaffold import scaffold
from orchestrator.errors import DeliveryError, InventoryError, UsageError

ROOT = Path(__file__).parents[3]


def contents(directory: Path) -> dict[str, str]:
    return {str(file.relative_to(directory)): file.read_text() for file in directory.rglob("*") if file.is_file()}


def test_a_scaffolded_environment_loads(tmp_path: Path) -> None:
    scaffold(tmp_path / "acme-test", "acme", "test", "web-shop")
    delivery = load_environment(tmp_path / "acme-test").delivery
    assert (delivery.client, delivery.stage, delivery.application.name) == ("acme", "test", "web-shop")


def test_no_placeholder_is_left(tmp_path: Path) -> None:
    scaffold(tmp_path / "acme-test", "acme", "test", "web-shop")
    for name, text in contents(tmp_path / "acme-test").items():
        assert "_NAME" not in text, name


def test_the_first_manifest_is_refused_until_it_names_a_real_file(tmp_path: Path) -> None:
    scaffold(tmp_path / "acme-test", "acme", "test", "shop")
    with pytest.raises(DeliveryError) as caught:
        load_manifest(load_environment(tmp_path / "acme-test"), "1.0.0")
    assert "there is no artifact" in caught.value.lines()[0]
    assert "artifact.sha256 must be 64" in caught.value.lines()[1]


def test_the_example_in_the_repository_is_what_init_writes(tmp_path: Path) -> None:
    scaffold(tmp_path / "example", "example", "test", "shop")
    assert contents(ROOT / "inventories" / "example") == contents(tmp_path / "example")


def test_nothing_that_is_there_is_touched(tmp_path: Path) -> None:
    there = tmp_path / "acme-test"
    there.mkdir()
    (there / "hosts.yml").write_text("mine\n")
    with pytest.raises(InventoryError, match="is there already"):
        scaffold(there, "acme", "test", "shop")
    assert contents(there) == {"hosts.yml": "mine\n"}


@pytest.mark.parametrize("name", ["", "Acme", "a b", "-a", "a--b", "a/b", "../a", "1a", "ä"])
def test_names_that_would_not_do_as_directories_and_units_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="lower-case letters"):
        scaffold(tmp_path / "x", name, "test", "shop")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(InventoryError, match="No space left on device"):
        scaffold(tmp_path / "acme-test", "acme", "test", "shop")
    assert list(tmp_path.iterdir()) == []
