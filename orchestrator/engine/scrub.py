"""Take known secrets out of everything that is stored or shown."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

MASK = "********"

# Shorter values would mask ordinary words all over the record.
SHORTEST = 4
# A line of a multi-line secret (a private key) is masked by itself: a diff puts a sign in front of every line.
SHORTEST_LINE = 12

SECRET_WORD = re.compile(
    r"(?i)pass(word|wd|phrase)|secret|token|credential|(^|[_-])(api)?keys?$|private_?key|(^|[_-])pass$"
)
# No name looks secret without one of these, so a text without them need not be looked at name by name.
SIGNS = re.compile(r"(?i)pass|secret|token|credential|key")
# Variables about a secret which do not hold it.
ABOUT_IT = re.compile(
    r"(?i)[_-](file|path|dir|directory|user|name|url|id|length|ttl|timeout|encryption|policy|algorithm)$"
)


def looks_secret(name: str) -> bool:
    """Whether a variable of this name holds a secret: `db_password`, `api_token`, but not `ssh_private_key_file`."""
    return SECRET_WORD.search(name) is not None and ABOUT_IT.search(name) is None


def secret_values(variables: Any, inside: bool = False, seen: set[tuple[int, bool]] | None = None) -> Iterator[str]:
    """Every text below a name that looks secret, at any depth; what anchors repeat (`seen`) is looked at once."""
    seen = set() if seen is None else seen
    if isinstance(variables, Mapping | list | tuple):
        if (id(variables), inside) in seen:
            return
        seen.add((id(variables), inside))
    if isinstance(variables, Mapping):
        for name, value in variables.items():
            yield from secret_values(value, inside or looks_secret(str(name)), seen)
    elif isinstance(variables, list | tuple):
        for value in variables:
            yield from secret_values(value, inside, seen)
    elif inside and isinstance(variables, str | int | float) and not isinstance(variables, bool):
        yield str(variables)


class Scrubber:
    """Replaces known secret values, also as they look inside JSON, a URL or base64."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value)}
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        return self._pattern.sub(MASK, text) if self._pattern else text

    def maybe(self, text: str | None) -> str | None:
        return None if text is None else self.text(text)

    def tree(self, value: Any) -> Any:
        """The same structure with every text in it scrubbed, keys included."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.tree(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            scrubbed = self.text(str(value))
            return value if scrubbed == str(value) else scrubbed
        return value


def _forms(value: str) -> Iterator[str]:
    value = value.strip()
    lines = [line.strip() for line in value.splitlines()]
    wanted = [value] if len(value) >= SHORTEST and "{{" not in value else []
    if len(lines) > 1:
        wanted += [line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith("-----")]
    for text in wanted:
        escaped = json.dumps(text)[1:-1]
        plain = json.dumps(text, ensure_ascii=False)[1:-1]
        # Within JSON within JSON (a result's output that quotes a request) every backslash doubles once more.
        yield from {text, escaped, plain, json.dumps(escaped)[1:-1], quote(text, safe="")}
        yield base64.b64encode(text.encode()).decode().rstrip("=")
