"""The languages of pages, messages and the command: gettext catalogues beside this file; .ci/catalogues compiles them.

Code below `cli` says `_("... %(name)s ...") % {...}` and hands the phrase on; it is English until somebody reads it.
`cli` tells it with `shown`. In English no catalogue is read.
"""

from __future__ import annotations

import gettext as library
from typing import TYPE_CHECKING, Any, Final

from orchestrator.languages.phrase import Phrase, flat, joined, packed, told, unpacked

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "DOMAINS",
    "LANGUAGES",
    "Phrase",
    "flat",
    "gettext",
    "joined",
    "language",
    "locale",
    "packed",
    "shown",
    "speak",
    "told",
    "unpacked",
]

# One catalogue for each part of the code; `click` has the words of the library that reads command lines.
DOMAINS: Final = ("lifecycle", "help", "command", "tuning", "delivery", "keys", "lab", "release", "errors", "click")
# The first is that of templates and code.
LANGUAGES: Final = ("en", "zh_CN")

_ = Phrase

_spoken: dict[str, Any] = {"language": LANGUAGES[0], "words": library.NullTranslations()}


def translations(language: str) -> library.NullTranslations:
    """The words of one of LANGUAGES."""
    if language == LANGUAGES[0]:
        return library.NullTranslations()
    first, *others = (library.translation(domain, locale(), [language]) for domain in DOMAINS)
    for other in others:
        first.add_fallback(other)
    return first


def locale() -> Path:
    """Where the catalogues are."""
    # Loaded for those who read one: it is most of what this package would cost at every start.
    from pathlib import Path

    return Path(__file__).parent / "locale"


def speak(language: str) -> None:
    """From now on this process speaks one of LANGUAGES. Nothing is put into the environment: children are not told."""
    if language != _spoken["language"]:
        _spoken.update(language=language, words=translations(language))


def language() -> str:
    """What this process speaks."""
    return str(_spoken["language"])


def gettext(message: str) -> str:
    """One message of the catalogues in the language that is spoken."""
    return str(_spoken["words"].gettext(message))


def shown(text: Any) -> str:
    """What a person reads: a phrase in the language that is spoken, everything else as it is."""
    if language() == LANGUAGES[0] or not isinstance(text, Phrase):
        return str(text)
    return text.told(gettext)
