"""The picture of a release: weight above, failures below, over the same time. Drawn here: two lines need no library.

Pure. Text inside is figures and words of this file, through `escape`; nothing comes from hosts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup, escape

from orchestrator.reports.release_story import Look, ReleaseStory

# Narrow, so that its text can still be read when a phone makes it smaller.
WIDTH: Final = 400
LEFT: Final = 46
RIGHT: Final = 392
WEIGHT_TOP, WEIGHT_BOTTOM = 18, 98
RATE_TOP, RATE_BOTTOM = 132, 212
HEIGHT: Final = 250
# A scale for failures has to begin somewhere when there was none.
LEAST_SCALE: Final = 0.01

Words = Callable[[str], str]


def curve(story: ReleaseStory, name: str, words: Words = str) -> Markup:
    """The picture as SVG. `name`: letters and digits, ids begin with it; `words` translates."""
    scale = max([LEAST_SCALE, *(rate for look in story.looks for rate in (look.stable_rate, look.candidate_rate)
                                if rate is not None)])  # fmt: skip
    title, told = words("Weight and failures of the release"), description(story, words)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT if story.looks else RATE_TOP}" role="img" '
        f'aria-labelledby="{name}-title {name}-words">',
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-words">{escape(told)}</desc>',
        *_frame(words("users on the candidate"), WEIGHT_TOP, WEIGHT_BOTTOM, "0 %", "100 %"),
        f'<path class="weight" d="{_steps(story)}"/>',
    ]
    if story.looks:
        parts += _frame(words("requests that failed"), RATE_TOP, RATE_BOTTOM, "0 %", f"{scale:.1%}".replace("%", " %"))
        for side in ("stable", "candidate"):
            parts.append(_rates(story, side, scale))
        parts += _legend(words)
    bottom = RATE_BOTTOM if story.looks else WEIGHT_BOTTOM
    parts += [*_times(story, bottom), "</svg>"]
    return Markup("".join(parts))


def description(story: ReleaseStory, words: Words = str) -> str:
    """What the picture shows, for who does not see it."""
    weights = ", ".join(f"{one.at.astimezone(UTC):%H:%M:%S} {one.weight} %" for one in story.weights)
    text = f"{words('users on the candidate')}: {weights}."
    if story.looks:
        last = story.looks[-1]
        text += (
            f" {words('requests that failed')}: {words('stable')} {last.stable_failed}/{last.stable_requests},"
            f" {words('candidate')} {last.candidate_failed}/{last.candidate_requests}."
        )
    return text


def _x(story: ReleaseStory, at: datetime) -> float:
    whole = (story.until - story.release.started_at).total_seconds() or 1.0
    part = (at - story.release.started_at).total_seconds() / whole
    return LEFT + min(1.0, max(0.0, part)) * (RIGHT - LEFT)


def _steps(story: ReleaseStory) -> str:
    path = ""
    for one in story.weights:
        x, y = _x(story, one.at), WEIGHT_BOTTOM - one.weight / 100 * (WEIGHT_BOTTOM - WEIGHT_TOP)
        path += f"H{x:.1f}V{y:.1f}" if path else f"M{x:.1f} {y:.1f}"
    return f"{path}H{RIGHT}"


def _rates(story: ReleaseStory, side: str, scale: float) -> str:
    """A line, and a mark at each look: one look alone would be no line."""
    points = [(_x(story, look.at), rate) for look in story.looks if (rate := _rate(look, side)) is not None]
    placed = [(x, RATE_BOTTOM - rate / scale * (RATE_BOTTOM - RATE_TOP)) for x, rate in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    if side == "stable":
        marks = "".join(f'<rect x="{x - 2:.1f}" y="{y - 2:.1f}" width="4" height="4"/>' for x, y in placed)
    else:
        marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in placed)
    return f'<g class="{side}"><polyline points="{line}"/>{marks}</g>'


def _rate(look: Look, side: str) -> float | None:
    return look.stable_rate if side == "stable" else look.candidate_rate


def _frame(label: str, top: int, bottom: int, low: str, high: str) -> list[str]:
    return [
        f'<text x="{LEFT}" y="{top - 6}">{escape(label)}</text>',
        f'<path class="axis" d="M{LEFT} {top}V{bottom}H{RIGHT}"/>',
        f'<text x="{LEFT - 4}" y="{top + 4}" text-anchor="end">{escape(high)}</text>',
        f'<text x="{LEFT - 4}" y="{bottom + 2}" text-anchor="end">{escape(low)}</text>',
    ]


def _legend(words: Words) -> list[str]:
    y = HEIGHT - 4
    return [
        f'<g class="stable"><rect x="{LEFT}" y="{y - 7}" width="6" height="6"/></g>',
        f'<text x="{LEFT + 10}" y="{y}">{escape(words("stable"))}</text>',
        f'<g class="candidate"><circle cx="{LEFT + 133}" cy="{y - 4}" r="3.5"/></g>',
        f'<text x="{LEFT + 140}" y="{y}">{escape(words("candidate"))}</text>',
    ]


def _times(story: ReleaseStory, bottom: int) -> Iterator[str]:
    """First and last moment; the day is on the page."""
    pairs: Sequence[tuple[datetime, int, str]] = (
        (story.release.started_at, LEFT, "start"),
        (story.until, RIGHT, "end"),
    )
    for at, x, anchor in pairs:
        yield f'<text x="{x}" y="{bottom + 16}" text-anchor="{anchor}">{at.astimezone(UTC):%H:%M:%S}</text>'
