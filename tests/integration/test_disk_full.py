"""The disk of the records is full, really: the play goes on, what could not be written is told or taken in later."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a small file system is mounted, which needs root")

# More than a page of output each, none of which compresses, so that every result needs room.
FILL = """
    - name: Before
      ansible.builtin.command: "true"
    - name: Wait for the writer
      ansible.builtin.command: sleep 1.5
    - name: Fill the disk
      ansible.builtin.command: dd if=/dev/zero of={place}/filler bs=4k
      failed_when: false
    - name: Print
      ansible.builtin.shell: head -c 60000 /dev/urandom | base64 -w0
      loop: [1, 2, 3]
    - name: Get on
      ansible.builtin.command: touch {root}/got-on
"""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_the_disk_of_the_database_is_full(site: Any, small: Path) -> None:
    site.env["LIFECYCLE_DATABASE_URL"] = f"sqlite:///{small}/lifecycle.db"
    site.playbook(FILL.format(place=small, root=site.root), name="fill.yml")
    ended = site.run("fill.yml")
    assert (ended.returncode, (site.root / "got-on").exists()) == (0, True), ended.stdout
    assert "cannot grow: the disk is full; make room" in ended.stdout
    assert "`lifecycle records ingest` takes it in" in ended.stdout
    (small / "filler").unlink()
    assert site.lifecycle("records", "ingest").returncode == 0
    run = site.show(1)
    assert (run["status"], run["recorded"]) == ("successful", "full")
    assert [result["task"] for result in run["results"]] == [
        *("Before", "Wait for the writer", "Fill the disk", "Print", "Get on")
    ]


def test_the_disk_of_everything_is_full(site: Any, small: Path) -> None:
    site.env["LIFECYCLE_VAR"] = str(small)
    site.playbook(FILL.format(place=small, root=site.root), name="fill.yml")
    ended = site.run("fill.yml")
    assert (ended.returncode, (site.root / "got-on").exists()) == (0, True), ended.stdout
    assert "recorded only in part" in ended.stdout
    assert "lines of it are lost" in ended.stdout
    assert "Traceback" not in ended.stdout
    # Until there is room, a command that has to write says so in one line.
    refused = site.run("fill.yml")
    assert (refused.returncode, refused.stdout.count("\n")) == (1, 1), refused.stdout
    assert "the disk is full" in refused.stdout
    (small / "filler").unlink()
    site.playbook("- name: Nothing\n  ansible.builtin.debug:", name="next.yml")
    assert site.run("next.yml").returncode == 0
    newest, oldest = site.history()[0], site.history()[-1]
    assert (newest["status"], oldest["recorded"]) == ("successful", "partial"), (newest, oldest)
