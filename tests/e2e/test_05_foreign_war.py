"""A WAR that nobody here wrote, with nothing but delivery.yml and a manifest: the examples of Debian's Tomcat."""

from __future__ import annotations

import hashlib
import subprocess
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Lifecycle

pytestmark = pytest.mark.lab
PORT = 8088


@pytest.fixture
def examples(tmp_path: Path, host: Any, environment_copy: Path) -> Path:
    """An environment whose application is the examples, on the lab's hosts beside the clinic."""
    war = tmp_path / "examples-1.0.war"
    pack(host("app1"), war)
    delivery = yaml.safe_load((environment_copy / "delivery.yml").read_text())
    delivery["application"] |= {
        "name": "examples", "context_path": "/examples", "slots": {"blue": 8280, "green": 8380},
        "health": {"path": "/servlets/servlet/HelloWorldExample", "status": 200, "timeout": 60},
    }  # fmt: skip
    (environment_copy / "delivery.yml").write_text(yaml.safe_dump(delivery))
    for manifest in (environment_copy / "releases").glob("*"):
        manifest.unlink()
    digest = hashlib.sha256(war.read_bytes()).hexdigest()
    manifest = {
        "schema": 1,
        "application": "examples",
        "version": "1.0",
        "artifact": {"path": str(war), "sha256": digest},
    }
    (environment_copy / "releases" / "1.0.yml").write_text(yaml.safe_dump(manifest))
    (environment_copy / "group_vars" / "app" / "slots.yml").write_text(
        # The examples' own context file lets nobody in but localhost.
        "app_slot_heap_mb: 96\napp_slot_own_context: false\n"
    )
    edge = {"gray_edge_listen": [str(PORT)], "gray_edge_default_server": False}
    (environment_copy / "group_vars" / "edge").mkdir(exist_ok=True)
    (environment_copy / "group_vars" / "edge" / "examples.yml").write_text(yaml.safe_dump(edge))
    return environment_copy


def pack(machine: Any, war: Path) -> None:
    """Debian ships the examples as a directory; a delivery gets a WAR."""
    fetched = machine.run(
        "cd /tmp && rm -rf examples examples.zip && apt-get download -qq tomcat10-examples 2>/dev/null; "
        "deb=$(ls /tmp/tomcat10-examples*.deb /var/cache/apt/archives/tomcat10-examples*.deb 2>/dev/null | head -1); "
        "dpkg-deb -x $deb examples && cd examples/usr/share/tomcat10-examples/examples && python3 -m zipfile -c "
        "/tmp/examples.zip * && base64 /tmp/examples.zip"
    )
    assert fetched.rc == 0, fetched.stderr
    war.write_bytes(
        subprocess.run(["base64", "-d"], input=fetched.stdout.encode(), capture_output=True, check=True).stdout
    )
    assert "WEB-INF/web.xml" in zipfile.ZipFile(war).namelist()


def test_the_examples_of_debians_tomcat_are_released_like_any_application(
    clinic: Lifecycle, examples: Path, addresses: dict[str, str]
) -> None:
    provisioned = clinic.json("run", "provision", "-i", str(examples), "--tags", "tomcat,gray_edge")
    assert provisioned["status"] == "successful", provisioned["failures"]
    released = clinic.json("release", "start", "1.0", "-i", str(examples))
    assert released["release"]["state"] == "promoted", released
    page = f"http://{addresses['edge1']}:{PORT}/examples/servlets/servlet/RequestInfoExample"
    with urllib.request.urlopen(page, timeout=10) as answer:
        assert "/examples/servlets/servlet/RequestInfoExample" in answer.read().decode()
    with urllib.request.urlopen(f"http://{addresses['edge1']}/health", timeout=10) as answer:
        assert answer.status == 200, "the clinic goes on beside it"
