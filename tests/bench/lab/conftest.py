"""The lab of the end-to-end tests, for what takes too long there."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import pytest

from tests.e2e.conftest import ENVIRONMENT, Lifecycle, clinic, lab, lifecycle, site

__all__ = ["CANDIDATE", "ENV", "STABLE", "clinic", "inside", "lab", "lifecycle", "live", "only_stable", "site"]

ENV = ("-i", str(ENVIRONMENT))
STABLE, CANDIDATE = "1.1.0", "1.0.0"


def inside(host: str, command: str, *, check: bool = True) -> str:
    """Run a command on a test host as root; its output."""
    done = subprocess.run(
        ["podman", "exec", f"lab-{host}", "sh", "-c", command], capture_output=True, text=True, check=check
    )
    return done.stdout.strip()


def live(clinic: Lifecycle) -> dict[str, Any]:
    """The edge's word, as soon as it can be had."""
    for _ in range(6):
        ended = clinic("release", "status", "--live", *ENV)
        if ended.returncode == 0:
            break
        time.sleep(3)
    told: dict[str, Any] = clinic.json("release", "status", "--live", *ENV)
    return told


def only_stable(clinic: Lifecycle) -> None:
    """1.1.0 for everybody and nothing open, whatever was."""
    status = live(clinic)
    if status["release"]["state"] in ("staged", "widening", "held"):
        clinic.json("release", "abort", *ENV)
    if status["edge"]["stable"]["version"] == STABLE:
        return
    if (status["edge"]["previous"] or {}).get("version") == STABLE:
        clinic.json("release", "rollback", "--reason", "the bench", *ENV)
        return
    clinic.json("release", "start", STABLE, *ENV)
    clinic.json("release", "widen", "100", *ENV)
    clinic.json("release", "promote", *ENV)


@pytest.fixture(scope="module")
def two_good_versions(clinic: Lifecycle) -> Lifecycle:
    """1.1.0 serves and 1.0.0 waits in the other slots: neither fails."""
    only_stable(clinic)
    clinic.json("release", "start", CANDIDATE, "--again", "--reason", "to change places with 1.1.0", *ENV)
    return clinic
