"""What goes wrong at a client's site: one clear message each, the documented exit code, nothing half-done left."""

from __future__ import annotations

import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import ENVIRONMENT, URL, Lifecycle

pytestmark = pytest.mark.lab
ENV = ("-i", str(ENVIRONMENT))


def one_line(ended: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The command refused: one line on stderr with these words, no traceback, this exit code."""
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    for word in words:
        assert word in ended.stderr


def still_serving() -> bool:
    with urllib.request.urlopen(URL + "/health", timeout=10) as answer:
        return bool(answer.status == 200)


@contextmanager
def stopped(lab: Lifecycle, name: str) -> Iterator[None]:
    subprocess.run(["podman", "stop", "-t", "2", f"lab-{name}"], check=True, capture_output=True)
    try:
        yield
    finally:
        assert lab("lab", "up", *ENV).returncode == 0


def test_wrong_yaml_is_named_with_file_and_line(clinic: Lifecycle, environment_copy: Path) -> None:
    delivery = environment_copy / "delivery.yml"
    delivery.write_text(delivery.read_text() + "\nrelease: [unclosed\n")
    one_line(clinic("run", "preflight", "-i", str(environment_copy)), 1, "delivery.yml:")


def test_an_unknown_key_is_named_with_a_suggestion(clinic: Lifecycle, environment_copy: Path) -> None:
    delivery = environment_copy / "delivery.yml"
    delivery.write_text(delivery.read_text().replace("  steps:", "  stpes:"))
    ended = clinic("run", "preflight", "-i", str(environment_copy))
    assert ended.returncode == 1
    assert "stpes" in ended.stderr
    assert "steps" in ended.stderr
    assert "delivery.yml:" in ended.stderr


def test_a_wrong_sha256_is_refused_before_any_host_is_touched(clinic: Lifecycle, environment_copy: Path) -> None:
    manifest = environment_copy / "releases" / "1.2.0.yml"
    lines = [f'  sha256: "{"0" * 64}"' if "sha256" in line else line for line in manifest.read_text().splitlines()]
    manifest.write_text("\n".join(lines) + "\n")
    before = len(clinic.json("history", "--limit", "500"))
    one_line(clinic("release", "start", "1.2.0", "--again", "--reason", "x", "-i", str(environment_copy)), 1, "sha256")
    assert len(clinic.json("history", "--limit", "500")) == before


def test_a_host_that_is_down_is_named(clinic: Lifecycle) -> None:
    with stopped(clinic, "cache1"):
        outcome = clinic.json("run", "provision", *ENV, "--limit", "cache1", code=4)
    assert [failure["host"] for failure in outcome["failures"]] == ["cache1"]
    assert outcome["status"] == "unreachable"


def test_a_wrong_sudo_password_is_named(clinic: Lifecycle, host: Any, tmp_path: Path) -> None:
    target = host("cache1")
    assert target.run("useradd -m -s /bin/bash -G sudo asker && echo asker:right-password | chpasswd").rc == 0
    assert target.run("install -d -o asker -m 700 /home/asker/.ssh && install -o asker -m 600 "
                      "/home/ops/.ssh/authorized_keys /home/asker/.ssh/authorized_keys").rc == 0  # fmt: skip
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("ansible_user: asker\nansible_become_password: wrong-password\n")
    try:
        outcome = clinic.json("run", "provision", *ENV, "--limit", "cache1", "-e", f"@{wrong}", code=2)
    finally:
        target.run("pkill -u asker; userdel -r asker")
    assert len(outcome["failures"]) == 1
    assert "sudo password" in outcome["failures"][0]["message"].lower()
    assert "wrong-password" not in str(outcome)


def test_a_port_taken_by_another_program_is_named(clinic: Lifecycle, host: Any) -> None:
    target = host("app2")
    idle = clinic.json("release", "status", "--live", *ENV)["edge"]["stable"]["colour"]
    port = 8180 if idle == "blue" else 8080
    slot = "green" if idle == "blue" else "blue"
    target.run(f"systemctl stop tomcat@clinic-{slot}")
    assert target.run(f"systemd-run --unit squatter python3 -m http.server {port}").rc == 0
    try:
        ended = clinic("release", "start", "1.2.0", "--again", "--reason", "port taken", *ENV)
    finally:
        target.run("systemctl stop squatter")
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "app2" in ended.stderr
    assert str(port) in ended.stderr
    assert still_serving()


def test_a_full_disk_on_a_target_leaves_the_site_as_it_was(clinic: Lifecycle, host: Any) -> None:
    target = host("app1")
    releases = "/opt/lifecycle/clinic/releases"
    # The same content on a file system of its own, filled to the last kilobyte but ten.
    full = (
        f"mount -t tmpfs -o size=4m none /mnt && cp -a {releases}/. /mnt/ && rm -rf /mnt/1.2.0 && "
        "dd if=/dev/zero of=/mnt/.fill bs=1k count=$(($(df -k --output=avail /mnt | tail -1) - 10)) status=none && "
        f"mount --bind /mnt {releases}"
    )
    assert target.run(full).rc == 0
    before = target.run(f"ls -A {releases}").stdout.split()
    try:
        ended = clinic("release", "start", "1.2.0", "--again", "--reason", "disk full", *ENV)
        after = target.run(f"ls -A {releases}").stdout.split()
    finally:
        target.run(f"umount {releases}; umount /mnt")
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "the disk is full" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert after == before
    assert still_serving()


def test_a_second_run_is_refused_and_told_who_works_there(clinic: Lifecycle) -> None:
    running = clinic.start("run", "provision", *ENV)
    assert running.stdout is not None
    running.stdout.readline()
    running.stdout.readline()
    second = clinic("run", "inspect", *ENV)
    running.communicate()
    one_line(second, 1, "provision")
    assert running.returncode == 0
