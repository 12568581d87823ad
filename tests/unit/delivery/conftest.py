"""An environment on disk whose files a test can spoil."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.delivery import load_environment, load_manifest
from orchestrator.errors import DeliveryError

DELIVERY = """\
schema: 1
client: demo
stage: test
application:
  name: clinic
  context_path: /
  health: {path: /health, status: 200, timeout: 60}
  slots:
    blue: 8080
    green: 8180
requirements:
  groups:
    app:
      cpus: 2
  reach:
    - {from: app, to: db, port: 5432}
release:
  steps: [10, 50, 100]
  pilots: [dr-house]
  identity:
    cookie: null
"""

HOSTS = """\
all:
  children:
    site:
      children:
        app: {hosts: {app1: {ansible_password: !vault x}}}
        db: {hosts: {db1: {ansible_host: "{{ address }}"}}}
"""

MANIFEST = """\
schema: 1
application: clinic
version: "1.1.0"
artifact:
  path: ../clinic.war
  sha256: 66dd00bbacb05bff5aa12832237977dcb5272a6d03f77e3f8a7186f5d1c1f2a9
database:
  expand: [one.sql]
sessions: shared
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole environment at inventories/demo-test of the working directory."""
    path = tmp_path / "inventories" / "demo-test"
    (path / "releases").mkdir(parents=True)
    (path / "hosts.yml").write_text(HOSTS)
    (path / "delivery.yml").write_text(DELIVERY)
    (path / "releases" / "1.1.0.yml").write_text(MANIFEST)
    (path / "releases" / "one.sql").write_text("select 1;\n")
    (path / "clinic.war").write_bytes(b"war")
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def complaints(site: Path) -> Callable[[str], list[str]]:
    """What is said about a delivery.yml, `line: text` without the file's name."""

    def read(text: str) -> list[str]:
        (site / "delivery.yml").write_text(text)
        with pytest.raises(DeliveryError) as caught:
            load_environment(site)
        return [line.removeprefix("inventories/demo-test/delivery.yml:") for line in caught.value.lines()]

    return read


@pytest.fixture
def manifest_complaints(site: Path) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        (site / "releases" / "1.1.0.yml").write_text(text)
        with pytest.raises(DeliveryError) as caught:
            load_manifest(load_environment(site), "1.1.0")
        return [line.removeprefix("inventories/demo-test/releases/1.1.0.yml:") for line in caught.value.lines()]

    return read
