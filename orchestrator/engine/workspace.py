"""A run's private directory: on memory, for its owner only, gone when the run is over."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestrator.records.entities import Actor
from orchestrator.records.liveness import start_mark

PREFIX = "lifecycle-"
# Names the file whose presence asks the callback to end the playbook before its next task.
STOP_FILE = "LIFECYCLE_STOP_FILE"
SHARED_MEMORY = Path("/dev/shm")

# ansible-runner takes these from a file only; as keywords they are ignored (ansible-runner 2.4).
# pexpect_timeout is how often, in seconds, it looks whether the run was interrupted.
SETTINGS = {"suppress_output_file": True, "suppress_ansible_output": True, "pexpect_timeout": 1}


class Workspace:
    """The directory handed to ansible-runner as private_data_dir. Everything secret that ansible needs lies in here."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stop_file = path / "stop"
        self.channel = path / "channel"
        (path / "env").mkdir(mode=0o700)
        self.put("env/settings", json.dumps(SETTINGS))

    def put(self, name: str, text: str) -> Path:
        """Write a file that only the owner may read."""
        target = self.path / name
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return target

    def put_extra_vars(self, values: Mapping[str, Any]) -> Path:
        return self.put("env/extravars", json.dumps(values))


@contextmanager
def workspace(actor: Actor) -> Iterator[Workspace]:
    """A fresh directory, removed whatever happens; and what killed processes left is removed first."""
    base = base_directory()
    sweep(base)
    mark = actor.pid_started.replace(":", ".")
    path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{actor.pid}-{mark}-", dir=base))
    try:
        yield Workspace(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def base_directory() -> Path:
    """Memory if there is some to write to: a disk keeps what was deleted."""
    candidates = (SHARED_MEMORY, Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent"))
    for candidate in candidates:
        if candidate.is_dir() and os.access(candidate, os.W_OK | os.X_OK):
            return candidate
    return Path(tempfile.gettempdir())


def sweep(base: Path) -> None:
    """Remove our directories whose process is dead."""
    for path in base.glob(f"{PREFIX}*-*-*"):
        pid, mark = path.name.removeprefix(PREFIX).split("-")[:2]
        try:
            ours = path.lstat().st_uid == os.getuid() and path.is_dir() and not path.is_symlink()
        except OSError:
            continue
        if ours and pid.isdigit() and (start_mark(int(pid)) or "").replace(":", ".") != mark:
            shutil.rmtree(path, ignore_errors=True)
