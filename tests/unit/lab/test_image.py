"""The image follows its recipe, and takes packages from where the machine does."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

from orchestrator.lab import image


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return Path(shutil.copytree(image.RECIPE, tmp_path / "recipe"))


def test_the_same_recipe_has_the_same_digest(recipe: Path) -> None:
    assert image.digest(recipe) == image.digest()


@pytest.mark.parametrize("name", ["recipe.toml", "customize.sh", "lab-init"])
def test_a_change_to_any_part_of_the_recipe_is_another_image(recipe: Path, name: str) -> None:
    with (recipe / name).open("a") as part:
        part.write("\n# changed\n")
    assert image.digest(recipe) != image.digest()


def test_the_two_releases_are_two_images() -> None:
    assert image.reference("12") != image.reference("13")


def test_what_every_lab_host_gets_is_installed_without_a_download() -> None:
    """Each host of each lab and scenario would fetch it anew."""
    root = Path(__file__).resolve().parents[3]
    role = root / "collections/ansible_collections/impl/lifecycle/roles/os_baseline/vars/main.yml"
    expression = yaml.safe_load(role.read_text())["__os_baseline_all_packages"]
    named = set(re.findall(r"'([a-z0-9.+-]+)'", expression))
    assert "libpam-pwquality" in named, "the expression is read as it is written"
    asked = yaml.safe_load((root / "inventories/lab/group_vars/all/site.yml").read_text())["os_baseline_packages"]
    recipe = tomllib.loads((image.RECIPE / "recipe.toml").read_text())
    there = set(recipe["image"]["include"]).union(*(entry["packages"] for entry in recipe["downloads"]))
    assert (named | set(asked)) - there == set()


def test_each_release_downloads_its_own_tomcat() -> None:
    recipe = tomllib.loads((image.RECIPE / "recipe.toml").read_text())
    downloads = {debian: image.build_environment(recipe, debian)["DOWNLOADS"] for debian in ("12", "13")}
    assert "tomcat10" in downloads["12"]
    assert "tomcat11" not in downloads["12"]
    assert "tomcat11" in downloads["13"]
    assert "nginx" in downloads["12"]
    assert "nginx" in downloads["13"]


def test_a_mirror_by_setting_serves_security_updates_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "query", lambda _: "")
    monkeypatch.delenv("http_proxy", raising=False)
    sources = image.machine_sources("http://mirror.example/debian/")
    assert sources == image.Sources("http://mirror.example/debian", "http://mirror.example/debian-security", "")


def test_the_machines_own_mirrors_and_proxy_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "apt-config": "http://proxy.example:3128\n",
        "apt-get": "Debian-Security http://m/security/\nDebian http://m/debian/\nDebian http://m/other/\nX http://x/\n",
    }
    monkeypatch.setattr(image, "query", lambda argv: answers[argv[0]])
    assert image.machine_sources(None) == image.Sources(
        "http://m/debian", "http://m/security", "http://proxy.example:3128"
    )


def test_without_apt_debians_own_mirror_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "query", lambda _: "")
    monkeypatch.delenv("http_proxy", raising=False)
    assert image.machine_sources(None) == image.Sources()


def test_the_first_error_of_apt_is_what_is_told() -> None:
    stderr = "I: updating\nE: Unable to locate package nginxx\nE: apt-get failed\n"
    assert image.apt_words(stderr) == "E: Unable to locate package nginxx"
