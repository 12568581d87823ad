"""What is published about the files: JSON Schemas for editors, and the table of all keys for docs/delivery.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from orchestrator.delivery.manifest import Manifest
from orchestrator.delivery.models import Delivery

FILES: Final[Mapping[str, tuple[type[BaseModel], str]]] = {
    "delivery": (Delivery, "delivery.yml of impl.lifecycle"),
    "manifest": (Manifest, "Release manifest of impl.lifecycle"),
}
LIMITS: Final = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most"}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of `delivery` (delivery.yml) or `manifest` (releases/VERSION.yml)."""
    model, title = FILES[name]
    made = model.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": title}


def table(name: str) -> str:
    """Every key of the file as a Markdown table."""
    made = schema(name)
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    rows += [f"| {' | '.join(row)} |" for row in _rows(made, made["$defs"], "")]
    return "\n".join(rows) + "\n"


def _rows(section: Mapping[str, Any], defs: Mapping[str, Any], above: str) -> Iterator[tuple[str, str, str, str]]:
    """One row for each key below `section`: key, kind of value, default, meaning."""
    for key, field in section.get("properties", {}).items():
        path = f"{above}{key}"
        whole = _resolved(field, defs)
        below, suffix = _section_below(whole, defs)
        default = "**required**" if key in section.get("required", ()) else _default(field, below is not None)
        yield f"`{path}`", _kind(whole, defs), default, whole.get("description", "")
        if below:
            yield from _rows(below, defs, f"{path}{suffix}.")


def _resolved(field: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The field with its reference followed."""
    if "$ref" not in field:
        return field
    return {**defs[field["$ref"].rsplit("/", 1)[-1]], **field}


def _section_below(field: Mapping[str, Any], defs: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str]:
    """The section a field holds, and how its own keys are written: directly, in a list, under names one chooses."""
    for option in _options(field, defs):
        if "properties" in option:
            return option, ""
    for key, suffix in (("items", "[]"), ("additionalProperties", ".NAME"), ("patternProperties", ".NAME")):
        inner = field.get(key)
        inner = next(iter(inner.values()), None) if key == "patternProperties" and inner else inner
        for option in _options(inner, defs) if isinstance(inner, Mapping) else ():
            if "properties" in option:
                return option, suffix
    return None, ""


def _options(field: Mapping[str, Any], defs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The kinds of value a field may have."""
    found = _resolved(field, defs)
    return [_resolved(option, defs) for option in found.get("anyOf", (found,))]


def _kind(field: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    """What may stand there, in words."""
    if "anyOf" in field:
        return ", or ".join(_kind(_resolved(option, defs), defs) for option in field["anyOf"])
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    kind = field.get("type", "")
    if kind == "array":
        return f"list of {_kind(_resolved(field['items'], defs), defs)}"
    words = {
        "object": "section",
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "boolean": "true or false",
        "null": "null",
    }
    if "minimum" in field and "maximum" in field:
        return f"{words[kind]} {field['minimum']} to {field['maximum']}"
    limits = " and ".join(f"{word} {field[limit]}" for limit, word in LIMITS.items() if limit in field)
    return f"{words[kind]} {limits}" if limits else words[kind]


def _default(field: Mapping[str, Any], is_section: bool) -> str:
    """The default as it would be written in the file; a section's is that of its keys."""
    if is_section or "default" not in field:
        return ""
    return f"`{json.dumps(field['default'])}`"
