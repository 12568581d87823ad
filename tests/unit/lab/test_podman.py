"""podman gets settings that fit the machine, and its words reach people without its log."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from orchestrator.errors import LabError
from orchestrator.lab import inventory, podman


def test_on_cgroup_v1_podman_gets_a_file_of_its_own(tmp_path: Path) -> None:
    environment = podman.Podman(tmp_path / "lab", cgroup_root=tmp_path).environment
    settings = tomllib.loads(Path(environment["CONTAINERS_CONF"]).read_text())
    assert settings["engine"]["runtime"] == "runc"
    assert settings["engine"]["cgroup_manager"] == "cgroupfs"


def test_on_cgroup_v2_podmans_defaults_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTAINERS_CONF", raising=False)
    (tmp_path / "cgroup.controllers").touch()
    assert "CONTAINERS_CONF" not in podman.Podman(tmp_path / "lab", cgroup_root=tmp_path).environment


def test_a_missing_program_is_told_with_the_line_that_installs_it() -> None:
    with pytest.raises(LabError, match=r"no-such-program is not installed; apt-get install .*podman"):
        podman.require_program("no-such-program")


def test_without_root_the_lab_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(podman.os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="needs root; run it again with sudo"):
        podman.require_root()


def test_podmans_log_lines_are_left_out() -> None:
    stderr = 'time="..." level=warning msg="CNI"\nError: no such container\ntime="..." level=error\n'
    assert podman.last_words(stderr) == "no such container"


def test_ansibles_own_error_is_told() -> None:
    stderr = "[WARNING]: something\n[ERROR]: Failed to parse inventory: bad yaml\nOrigin: x\n"
    assert inventory.reason(stderr) == "Failed to parse inventory: bad yaml"
