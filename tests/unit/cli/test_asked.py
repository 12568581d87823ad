"""A moment is given as a date, a time, or how long ago."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.cli.asked import moment

PRESENT = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch):
    """This machine's zone; two hours before UTC in May."""
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("30m", datetime(2026, 5, 10, 11, 30, tzinfo=UTC)),
        ("3h", datetime(2026, 5, 10, 9, 0, tzinfo=UTC)),
        ("2d", datetime(2026, 5, 8, 12, 0, tzinfo=UTC)),
        ("1w", datetime(2026, 5, 3, 12, 0, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 4, 30, 22, 0, tzinfo=UTC)),
        ("2026-05-01T14:30", datetime(2026, 5, 1, 12, 30, tzinfo=UTC)),
        ("2026-05-01T14:30+00:00", datetime(2026, 5, 1, 14, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_understood(text: str, meant: datetime) -> None:
    assert moment(text, PRESENT, whole_day=False) == meant


def test_a_day_that_is_an_end_counts_in_full() -> None:
    assert moment("2026-05-01", PRESENT, whole_day=True) == datetime(2026, 5, 1, 22, 0, tzinfo=UTC)
    assert moment("2026-05-01T14:30", PRESENT, whole_day=True) == datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "", "-2d", "2 d", "2026-13-01", "2y"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        moment(text, PRESENT, whole_day=False)
