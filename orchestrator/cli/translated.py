"""The help of the command in another language than English. Not loaded in English."""

from __future__ import annotations

import copy
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

import click

from orchestrator.cli.words import width
from orchestrator.languages import gettext

# What click imported from gettext by name. Its own way to another language is the environment, which children inherit.
CLICK = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")
# What may not begin a line, nor end one.
CLOSING, OPENING = "，。：；、）》”？！)]", "（《“(["
TOKENS = re.compile(rf"\s+|[{re.escape(OPENING)}]*(?:[^\x00-\u02ff]|[\x21-\u02ff]+)[{re.escape(CLOSING)}]*")


def teach_click() -> None:
    """Let click ask our catalogues for its own words: Usage, Options, Missing argument."""
    for name in CLICK:
        module: Any = importlib.import_module(f"click.{name}")
        module._ = gettext
        module.ngettext = _counted


def _counted(one: str, many: str, count: int) -> str:
    return gettext(one if count == 1 else many)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a help text, each in one line: so they stand in the catalogue."""
    return [" ".join(one.split()) for one in re.split(r"\n\s*\n", inspect.cleandoc(text))]


def translated(command: click.Command) -> click.Command:
    """A copy of `command` and all below it whose help is in the language that is spoken."""
    made = copy.copy(command)
    made.context_class = WideContext
    # Kept by click from the first time help was asked for, in the language of that time.
    made._help_option = None
    if made.help:
        told = [gettext(one) for one in paragraphs(made.help)]
        made.help = "\n\n".join(told)
        # click finds the end of a sentence by a full stop and a blank, which Chinese has not.
        made.short_help = told[0].partition("。")[0]
    made.params = [_param(param) for param in command.params]
    if isinstance(made, click.Group):
        made.commands = {name: translated(one) for name, one in made.commands.items()}
    return made


def _param(param: click.Parameter) -> click.Parameter:
    made = copy.copy(param)
    if isinstance(made, click.Option) and made.help:
        made.help = gettext(made.help)
    return made


class WideFormatter(click.HelpFormatter):
    """click counts characters and breaks at blanks; here columns count, and Chinese may break anywhere."""

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        told = (
            "\n".join(indent + line for line in wrapped(one, self.width - self.current_indent)) for one in _split(text)
        )
        self.write("\n\n".join(told) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        first = min(max(width(name) for name, _ in rows), col_max) + col_spacing
        indent = " " * self.current_indent
        for name, text in rows:
            lines = list(wrapped(text, max(self.width - first - 2, 10))) or [""]
            fits = width(name) <= first - col_spacing
            head = name + " " * (first - width(name)) + lines[0] if fits else f"{name}\n{indent}{' ' * first}{lines[0]}"
            rest = (" " * first + line for line in lines[1:])
            self.write("".join(f"{indent}{line}".rstrip() + "\n" for line in (head, *rest)))


class WideContext(click.Context):
    formatter_class = WideFormatter


def _split(text: str) -> list[str]:
    return [" ".join(one.split()) for one in text.split("\n\n")]


def wrapped(text: str, columns: int) -> Iterator[str]:
    """`text` in lines of at most so many columns."""
    line = ""
    for token in TOKENS.findall(text):
        if width(line) + width(token.rstrip()) > columns and line:
            yield line.rstrip()
            line = ""
        line += token if line else token.lstrip()
    if line.strip():
        yield line.rstrip()
