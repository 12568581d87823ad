"""Which language the command speaks: --lang, else LIFECYCLE_LANG, else the locale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from orchestrator.errors import UsageError
from orchestrator.languages import LANGUAGES, _

VARIABLE = "LIFECYCLE_LANG"
# As the C library asks them: the first that is set counts, the others do not.
LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")
OPTION = "--lang"

language_option = click.option(
    OPTION,
    type=click.Choice(LANGUAGES),
    expose_value=False,
    help="The language of what people read; LIFECYCLE_LANG or the locale's when not said.",
)


def wanted(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language for this command line. Raises UsageError for what names none.

    Asked before click reads the line, because help and complaints about the line are in that language too. After the
    verb, where --lang may be another program's, what names no language is left to click.
    """
    asked, before_the_verb = _asked(arguments)
    if asked in LANGUAGES:
        return asked
    if asked and before_the_verb:
        raise _unknown(asked, OPTION)
    named = environ.get(VARIABLE, "")
    if named and named not in LANGUAGES:
        raise _unknown(named, VARIABLE)
    return named or _of_locale(environ)


def _unknown(name: str, where: str) -> UsageError:
    remedy = _("give one of %(languages)s") % {"languages": ", ".join(LANGUAGES)}
    return UsageError(_("there is no language '%(name)s'") % {"name": name}, where=where, remedy=remedy)


def _asked(arguments: Sequence[str]) -> tuple[str, bool]:
    """The value of the last --lang, and whether it stands before the verb."""
    asked, verb, rest = "", False, iter(arguments)
    before = True
    for argument in rest:
        if argument == "--":
            break
        name, sign, value = argument.partition("=")
        if name == OPTION:
            asked, before = value if sign else next(rest, ""), not verb
        verb = verb or not argument.startswith("-")
    return asked, before


def _of_locale(environ: Mapping[str, str]) -> str:
    locale = next((environ[name] for name in LOCALES if environ.get(name)), "")
    return "zh_CN" if locale.startswith(("zh_CN", "zh_Hans")) else LANGUAGES[0]
