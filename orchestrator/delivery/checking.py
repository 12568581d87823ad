"""Turn what pydantic found into sentences with file and line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.delivery.yamlfile import Location, YamlFile
from orchestrator.errors import DeliveryError
from orchestrator.languages import _, joined

Model = TypeVar("Model", bound=BaseModel)

# pydantic's error type -> "must be ..."; the rest keeps the words of our own validators.
KINDS = {
    "int_type": _("a whole number"),
    "int_from_float": _("a whole number"),
    "float_type": _("a number"),
    "string_type": _("text"),
    "bool_type": _("true or false"),
    "tuple_type": _("a list"),
    "dict_type": _("a section with keys of its own"),
    "model_type": _("a section with keys of its own"),
    "model_attributes_type": _("a section with keys of its own"),
}
LIMITS = {
    "greater_than_equal": _("at least %(ge)s"),
    "greater_than": _("more than %(gt)s"),
    "less_than_equal": _("at most %(le)s"),
    "less_than": _("less than %(lt)s"),
}

MUST_BE = _("%(name)s must be %(wanted)s, not %(value)s")

# The page that says what goes into a file.
GUIDE = "docs/delivery.md"


def check(file: YamlFile, model: type[Model], found: Sequence[DeliveryError] = (), guide: str = GUIDE) -> Model:
    """`file` as a `model`. Raises DeliveryError with every mistake in it, those `found` otherwise included."""
    problems = [*file.problems, *found]
    try:
        checked = model.model_validate(file.data)
    except ValidationError as error:
        problems += _problems(file, model, error.errors(include_url=False), guide)
        raise _together(problems) from error
    if problems:
        raise _together(problems)
    return checked


def _together(problems: list[DeliveryError]) -> DeliveryError:
    """All mistakes of a file as one error, in the order of the lines, each once."""
    unique = {problem.line(): problem for problem in problems}
    return DeliveryError.of(sorted(unique.values(), key=lambda problem: int(problem.where.rsplit(":", 1)[-1])))


def _problems(file: YamlFile, model: type[BaseModel], errors: list[ErrorDetails], guide: str) -> list[DeliveryError]:
    """A sentence for each error that is a mistake of its own: a mistyped key is not told as missing as well."""
    unknown = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    meant = {(*at[:-1], close) for at in unknown if (close := _close(model, at))}
    return [
        _problem(file, model, error, guide)
        for error in errors
        if not _template(error)
        and not (error["type"] == "missing" and error["loc"] in meant)
        # A list is too short for pydantic when none of its values is right; each of them is told already.
        and not (error["type"] == "too_short" and error["input"])
    ]


def _template(details: ErrorDetails) -> bool:
    """Whether reading the file has already named this value."""
    return isinstance(details["input"], str) and "{{" in details["input"]


def _problem(file: YamlFile, model: type[BaseModel], details: ErrorDetails, guide: str) -> DeliveryError:
    at: Location = tuple(part for part in details["loc"] if part != "[key]")
    value, kind, limits = details["input"], details["type"], details.get("ctx", {})
    if kind == "missing":
        return file.problem(
            at[:-1],
            _("'%(key)s' is missing%(below)s") % {"key": at[-1], "below": _below(at[:-1])},
            _("%(guide)s says what goes there") % {"guide": guide},
        )
    if kind == "extra_forbidden":
        return file.problem(
            at, _("unknown key '%(key)s'%(below)s") % {"key": at[-1], "below": _below(at[:-1])}, _suggestion(model, at)
        )
    name = _name(at) or _("the file")
    if at == ("schema",):
        return file.problem(at, _("schema is %(value)s, but this lifecycle reads schema 1") % {"value": repr(value)})
    if kind in KINDS:
        return file.problem(
            at,
            MUST_BE % {"name": name, "wanted": KINDS[kind], "value": _words(value)},
            _type_remedy(kind, value),
        )
    if kind in LIMITS:
        return file.problem(
            at,
            MUST_BE % {"name": name, "wanted": LIMITS[kind] % limits, "value": value},
        )
    if kind in ("enum", "literal_error"):
        return file.problem(
            at,
            MUST_BE % {"name": name, "wanted": limits["expected"], "value": _words(value)},
        )
    if kind == "too_short":
        return file.problem(at, _("%(name)s must not be empty") % {"name": name})
    # Behind the words of a validator of ours is a phrase; pydantic's own are English in every language.
    said = limits.get("what", details["msg"])
    return file.problem(at, joined(" " if kind == "shape" else ": ", (name, said)))


def _name(at: Location) -> str:
    """`release.steps[2]` out of a location."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
    return text.removeprefix(".")


def _below(at: Location) -> str:
    return _(" in %(name)s") % {"name": _name(at)} if at else ""


def _words(value: Any) -> str:
    if value is None:
        return _("empty")
    if isinstance(value, Mapping):
        return _("a section")
    if isinstance(value, (list, tuple)):
        return _("a list")
    return f"'{value}'" if isinstance(value, str) else str(value)


def _type_remedy(kind: str, value: Any) -> str:
    """YAML guesses types: 1.10 is the number 1.1, `yes` is true, "8080" is text."""
    if kind == "string_type" and value is not None and not isinstance(value, (Mapping, list)):
        return _("put it in quotes")
    if kind in ("int_type", "float_type") and isinstance(value, str) and value.replace(".", "", 1).isdigit():
        return _("write it without quotes")
    if kind == "bool_type" and isinstance(value, str) and value.lower() in ("true", "false", "yes", "no"):
        return _("write it without quotes")
    return ""


def _suggestion(model: type[BaseModel], at: Location) -> str:
    """What the writer probably meant: the section where the key is known, else a key of this section like it."""
    elsewhere = [location[:-1] for location in keys(model) if location[-1] == at[-1] and len(location) > 1]
    if len(elsewhere) == 1:
        return _("it belongs in %(elsewhere)s") % {"elsewhere": ".".join(elsewhere[0])}
    if close := _close(model, at):
        return _("did you mean '%(close)s'?") % {"close": close}
    known = _known(model, at)
    return _("known here: %(known)s") % {"known": ", ".join(known)} if known else ""


def _close(model: type[BaseModel], at: Location) -> str | None:
    return next(iter(difflib.get_close_matches(str(at[-1]), _known(model, at), n=1, cutoff=0.6)), None)


def _known(model: type[BaseModel], at: Location) -> list[str]:
    """The keys of the section that `at` stands in."""
    here = tuple("*" if isinstance(part, int) else part for part in at[:-1])
    return [way[-1] for way in keys(model) if len(way) == len(at) and _fits(way[:-1], here)]


def _fits(pattern: tuple[str, ...], location: tuple[str, ...]) -> bool:
    return len(pattern) == len(location) and all(a in ("*", b) for a, b in zip(pattern, location, strict=True))


@cache
def keys(model: type[BaseModel]) -> tuple[tuple[str, ...], ...]:
    """Every key the model knows, as its way from the top; `*` stands for a list item or a name of the writer's own."""
    schema = model.model_json_schema(by_alias=True)
    return tuple(_keys(schema, schema.get("$defs", {}), ()))


def _keys(node: Mapping[str, Any], defs: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if "$ref" in node:
        node = defs[node["$ref"].rsplit("/", 1)[-1]]
    for option in node.get("anyOf", ()):
        yield from _keys(option, defs, at)
    for key, below in node.get("properties", {}).items():
        yield (*at, key)
        yield from _keys(below, defs, (*at, key))
    for own in (node.get("items"), node.get("additionalProperties"), *node.get("patternProperties", {}).values()):
        if isinstance(own, Mapping):
            yield from _keys(own, defs, (*at, "*"))
