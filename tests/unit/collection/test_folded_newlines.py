"""Inside a folded text of YAML, Ansible's Jinja keeps a newline in quotes as the two characters that stand for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

COLLECTION = Path(__file__).resolve().parents[3] / "collections/ansible_collections/impl/lifecycle"
FILES = sorted(
    path
    for where in ("roles/*/tasks", "roles/*/vars", "roles/*/defaults", "roles/*/handlers", "playbooks", "playbooks/*")
    for path in COLLECTION.glob(f"{where}/*.yml")
)
# Text that is put together; what a filter looks for is a regular expression, which reads the two as a newline.
JOINED = re.compile(r"""~\s*(['"])(?:(?!\1).)*\\n|join\((['"])(?:(?!\2).)*\\n""")


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in (*value.keys(), *value.values()) for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(COLLECTION)))
def test_no_text_is_put_together_with_such_a_newline(path: Path) -> None:
    found = [text for text in texts(yaml.safe_load(path.read_text())) if JOINED.search(text)]
    assert found == []
