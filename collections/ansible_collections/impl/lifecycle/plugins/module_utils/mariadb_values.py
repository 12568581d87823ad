# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a value as people write it is the value a MariaDB server answers: `64M`, `on`, `ROW`. Pure functions."""

from __future__ import annotations

import re

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50, "E": 2**60}
INTEGER = re.compile(r"^([+-]?\d+)([KMGTPE]?)$", re.IGNORECASE)
OPTION_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
TRUE, FALSE = {"ON", "1", "TRUE", "YES"}, {"OFF", "0", "FALSE", "NO"}


def text_of(value) -> str:
    """A value of a variable as an option file has it."""
    if isinstance(value, bool):
        return "ON" if value else "OFF"
    if isinstance(value, (list, tuple)):
        return ",".join(text_of(item) for item in value)
    return "" if value is None else str(value)


def integer_of(text: str) -> int | None:
    """`64M` as 67108864, or None when the text is no number."""
    found = INTEGER.match(text.strip())
    return int(found.group(1)) * UNITS[found.group(2).upper()] if found else None


class Variable:
    """What a server says of one of its variables."""

    def __init__(self, name, value, kind, read_only, block=None, choices=None) -> None:
        self.name = name.lower()
        self.value = "" if value is None else str(value)
        self.kind = kind or "VARCHAR"
        self.read_only = read_only == "YES"
        # InnoDB says 0 of variables that have no blocks.
        self.block = int(block or 0) or 1
        self.choices = choices.upper().split(",") if choices else []

    def canonical(self, text: str):
        """The value in a form in which two spellings of it are equal."""
        upper = text.strip().upper()
        if "INT" in self.kind:
            number = integer_of(text)
            # The server rounds down to whole blocks.
            return text if number is None else number - number % self.block
        if self.kind == "DOUBLE":
            try:
                return float(text)
            except ValueError:
                return text
        if self.kind == "BOOLEAN":
            return upper in TRUE if upper in TRUE | FALSE else text
        if self.kind == "ENUM":
            return self._choice(upper)
        if self.kind in ("SET", "FLAGSET"):
            return frozenset(word.strip() for word in upper.split(",") if word.strip())
        return text

    def _choice(self, upper: str) -> str:
        """An enumeration is written by name or by number; some of them also as a boolean."""
        if upper in self.choices:
            return upper
        if upper.isdigit() and int(upper) < len(self.choices):
            return self.choices[int(upper)]
        for words, name in ((TRUE, "ON"), (FALSE, "OFF")):
            if upper in words and name in self.choices:
                return name
        return upper

    def has(self, wanted: str) -> bool:
        """Whether the server's value is the wanted one."""
        # log_bin is given as a file's name and answered as a boolean.
        if self.name == "log_bin" and wanted.strip().upper() not in TRUE | FALSE:
            return self.value == "ON"
        mine, asked = self.canonical(self.value), self.canonical(wanted)
        # A switch that is not named keeps its value.
        return asked <= mine if self.kind == "FLAGSET" and isinstance(asked, frozenset) else mine == asked

    def literal(self, wanted: str) -> str:
        """The value as it stands in SET GLOBAL, which knows no units."""
        if "INT" in self.kind:
            number = integer_of(wanted)
            return quoted(wanted) if number is None else str(number)
        if self.kind == "DOUBLE" and re.match(r"^\d+(\.\d+)?$", wanted.strip()):
            return wanted.strip()
        if self.kind == "ENUM" and wanted.strip().isdigit():
            return wanted.strip()
        return quoted(wanted)


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def option_value(text: str) -> str:
    """A text as a value of an option file, which cuts at `#` and reads backslashes."""
    return '"' + text.translate(OPTION_ESCAPES) + '"'
