"""What the role os_baseline writes and what its removal knows of it, read from the role's own data."""

from __future__ import annotations

from pathlib import Path

import yaml

ROLE = Path(__file__).resolve().parents[3] / "collections/ansible_collections/impl/lifecycle/roles/os_baseline"


def test_the_removal_knows_every_drop_in_that_the_role_writes() -> None:
    data = yaml.safe_load((ROLE / "vars/main.yml").read_text())
    written = {entry["dest"] for entry in data["__os_baseline_plain_files"]}
    # The locale stays: data were written in it.
    assert written - {"{{ __os_baseline_locale_file }}"} == set(data["__os_baseline_own_files"])
