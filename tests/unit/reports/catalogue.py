"""Every message of the code, for the catalogues: out of `_()`, help texts, templates, and the values of statuses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
from jinja2 import Environment

import orchestrator
from orchestrator.cli.main import COMMANDS, lifecycle
from orchestrator.cli.translated import paragraphs
from orchestrator.delivery.published import FILES, rows_of
from orchestrator.records.entities import ReleaseState, ResultStatus, Status
from orchestrator.release.machine import Action
from orchestrator.reports.page import spoken

PLACE = Path(orchestrator.__file__).parent
TEMPLATES = PLACE / "reports" / "templates"
STATUSES = ("successful, changed", "successful, unchanged")
# What says that a string is a message. `words` and `said` are gettext of pages and receivers, given as an argument.
MARKS = ("_", "gettext", "words", "said")
# Said by our code as click says it: its catalogue has it.
OF_CLICK = ("Commands",)


def messages(domain: str) -> dict[str, str]:
    """Message -> where it stands first, for one of the catalogues; what two need stands in the first of them."""
    found: dict[str, str] = {}
    for name, places in (
        ("lifecycle", _pages()),
        ("help", _helps()),
        ("command", _marked("cli")),
        ("tuning", _tuning()),
        ("delivery", _marked("delivery")),
        ("keys", _keys()),
        ("lab", _marked("lab")),
        ("release", _marked("release")),
        ("errors", _marked("")),
    ):
        for message, where in places:
            if message not in OF_CLICK:
                found.setdefault(message, f"{name} {where}")
    return {message: where.partition(" ")[2] for message, where in found.items() if where.split()[0] == domain}


def _pages() -> Iterator[tuple[str, str]]:
    yield from _templates("base.html.j2", "parts.html.j2", "run.html.j2", "environment.html.j2")
    yield from _marked("reports/curves.py")
    yield from _marked("receivers/message.py")
    values = [spoken(one) for kind in (Status, ResultStatus, ReleaseState, Action) for one in kind]
    yield from ((value, "statuses") for value in (*values, *STATUSES))


def _keys() -> Iterator[tuple[str, str]]:
    for name in FILES:
        yield from ((meaning, f"{name}, {key}") for key, _, _, meaning in rows_of(name))


def _tuning() -> Iterator[tuple[str, str]]:
    yield from _templates("tuning.html.j2", "tuning.md.j2")
    for name in ("tuning", "tuning_pages", "pictures"):
        yield from _marked(f"reports/{name}.py")


def _templates(*names: str) -> Iterator[tuple[str, str]]:
    environment = Environment(extensions=["jinja2.ext.i18n"])
    for name in names:
        source = (TEMPLATES / name).read_text(encoding="utf-8")
        for line, _, message in environment.extract_translations(source):
            yield message if isinstance(message, str) else str(message[0]), f"templates/{name}:{line}"


def _marked(below: str) -> Iterator[tuple[str, str]]:
    place = PLACE / below
    for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if is_marked(node) and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), f"{file.relative_to(PLACE)}:{node.lineno}"


def is_marked(node: ast.AST) -> bool:
    """Whether this is `_("...")`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS and bool(node.args)


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that lead to it, `lifecycle` itself included."""
    context = click.Context(lifecycle)
    yield (), lifecycle
    for name in COMMANDS:
        yield from _below((name,), lifecycle.get_command(context, name))


def _below(words: tuple[str, ...], command: click.Command | None) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    assert command is not None
    yield words, command
    for name, one in getattr(command, "commands", {}).items():
        yield from _below((*words, name), one)


def _helps() -> Iterator[tuple[str, str]]:
    yield from ((text, f"cli/main.py, {name}") for name, (_, text) in COMMANDS.items())
    for words, command in commands():
        where = " ".join(("lifecycle", *words))
        yield from ((text, where) for text in paragraphs(command.help or ""))
        options = (param for param in command.params if isinstance(param, click.Option) and param.help)
        yield from ((str(option.help), where) for option in options if option.name != "version")


def placeholders(message: str) -> list[str]:
    """What another language must have as well, in whatever order."""
    return sorted(re.findall(r"%\(\w+\)[^a-z%]*[a-z]|%%|\{[^}]*\}", message))
