"""What is published about the files is what the models say."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.delivery.checking import keys
from orchestrator.delivery.models import Requirements
from orchestrator.delivery.published import FILES, schema, table
from orchestrator.languages import translations

ROOT = Path(__file__).parents[3]

LISTS = {"reach", "steps", "departments", "indexes"}


@pytest.mark.parametrize("name", FILES)
def test_the_published_schema_is_that_of_the_models(name: str) -> None:
    published = json.loads((ROOT / "docs" / "schema" / f"{name}.schema.json").read_text())
    assert published == schema(name), f"run: lifecycle schema {name} > docs/schema/{name}.schema.json"


@pytest.mark.parametrize("name", FILES)
def test_the_documentation_has_every_key_as_the_models_have_it(name: str) -> None:
    text = (ROOT / "docs" / "delivery.md").read_text()
    found = re.search(rf"<!-- {name}: begin.*?-->\n(.*?)<!-- {name}: end -->", text, re.S)
    assert found
    assert found.group(1) == table(name), f"put what `lifecycle schema {name} --markdown` prints into docs/delivery.md"


@pytest.mark.parametrize("name", FILES)
def test_every_key_is_in_the_table_with_a_meaning(name: str) -> None:
    rows = {row.split(" | ")[0].strip("| `"): row for row in table(name).splitlines()[2:]}
    for key in keys(FILES[name][0]):
        written = re.sub(r"\.\*", "[]", ".".join(key)) if LISTS & set(key) else ".".join(key).replace("*", "NAME")
        assert written in rows
        assert not rows[written].endswith("|  |"), f"{written} has no description"


@pytest.mark.parametrize(("name", "file"), [("delivery", "delivery.yml"), ("manifest", "releases/1.1.0.yml")])
def test_an_editor_that_checks_with_the_schema_agrees_with_us(site: Path, name: str, file: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema(name))
    data: dict[str, Any] = yaml.safe_load((site / file).read_text())
    assert list(validator.iter_errors(data)) == []
    for spoiled in ({**data, "schema": 2}, {**data, "unknown": 1}, {k: v for k, v in data.items() if k != "schema"}):
        assert list(validator.iter_errors(spoiled)) != []


def test_the_playbooks_take_the_same_defaults_where_the_file_says_nothing() -> None:
    path = ROOT / "collections" / "ansible_collections" / "impl" / "lifecycle" / "plugins" / "module_utils"
    spec = importlib.util.spec_from_file_location("requirements_of_the_collection", path / "requirements.py")
    assert spec
    assert spec.loader
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    assert Requirements().os == theirs.ACCEPTED
    assert Requirements().time_offset_seconds == theirs.OFFSET_SECONDS


@pytest.mark.parametrize("name", FILES)
def test_the_table_is_told_in_chinese_with_the_same_keys(name: str) -> None:
    english, chinese = (table(name, translations(language).gettext).splitlines() for language in ("en", "zh_CN"))
    assert english == table(name).splitlines()
    assert [row.split(" | ")[0] for row in chinese[2:]] == [row.split(" | ")[0] for row in english[2:]]
    # Without what stands in `code` no line is English any more.
    words = [re.sub(r"`[^`]*`|HTTP|SQL|PostgreSQL|TCP|MB|delivery\.yml|cookie", "", row) for row in chinese]
    assert [
        row for row in words if re.search(r"[a-z]{2,} [a-z]{2,}", row) or not re.search(r"[\u4e00-\u9fff]|--", row)
    ] == []
