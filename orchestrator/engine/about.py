"""What a run stores about itself: who, with which versions, from which commit, with which options."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import Any

from orchestrator.engine.request import RunRequest
from orchestrator.paths import collection
from orchestrator.phases.planner import PLAYBOOK_SUFFIXES
from orchestrator.records.entities import Actor, NewRun


def describe(request: RunRequest, actor: Actor, phases: tuple[str, ...]) -> NewRun:
    """The row of a run before it starts. Option values that may be secret are left out: only names are kept."""
    commit, dirty = git_state(request.environment.path)
    return NewRun(
        environment=request.environment.name,
        environment_path=str(request.environment.path),
        phases=phases,
        actor=actor,
        check=request.check,
        reason=request.reason,
        git_commit=commit,
        git_dirty=dirty,
        inventory_digest=request.environment.inventory_digest,
        versions=versions(),
        options=options(request),
        resumes=request.resumes,
        applies=request.applies,
        job=request.submission.job if request.submission else None,
    )


def options(request: RunRequest) -> dict[str, Any]:
    """What was asked for, without any value of a variable or password."""
    given = {
        "limit": request.limit,
        "limits": dict(request.limits),
        "playbooks": own_playbooks(request),
        "digests": {file: _digest(file) for file in (*own_playbooks(request).values(), *request.extra_files)},
        "despite": list(request.despite),
        "diff": request.diff,
        "tags": list(request.tags),
        "skip_tags": list(request.skip_tags),
        "forks": request.forks,
        "strategy": request.strategy,
        "extra_vars": sorted(request.extra_vars),
        "extra_files": list(request.extra_files),
        "vault_ids": list(request.vault_ids),
        "worker": request.submission.worker if request.submission else None,
        "ask_become_pass": request.become_password is not None,
        "ask_pass": request.connection_password is not None,
        "ask_vault_pass": request.vault_password is not None,
    }
    return {name: value for name, value in given.items() if value}


def own_playbooks(request: RunRequest) -> dict[str, str]:
    """The phases that are playbooks of the client's own, with their files as they were named."""
    return {PurePath(phase).stem: phase for phase in request.phases if phase.endswith(PLAYBOOK_SUFFIXES)}


def _digest(file: str) -> str | None:
    """What a file given beside the environment held; None when it cannot be read."""
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError:
        return None


def git_state(path: Path) -> tuple[str | None, bool | None]:
    """Commit and whether there are changes beside it; (None, None) outside of a repository or without git."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(path), "status", "--porcelain=v2", "--branch"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None, None
    if answer.returncode != 0:
        return None, None
    found = re.search(r"^# branch\.oid ([0-9a-f]+)$", answer.stdout, re.M)
    dirty = any(not line.startswith("#") for line in answer.stdout.splitlines())
    return (found.group(1) if found else None), dirty


@cache
def versions() -> dict[str, str]:
    return {
        "lifecycle": _version("impl-lifecycle"),
        "collection": _collection_version(),
        "ansible-core": _version("ansible-core"),
        "ansible-runner": _version("ansible-runner"),
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"


def _collection_version() -> str:
    """From galaxy.yml in a checkout, from MANIFEST.json where ansible-galaxy installed it."""
    patterns = {"galaxy.yml": r"^version:\s*[\"']?([^\s\"']+)", "MANIFEST.json": r'"version":\s*"([^"]+)"'}
    for name, pattern in patterns.items():
        file = collection() / name
        if file.is_file() and (found := re.search(pattern, file.read_text(encoding="utf-8"), re.M)):
            return found.group(1)
    return "unknown"
