"""Words on the terminal: everything `cli` prints for people goes through `say`."""

from __future__ import annotations

from typing import Any

import click

from orchestrator.languages import Phrase, _, shown

CONTROL = dict.fromkeys([*(set(range(32)) - {ord("\n"), ord("\t")}), *range(127, 160)])
SUDO, SSH, VAULT = _("Sudo password"), _("SSH password"), _("Vault password")


def say(text: str, *, err: bool = False, nl: bool = True, **style: Any) -> None:
    """Print a phrase in the language that is spoken. Data for programs goes to click.echo instead.

    What hosts and people have written commands no terminal: control characters of theirs are left out.
    """
    click.secho(shown(text).translate(CONTROL), err=err, nl=nl, **style)


def note(text: str) -> None:
    """What is worth knowing beside the result."""
    say(_("note: %(text)s") % {"text": text}, err=True)


def width(text: str) -> int:
    """How many columns of a terminal `text` takes: a Chinese character takes two."""
    if text.isascii():
        return len(text)
    # Loaded for those who need it.
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)


def column(text: Any, columns: int, *, right: bool = False) -> str:
    """`text` as it is shown, filled up with blanks to so many columns."""
    told = shown(text)
    fill = " " * (columns - width(told))
    return fill + told if right else told + fill


def status_phrase(status: Any) -> Phrase:
    """A status as words; the catalogues know these."""
    return _(str(status).replace("_", " "))
