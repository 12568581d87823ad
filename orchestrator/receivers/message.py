"""What a receiver is told, in words: lines of pieces, each either ours or from outside. Pure.

A piece from outside (a host's name, a failure's message, a reason) is kept apart until a format has made it harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from gettext import NullTranslations
from typing import Any, Final

# How much of one text from outside is told; the rest is on record.
LETTERS: Final = 400
MORE: Final = "…"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line. `outside`: it was not written by us, so no mark in it may count."""

    text: str
    outside: bool = False
    strong: bool = False


Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """`title` is one line without marks; `cut` is said when not everything fits."""

    title: str
    lines: tuple[Line, ...]
    cut: Line


def plain(text: Any) -> str:
    """`text` as one line: line ends, control characters and those that turn what is shown around become blanks."""
    return " ".join("".join(one if one.isprintable() else " " for one in str(text)).split())


def short(text: str, letters: int) -> str:
    """`text`, or its beginning with a sign that there is more: `letters` long at most."""
    return text if len(text) <= letters else text[: max(letters - 1, 0)] + MORE


def outside(text: Any) -> Piece:
    return Piece(short(plain(text), LETTERS), outside=True)


def message(body: Mapping[str, Any], words: NullTranslations) -> Message:
    """The words for what `engine.notify.body` made, or for a trial."""
    said = words.gettext
    if body["event"] == "trial":
        text = said("This is a trial: nothing has happened.")
        headline = (Piece("lifecycle", strong=True), Piece(": "), Piece(text))
        return Message(f"lifecycle: {text}", (headline, *_who(body, said)), (Piece(MORE),))
    status = said(_status(body))
    title = f"{plain(body['environment'])}: {status}"
    headline = (Piece(status, strong=True), Piece(": "), outside(body["environment"]))
    command = f"lifecycle show {body['run']}"
    cut = said("This message was cut; %(command)s has all of it.") % {"command": command}
    return Message(title, (headline, *_about(body, said), *_who(body, said), *_failures(body, said)), (Piece(cut),))


def _status(body: Mapping[str, Any]) -> str:
    """As the pages say it: the catalogues know these words."""
    if body["status"] == "successful":
        return "successful, changed" if body["changed"] else "successful, unchanged"
    return str(body["status"]).replace("_", " ")


def _about(body: Mapping[str, Any], said: Callable[[str], str]) -> Iterator[Line]:
    phases = outside(", ".join(body["phases"]))
    rehearsal = f" ({said('rehearsal')})" if body["check"] else ""
    yield Piece(f"{said('run')} {body['run']}: "), phases, Piece(rehearsal)


def _who(body: Mapping[str, Any], said: Callable[[str], str]) -> Iterator[Line]:
    yield Piece(f"{said('operator')}: "), outside(body["operator"]), Piece(", "), outside(body["controller"])
    if body.get("reason"):
        yield Piece(f"{said('reason')}: "), outside(body["reason"])


def _failures(body: Mapping[str, Any], said: Callable[[str], str]) -> Iterator[Line]:
    for one in body["failures"]:
        parts = [outside(one[key]) for key in ("host", "task", "where") if one[key]]
        between = [piece for part in parts for piece in (part, Piece(", "))][:-1]
        yield Piece("- "), *between, Piece(": "), outside(one["message"])
    more = body["failures_in_all"] - len(body["failures"])
    if more > 0:
        yield (Piece(said("and %(count)s more") % {"count": more}),)


def fitted(lines: tuple[Line, ...], cut: Line, fits: Callable[[tuple[Line, ...]], bool]) -> tuple[Line, ...]:
    """`lines`, or as much of them as fits, at the border of a character, with `cut` as the last line.

    `fits` says whether lines are within what the receiver takes. The first line that is too long loses the end of its
    last text from outside; lines of ours are never torn.
    """
    if fits(lines):
        return lines
    for kept in range(len(lines) - 1, -1, -1):
        if fits((*lines[:kept], cut)):
            return (*lines[:kept], *_part(lines[kept], lambda line, n=kept: fits((*lines[:n], line, cut))), cut)  # type: ignore[misc]
    return (cut,)


def _part(line: Line, fits: Callable[[Line], bool]) -> tuple[Line, ...]:
    """`line` with as much of its last text from outside as fits; nothing when not even its beginning does."""
    at = max((place for place, piece in enumerate(line) if piece.outside), default=-1)
    if at < 0:
        return ()

    def shortened(letters: int) -> Line:
        return *line[:at], replace(line[at], text=short(line[at].text, letters)), *line[at + 1 :]

    low, high = 0, len(line[at].text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(shortened(middle)) else (low, middle - 1)
    return (shortened(low),) if low > 1 else ()
