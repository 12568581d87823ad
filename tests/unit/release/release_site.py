"""A delivered application with three versions ready to be released."""

from __future__ import annotations

import hashlib
from pathlib import Path

from orchestrator.delivery import Environment, load_environment

DELIVERY = """\
schema: 1
client: demo
stage: test
application: {name: clinic, context_path: /, health: {path: /health}, slots: {blue: 8080, green: 8180}}
release: {steps: [10, 50, 100]}
"""


def make_environment(root: Path) -> Environment:
    path = root / "demo-test"
    (path / "releases").mkdir(parents=True)
    (path / "hosts.yml").write_text("all: {}\n")
    (path / "delivery.yml").write_text(DELIVERY)
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        artifact = path / f"clinic-{version}.war"
        artifact.write_bytes(version.encode())
        sha256 = hashlib.sha256(artifact.read_bytes()).hexdigest()
        (path / "releases" / f"{version}.yml").write_text(
            f'schema: 1\napplication: clinic\nversion: "{version}"\n'
            f"artifact: {{path: ../{artifact.name}, sha256: {sha256}}}\n"
        )
    return load_environment(path)
