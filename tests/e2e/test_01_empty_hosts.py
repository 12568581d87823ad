"""Hosts fresh from the image: what is checked before anything is installed, and that checking changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import ENVIRONMENT, Lifecycle

pytestmark = pytest.mark.lab


def test_the_lab_is_what_the_delivery_needs(lab: Lifecycle) -> None:
    outcome = lab.json("run", "preflight", "-i", str(ENVIRONMENT))
    assert outcome["data"]["lifecycle_preflight"]["shortfalls"] == []
    assert not outcome["changed"]


def test_a_check_of_provision_does_not_need_anything_installed(lab: Lifecycle, host: Any) -> None:
    outcome = lab.json("run", "provision", "-i", str(ENVIRONMENT), "--check", "--diff")
    assert outcome["status"] == "successful", outcome["failures"]
    installed = {name: host(name).run("dpkg-query -W nginx redis-server postgresql tomcat10").stdout for name in
                 ("edge1", "cache1", "db1", "app1")}  # fmt: skip
    assert all("\t" not in line or line.endswith("\t") for out in installed.values() for line in out.splitlines()), (
        installed
    )
    assert not host("edge1").file("/etc/nginx").exists
    assert not host("app1").file("/etc/tomcat-instances").exists
