"""argument_specs.yml is the single source: defaults and README say the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
ROLES = ROOT / "collections/ansible_collections/impl/lifecycle/roles"
NAMES = sorted(path.parent.parent.name for path in ROLES.glob("*/meta/argument_specs.yml"))
# Variables that belong to the whole collection; every role has the default where it uses them.
SHARED = {"lifecycle_allow_restart"}


def options_of(role: Path) -> dict[str, Any]:
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())
    options: dict[str, Any] = specs["argument_specs"]["main"]["options"]
    return options


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_those_of_the_specification(name: str) -> None:
    options = options_of(ROLES / name)
    said = {option: about["default"] for option, about in options.items() if "default" in about}
    defaults = yaml.safe_load((ROLES / name / "defaults/main.yml").read_text())
    # A default computed from other variables cannot be written in the specification; it is described there in words.
    plain = {option: value for option, value in defaults.items() if option in said or "{{" not in str(value)}
    assert plain == {option: value for option, value in said.items() if option not in SHARED}
    assert set(defaults) <= set(options)


def test_every_readme_has_the_table_of_the_specification() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / ".ci" / "role-tables", "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_the_page_of_what_runs_where_is_what_the_scenarios_say() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / ".ci" / "compatibility", "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", NAMES)
def test_no_password_has_a_default(name: str) -> None:
    options = options_of(ROLES / name)
    nested = [about.get("options", {}) for about in options.values()]
    for option, about in [item for group in [options, *nested] for item in group.items()]:
        if "password" in option:
            assert "default" not in about
            assert about["no_log"] is True
