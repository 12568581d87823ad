"""A directory that stands for a host, for the tests of config_transaction."""

from __future__ import annotations

import base64
import os
import zlib
from pathlib import Path
from typing import Any

from ansible_collections.impl.lifecycle.plugins.modules import config_transaction as module

ME = {"owner": str(os.getuid()), "group": str(os.getgid())}


def file(path: Path, content: str = "", **more: Any) -> dict[str, Any]:
    usual = {"mode": "0644", "on_change": "reload", "secret": False, "service": None, "state": "present"}
    item = {"dest": str(path), **usual, **ME, **more}
    return {**item, "_content": content.encode()}


def absent(path: Path, **more: Any) -> dict[str, Any]:
    return {**file(path, **more), "state": "absent"}


class Host:
    """A directory that stands for a host, and the module run on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.etc = root / "etc"
        self.etc.mkdir()
        self.journal = root / "journal"
        self.generations = root / "generations"
        self.warnings: list[str] = []

    def apply(self, *files: dict[str, Any], check: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        contents = [item["_content"] for item in files if item["state"] == "present"]
        items = [{**item, "size": len(item["_content"])} for item in files]
        for item in [item for option in ("owns", "directories", "links") for item in options.get(option, [])]:
            item.setdefault("service", None)
        params = {
            "files": items,
            "owns": [],
            "directories": [],
            "links": [],
            "validate": [],
            "validate_when": "changed",
            "validate_timeout": 10,
            "role": None,
            "journal_directory": str(self.journal),
            "generations_directory": str(self.generations),
            "payload": base64.b64encode(zlib.compress(b"".join(contents))).decode(),
            **options,
        }
        return module.run(params, check, diff, self.warnings.append)

    def everything(self) -> dict[str, tuple[Any, ...]]:
        """What is on the host, hidden files too: kind, content, mode, time of change."""
        found: dict[str, tuple[Any, ...]] = {}
        for path in sorted(self.etc.rglob("*")):
            status = path.lstat()
            what = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else "directory"
            when = None if path.is_dir() or path.is_symlink() else status.st_mtime_ns
            found[str(path.relative_to(self.etc))] = (what, oct(status.st_mode), when)
        return found

    def journals(self) -> list[str]:
        return sorted(path.name for path in self.journal.iterdir() if path.name != "lock")
