"""Which secrets does this run know? They are collected before it starts, so that none reaches the records."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from orchestrator.engine.closed import NOTHING_CLOSED, VARIABLE_SUFFIXES, Closed
from orchestrator.engine.environ import inherited
from orchestrator.engine.request import RunRequest
from orchestrator.engine.scrub import Scrubber, secret_values
from orchestrator.errors import UsageError
from orchestrator.languages import _

VAULT_SIGN = b"$ANSIBLE_VAULT;"
# Decrypting takes a moment per vault; a script that asks for a password must not hang the run for ever.
VAULT_SECONDS = 60


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as ansible writes it: a tag it does not know (!vault, !unsafe) is read as what stands behind it."""


def _any_tag(loader: yaml.Loader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _any_tag)


def scrubber_for(request: RunRequest) -> tuple[Scrubber, Closed]:
    """Knows: the prompted passwords, secret-looking -e variables and inventory variables, and every vault value of the
    environment and of -e files that the given vault passwords open; with it what they do not open.

    A secret that a lookup fetches while a play runs cannot be known here: such a task needs no_log.
    """
    plain, vaulted = _from_files(request)
    opened, closed = _decrypted(vaulted, request) if vaulted else ([], NOTHING_CLOSED)
    return Scrubber([*_prompted(request), *secret_values(request.extra_vars), *plain, *opened]), closed


def _prompted(request: RunRequest) -> Iterator[str]:
    for password in (request.become_password, request.connection_password, request.vault_password):
        if password:
            yield password


def _from_files(request: RunRequest) -> tuple[list[str], list[str]]:
    """Secrets that stand in files as they are, and the files in which something is encrypted."""
    found: list[str] = []
    vaulted: list[str] = []
    for file in _variable_files(request):
        try:
            raw = file.read_bytes()
        except OSError:
            continue
        if VAULT_SIGN in raw:
            vaulted.append(str(file))
        if not raw.startswith(VAULT_SIGN):
            found += _plain(raw)
    return found, vaulted


def _variable_files(request: RunRequest) -> Iterator[Path]:
    environment = request.environment.path
    yield request.environment.hosts_file
    for directory in (environment / "group_vars", environment / "host_vars"):
        yield from (path for path in directory.rglob("*") if path.is_file() and path.suffix in VARIABLE_SUFFIXES)
    yield from (Path(file) for file in request.extra_files)


def _plain(raw: bytes) -> Iterator[str]:
    try:
        for document in yaml.load_all(raw, Loader=_Loader):
            yield from (value for value in secret_values(document) if VAULT_SIGN.decode() not in value)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        # Ansible names the mistake with its line when it reads the file.
        return


def _decrypted(files: list[str], request: RunRequest) -> tuple[list[str], Closed]:
    """Ask ansible itself, in a process of its own: importing it here would change this one and cost as much."""
    question = {"files": files, "vault_ids": list(request.vault_ids), "password": request.vault_password}
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "orchestrator.engine.vault_values"],
            input=json.dumps(question),
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=VAULT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            _("the vault password did not come within %(seconds)s s") % {"seconds": VAULT_SECONDS},
            remedy=_("check the script behind --vault-id"),
        ) from None
    if answer.returncode != 0:
        return [], NOTHING_CLOSED
    told = json.loads(answer.stdout)
    files = told["locked"]
    return told["values"], Closed(tuple(map(Path, files)), told["given"], told["asks"], tuple(told["problems"]))


def _environment() -> Mapping[str, str]:
    package_parent = str(Path(__file__).resolve().parents[2])
    return {**inherited(os.environ), "PYTHONPATH": package_parent}
