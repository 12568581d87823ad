"""What a play before has registered goes before a task's variable: the names of restart_pending are its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PLAYBOOKS = Path(__file__).resolve().parents[3] / "collections/ansible_collections/impl/lifecycle/playbooks"


def names(tasks: list[dict[str, Any]]) -> Iterator[str]:
    for task in tasks:
        yield from task.get("vars", {})
        for part in ("tasks", "block", "rescue", "always"):
            yield from names(task.get(part, []))


@pytest.mark.parametrize("file", ["restart_pending.yml", "tasks/restart_host.yml"])
def test_the_names_are_its_own(file: str) -> None:
    found = set(names(yaml.safe_load((PLAYBOOKS / file).read_text())))
    assert found
    assert {name for name in found if not name.startswith("restart_")} == set()
