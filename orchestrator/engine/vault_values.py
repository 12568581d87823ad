"""Run as a process: reads file names on stdin and writes as JSON what is encrypted in them, and what stays closed.

Everything in a wholly encrypted file counts as secret; in other files only what carries !vault.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret, get_file_vault_secret


class _Vaulted(str):
    """The ciphertext behind a !vault tag."""


class _Loader(yaml.SafeLoader):
    """Reads any tag, and tells !vault apart."""


def _construct(loader: yaml.Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    text = loader.construct_scalar(node)  # type: ignore[arg-type]
    return _Vaulted(text) if suffix == "vault" else text


_Loader.add_multi_constructor("!", _construct)


def main() -> None:
    """Answer one question."""
    question = json.load(sys.stdin)
    known, problems, asks = secrets(question["vault_ids"], question["password"])
    vault = VaultLib(known)
    found: set[str] = set()
    locked = []
    for file in question["files"]:
        try:
            found.update(values_in(file, vault))
        except AnsibleError:
            locked.append(file)
    answer = {"values": sorted(found), "locked": locked, "given": bool(known), "problems": problems, "asks": asks}
    json.dump(answer, sys.stdout)


def secrets(vault_ids: list[str], password: str | None) -> tuple[list[tuple[str, VaultSecret]], list[str], bool]:
    """The vault passwords ansible-playbook would use, in its own settings' order.

    With them why the others cannot be had, and whether ansible-playbook would ask a person for one.
    """
    loader = DataLoader()
    problems, asks = [], bool(constants.DEFAULT_ASK_VAULT_PASS)
    sources = [*constants.DEFAULT_VAULT_IDENTITY_LIST, *vault_ids]
    if constants.DEFAULT_VAULT_PASSWORD_FILE:
        sources.append(str(constants.DEFAULT_VAULT_PASSWORD_FILE))
    found = [("default", VaultSecret(password.encode()))] if password else []
    for source in sources:
        label, _, file = source.rpartition("@")
        if file in ("prompt", "prompt_ask_vault_pass"):
            asks = True
            continue
        try:
            secret = get_file_vault_secret(filename=file, vault_id=label or "default", loader=loader)
            secret.load()
        except AnsibleError as error:
            problems.append(str(error))
            continue
        found.append((label or "default", secret))
    return found, problems, asks


def values_in(file: str, vault: VaultLib) -> Iterator[str]:
    """Every secret text of one file, as far as the passwords open it.

    Raises AnsibleError for a wholly encrypted file that none of them opens.
    """
    with open(file, "rb") as handle:  # noqa: PTH123
        raw = handle.read()
    whole = raw.startswith(b"$ANSIBLE_VAULT;")
    text = vault.decrypt(raw) if whole else raw
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError:
        return
    for value in _scalars(documents):
        if isinstance(value, _Vaulted):
            try:
                yield vault.decrypt(value.encode()).decode()
            except (AnsibleError, UnicodeDecodeError):
                continue
        elif whole:
            yield str(value)


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    elif value is not None and not isinstance(value, bool):
        yield value


if __name__ == "__main__":
    main()
