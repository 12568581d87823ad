"""The languages of pages and messages: gettext catalogues beside this file; .ci/catalogues compiles them."""

from __future__ import annotations

import gettext
from pathlib import Path
from typing import Final

LOCALE: Final = Path(__file__).parent / "locale"
DOMAIN: Final = "lifecycle"
# The first is that of templates and code.
LANGUAGES: Final = ("en", "zh_CN")


def translations(language: str) -> gettext.NullTranslations:
    """The words of one of LANGUAGES."""
    if language == LANGUAGES[0]:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE, [language])
