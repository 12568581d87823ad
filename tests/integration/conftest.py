"""A small environment of its own for each test, and the real `lifecycle` run as a process against this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

PROGRAM = Path(sys.executable).parent / "lifecycle"

DELIVERY = """\
schema: 1
client: site
stage: lab
application: {name: clinic, context_path: /, health: {path: /health}, slots: {blue: 8080, green: 8180}}
"""
HOST = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


class Site:
    """One environment in a directory of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = root / "inventories" / "site-lab"
        self.environment.mkdir(parents=True)
        (self.environment / "delivery.yml").write_text(DELIVERY, encoding="utf-8")
        self.hosts(one=HOST)
        # Tests run side by side on this machine, and each is a controller of its own, whatever it has for an inventory.
        self.group_vars(f"lifecycle_marker_directory: {root}/marks\n", name="all/marks.yml")
        self.var = root / "var"
        allowed = ("PATH", "HOME", "LANG", "USER")
        self.env = {name: os.environ[name] for name in allowed if name in os.environ}
        self.env["LIFECYCLE_VAR"] = str(self.var)

    def hosts(self, **hosts: dict[str, Any]) -> None:
        (self.environment / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")

    def group_vars(self, text: str, name: str = "all/main.yml") -> Path:
        return self.write(f"inventories/site-lab/group_vars/{name}", text)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def playbook(self, tasks: str, name: str = "site.yml") -> str:
        """A play over all hosts with these tasks; returns its file name."""
        body = textwrap.indent(textwrap.dedent(tasks).strip(), "    ")
        self.write(name, f"- name: Test play\n  hosts: all\n  gather_facts: false\n  tasks:\n{body}\n")
        return name

    def start(self, *arguments: str, to: IO[str] | None = None) -> subprocess.Popen[str]:
        """Start `lifecycle`; `to`: a file for its output, where that is too much for a pipe that nobody reads."""
        return subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=self.root,
            env=self.env,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=to or subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def lifecycle(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, output)

    def stop_at_once(self, process: subprocess.Popen[str]) -> str:
        """What a person does who does not wait for the running task: interrupt twice."""
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        return process.communicate(timeout=20)[0]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.lifecycle("run", *arguments, "-i", "site-lab")

    def history(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.lifecycle("history", "--json").stdout)
        return found

    def show(self, run: int, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.lifecycle("show", str(run), "--json", *arguments).stdout)
        return found

    def at_work(self) -> list[str]:
        """Command lines of every process that has this site's directory in its environment or arguments."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    line, environ = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
                except OSError:
                    continue
                if str(self.root).encode() in line + environ and line:
                    found.append(line.replace(b"\0", b" ").decode(errors="replace"))
        return found


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.1)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def until() -> Callable[..., None]:
    return wait_for
