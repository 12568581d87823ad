"""A sentence that is English wherever it is kept, and knows how it is said in other languages. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

PACKED = "phrase"


class Phrase(str):
    """English as a string: records, JSON and logs take it as it is. `told` says it in the language of who reads it.

    `message` is what the catalogues know, `values` what stands in its named places; phrases among them are told too.
    """

    __slots__ = ("message", "values")

    message: str
    values: dict[str, Any] | None

    def __new__(cls, text: str, message: str | None = None, values: dict[str, Any] | None = None) -> Phrase:
        made = super().__new__(cls, text)
        made.message = str(text) if message is None else message
        made.values = values
        return made

    def __mod__(self, values: Any) -> Phrase:
        """`_("%(count)s rows") % {"count": 3}`: named places only, so that another language may put them elsewhere."""
        return Phrase(str.__mod__(self, values), self.message, values)

    def told(self, gettext: Callable[[str], str]) -> str:
        """The phrase in the language of `gettext`."""
        # The empty message is the head of a catalogue.
        said = gettext(self.message) if self.message else ""
        if self.values is None:
            return said
        return said % {
            name: value.told(gettext) if isinstance(value, Phrase) else value for name, value in self.values.items()
        }

    def mapped(self, change: Callable[[str], str]) -> Phrase:
        """The same phrase with `change` made to its English text and to every text that stands in it."""
        values = self.values
        if values is not None:
            values = {
                name: value.mapped(change)
                if isinstance(value, Phrase)
                else change(value)
                if isinstance(value, str)
                else value
                for name, value in values.items()
            }
        return Phrase(change(self), self.message, values)


def told(text: Any, gettext: Callable[[str], str]) -> Any:
    """A phrase in the language of `gettext`; everything else as it is."""
    return text.told(gettext) if isinstance(text, Phrase) else text


def packed(text: Any) -> Any:
    """A phrase as JSON, for another process of ours; everything else as it is."""
    if not isinstance(text, Phrase):
        return text
    values = text.values and {name: packed(value) for name, value in text.values.items()}
    return {PACKED: str(text), "message": text.message, "values": values}


def unpacked(data: Any) -> Any:
    """What `packed` made JSON of."""
    if not isinstance(data, dict) or PACKED not in data:
        return data
    values = data["values"] and {name: unpacked(value) for name, value in data["values"].items()}
    return Phrase(data[PACKED], data["message"], values)


def joined(separator: str, parts: Iterable[str]) -> Phrase:
    """`separator.join(parts)` in which every part, and the separator, is still told in its language."""
    values = {str(number): part for number, part in enumerate(parts)}
    message = Phrase("%(separator)s".join(f"%({name})s" for name in values))
    return message % {**values, "separator": separator}


def flat(phrase: str) -> Phrase:
    """`phrase` in one line where it is English."""
    text = " ".join(phrase.split())
    return (
        Phrase(text, phrase.message, phrase.values)
        if isinstance(phrase, Phrase)
        else Phrase(text, "%(text)s", {"text": text})
    )
