"""Ansible's filters for sets give their items in another order in each process: a file made of them changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROLES = Path(__file__).resolve().parents[3] / "collections" / "ansible_collections" / "impl" / "lifecycle" / "roles"
SET = re.compile(r"\|\s*(difference|intersect|union|symmetric_difference)\(")


@pytest.mark.parametrize(
    "template", sorted(ROLES.glob("*/templates/*")), ids=lambda path: f"{path.parts[-3]}-{path.name}"
)
def test_no_file_has_the_items_of_a_set_as_they_come(template: Path) -> None:
    for number, line in enumerate(template.read_text(encoding="utf-8").splitlines(), start=1):
        if SET.search(line):
            # Whether there are any does not depend on their order.
            assert "| sort" in line or line.lstrip().startswith("{% if"), f"{template}:{number}: sort what {line} gives"
