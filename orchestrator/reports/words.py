"""Words of a report: what comes from hosts made harmless, and figures as people read them. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any, Final

# Characters that are no text: XML has no place for some of them, and others turn what is shown around (U+202E).
NO_TEXT: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
MARKS: Final = re.compile(r"[\\`*\[\]|~$#]|(?<!\w)_|_(?!\w)")


def clean(value: Any) -> str:
    """`value` as one line of text. Blanks and line ends become one blank, what is no character U+FFFD."""
    text = " ".join(str(value).split())
    return "".join(REPLACEMENT if unicodedata.category(one) in NO_TEXT else one for one in text)


def markdown(text: str) -> str:
    """`text` as Markdown shows it: no mark of it counts, and no HTML either, which most readers would let through."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A word such as shared_buffers stays as it is: inside of words an underscore marks nothing.
    return MARKS.sub(lambda mark: "\\" + mark[0], text)


def short(text: str, letters: int) -> str:
    """`text`, or its beginning with a sign that there is more: `letters` long at most."""
    return text if len(text) <= letters else text[: letters - 1] + "…"


def figure(value: float) -> str:
    """A measurement with as many places as matter: 1234, 123.4, 12.34, 1.234."""
    size = abs(value)
    places = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:.{places}f}"


def change(ratio: float | None) -> str:
    """after / before as a signed percentage; nothing for None."""
    return "" if ratio is None or not math.isfinite(ratio) else f"{(ratio - 1) * 100:+.1f} %"


def file_part(text: str) -> str:
    """`text` as part of a file's name: letters a-z, digits and dashes, 40 at most, never empty."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].rstrip("-") or "host"


def block(text: str) -> str:
    """`text` with its lines and blanks as they are, and what is no character as U+FFFD."""
    return "\n".join(line if line.isprintable() else _printable(line) for line in text.split("\n"))


def _printable(line: str) -> str:
    """A tab is a blank, and Windows' end of a line a sign: it may be all that differs."""
    return "".join(
        one if one == "\t" or unicodedata.category(one) not in NO_TEXT else REPLACEMENT
        for one in line.replace("\r", "\N{SYMBOL FOR CARRIAGE RETURN}")
    )


def span(seconds: float | None) -> str:
    """How long something took, for people: 0.4 s, 12 s, 3:05 min, 2:03:05 h; a dash when it is not known."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes}:{rest:02d} min"
