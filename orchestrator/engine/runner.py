"""The only place that knows ansible-runner (2.4) and its ways. See docs/decisions for what was tried."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible_runner

from orchestrator.engine.channel import CHANNEL, channel
from orchestrator.engine.environ import compose
from orchestrator.engine.request import RunRequest
from orchestrator.engine.verdict import ENDED_BY_SIGNAL
from orchestrator.engine.workspace import Workspace
from orchestrator.errors import UsageError
from orchestrator.languages import _
from orchestrator.paths import state_dir

START = Path(__file__).parent / "start_ansible.py"
# Names the directory where START keeps what it has read.
CACHE = "LIFECYCLE_CACHE"


def play(
    workspace: Workspace,
    arguments: list[str],
    mark: str,
    take: Callable[[bytes], None],
    hear: Callable[[dict[str, Any]], bool],
    poll: Callable[[], bool],
    settings: Mapping[str, str],
) -> int:
    """Run one ansible-playbook and return its exit code. `settings`: environment variables over all others.

    `take` gets every event as a line of JSON, from a thread of its own. `hear` gets what ansible prints as events of
    ansible-runner, and returns False, so that none is written to a file. `poll` is called every second; giving one also
    keeps ansible-runner from installing signal handlers that it never takes away again.
    """
    runner = ansible_runner.interface.init_runner(
        private_data_dir=str(workspace.path),
        project_dir=str(Path.cwd()),
        playbook=arguments[-1],
        quiet=True,
        # Any other value than "jsonfile" keeps the runner from redirecting ansible's fact cache.
        fact_cache_type="memory",
        event_handler=hear,
        cancel_callback=poll,
    )
    # The runner would hand on the operator's whole environment, and write it to a file as well.
    runner.config.env = {**compose(os.environ, runner.config.env, mark), **settings}
    runner.config.env |= {CHANNEL: str(workspace.channel), CACHE: str(state_dir() / "cache")}
    runner.config.command = [*tether(), *arguments]
    with channel(workspace.channel, take):
        runner.run()
    # The runner has no exit code for a process that a signal ended.
    return ENDED_BY_SIGNAL if runner.rc is None else int(runner.rc)


def tether() -> list[str]:
    """What makes ansible end when this process is killed: the kernel sends it SIGINT when its parent dies."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise UsageError(
            _("setpriv is missing: without it a killed lifecycle would leave ansible changing hosts"),
            remedy=_("install util-linux"),
        )
    return [setpriv, "--pdeathsig", "INT", "--"]


def arguments(request: RunRequest, workspace: Workspace, *playbooks: str) -> list[str]:
    """The argv of ansible-playbook. Values that may be secret are in files of the workspace, never here."""
    found = [*_program(), "-i", str(request.environment.hosts_file)]
    for file in request.extra_files:
        found += ["-e", f"@{Path(file).absolute()}"]
    if request.extra_vars:
        found += ["-e", f"@{workspace.put_extra_vars(request.extra_vars)}"]
    for option, value in _valued(request).items():
        if value:
            # In one word: a value may begin with a hyphen.
            found.append(f"{option}={value}")
    found += [flag for flag, given in (("--check", request.check), ("--diff", request.diff)) if given]
    if request.verbosity:
        found.append("-" + "v" * min(request.verbosity, 4))
    for identity in request.vault_ids:
        found += ["--vault-id", identity]
    for option, secret in _secrets(request).items():
        if secret is not None:
            found += [option, str(workspace.put(option.strip("-"), secret + "\n"))]
    return [*found, *playbooks]


def _valued(request: RunRequest) -> Mapping[str, str]:
    return {
        "--limit": request.limit or "",
        "--tags": ",".join(request.tags),
        "--skip-tags": ",".join(request.skip_tags),
        "--forks": str(request.forks or ""),
    }


def _secrets(request: RunRequest) -> Mapping[str, str | None]:
    return {
        "--vault-password-file": request.vault_password,
        "--become-password-file": request.become_password,
        "--connection-password-file": request.connection_password,
    }


def _program() -> list[str]:
    """ansible-playbook of our own virtual environment, whatever is first on the PATH."""
    beside = Path(sys.executable).parent / "ansible-playbook"
    if beside.is_file():
        # -P: the directory of START is no place to import from, it has a `secrets` and a `locks` of its own.
        return [sys.executable, "-P", str(START), str(beside)]
    found = shutil.which("ansible-playbook")
    if found is None:
        raise UsageError(_("ansible-playbook is not installed"), remedy=_("reinstall impl-lifecycle"))
    # Of another Python than ours: it starts as it is.
    return [found]
