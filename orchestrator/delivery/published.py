"""What is published about the files: JSON Schemas for editors, and the table of all keys for docs/delivery.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from orchestrator.delivery.manifest import Manifest
from orchestrator.delivery.models import Delivery
from orchestrator.languages import Phrase, _, joined, told

FILES: Final[Mapping[str, tuple[type[BaseModel], str]]] = {
    "delivery": (Delivery, "delivery.yml of impl.lifecycle"),
    "manifest": (Manifest, "Release manifest of impl.lifecycle"),
}
LIMITS: Final = {
    "minimum": _("at least %(limit)s"),
    "exclusiveMinimum": _("above %(limit)s"),
    "maximum": _("at most %(limit)s"),
}
KINDS: Final = {
    "object": _("section"),
    "integer": _("whole number"),
    "number": _("number"),
    "string": _("text"),
    "boolean": _("true or false"),
    "null": _("null"),
}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of `delivery` (delivery.yml) or `manifest` (releases/VERSION.yml)."""
    model, title = FILES[name]
    made = model.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": title}


def table(name: str, gettext: Callable[[str], str] = str) -> str:
    """Every key of the file as a Markdown table, in the language of `gettext`."""
    rows = [(_("key"), _("value"), _("default"), _("meaning")), ("---",) * 4, *rows_of(name)]
    lines = (f"| {' | '.join(told(cell, gettext) for cell in row)} |" for row in rows)
    return "\n".join(lines).replace("| --- | --- | --- | --- |", "|---|---|---|---|", 1) + "\n"


def rows_of(name: str) -> list[tuple[str, str, str, str]]:
    """Each key with its kind of value, its default and its meaning, as phrases."""
    made = schema(name)
    return list(_rows(made, made["$defs"], ""))


def _rows(section: Mapping[str, Any], defs: Mapping[str, Any], above: str) -> Iterator[tuple[str, str, str, str]]:
    """One row for each key below `section`: key, kind of value, default, meaning."""
    for key, field in section.get("properties", {}).items():
        path = f"{above}{key}"
        whole = _resolved(field, defs)
        below, suffix = _section_below(whole, defs)
        default = _("**required**") if key in section.get("required", ()) else _default(field, below is not None)
        yield f"`{path}`", _kind(whole, defs), default, Phrase(whole.get("description", ""))
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
        return joined(_(", or "), (_kind(_resolved(option, defs), defs) for option in field["anyOf"]))
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    kind = field.get("type", "")
    if kind == "array":
        return _("list of %(kind)s") % {"kind": _kind(_resolved(field["items"], defs), defs)}
    word = KINDS[kind]
    if "minimum" in field and "maximum" in field:
        told_limits = {"kind": word, "least": field["minimum"], "most": field["maximum"]}
        return _("%(kind)s %(least)s to %(most)s") % told_limits
    limits = [says % {"limit": field[limit]} for limit, says in LIMITS.items() if limit in field]
    if not limits:
        return word
    both = _("%(lower)s and %(upper)s") % {"lower": limits[0], "upper": limits[-1]} if limits[1:] else limits[0]
    return _("%(kind)s %(limits)s") % {"kind": word, "limits": both}


def _default(field: Mapping[str, Any], is_section: bool) -> str:
    """The default as it would be written in the file; a section's is that of its keys."""
    if is_section or "default" not in field:
        return ""
    return f"`{json.dumps(field['default'])}`"
