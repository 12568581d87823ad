"""The lab of the end-to-end tests, for what takes too long there."""

from __future__ import annotations

import subprocess

import pytest

from tests.e2e.conftest import ENVIRONMENT, Lifecycle, clinic, lab, lifecycle, site

__all__ = ["CANDIDATE", "ENV", "clinic", "inside", "lab", "lifecycle", "site", "two_good_versions"]

ENV = ("-i", str(ENVIRONMENT))
CANDIDATE = "1.0.0"


def inside(host: str, command: str, *, check: bool = True) -> str:
    """Run a command on a test host as root; its output."""
    done = subprocess.run(
        ["podman", "exec", f"lab-{host}", "sh", "-c", command], capture_output=True, text=True, check=check
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def two_good_versions(clinic: Lifecycle) -> Lifecycle:
    """1.1.0 serves and 1.0.0 waits in the other slots: neither fails."""
    clinic.json("release", "start", "1.1.0", *ENV)
    clinic.json("release", "widen", "100", *ENV)
    clinic.json("release", "promote", *ENV)
    clinic.json("release", "start", CANDIDATE, "--again", "--reason", "to change places with 1.1.0", *ENV)
    return clinic
