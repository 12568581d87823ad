"""The conditions by which runs on record are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

from orchestrator.languages import _, shown
from orchestrator.records.entities import Status

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class MomentType(click.ParamType[Any]):
    """A date, a date with time, or how long ago: 2026-05-01, 2026-05-01T14:30, 30m, 3h, 2d, 1w.

    Without a zone it is this machine's. `whole_day`: a date means the end of that day.
    """

    name = "moment"

    def __init__(self, *, whole_day: bool = False) -> None:
        self._whole_day = whole_day

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, datetime):
            return value
        try:
            return moment(value, datetime.now(UTC), whole_day=self._whole_day)
        except (ValueError, OverflowError):
            text = _("'%(value)s' is no date, time or age: give 2026-05-01, 2026-05-01T14:30, 30m, 3h, 2d or 1w")
            self.fail(shown(text % {"value": value}), param, ctx)


def moment(text: str, present: datetime, *, whole_day: bool) -> datetime:
    """What `text` means in UTC. Raises ValueError for what is no moment, OverflowError for one beyond all time."""
    age = re.fullmatch(r"(\d+)([mhdw])", text)
    if age:
        return present - timedelta(**{UNITS[age[2]]: int(age[1])})
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        day = date.fromisoformat(text) + timedelta(days=1 if whole_day else 0)
        return datetime(day.year, day.month, day.day).astimezone(UTC)
    return datetime.fromisoformat(text).astimezone(UTC)


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What can be asked of a run."""
    options = (
        click.option("--phase", metavar="PHASE", help="Only runs in which this phase began."),
        click.option("--host", metavar="HOST", help="Only runs with results of this host."),
        click.option(
            "--status",
            type=click.Choice([str(status) for status in Status]),
            callback=lambda _ctx, _param, value: Status(value) if value else None,
            help="Only runs that ended so.",
        ),
        click.option("--changed/--unchanged", default=None, help="Only runs that changed something, or nothing."),
        click.option("--check/--no-check", default=None, help="Only rehearsals, or none."),
        click.option("--operator", metavar="WHO", help="Only runs of this account, or account@machine."),
        click.option("--since", type=MomentType(), metavar="WHEN", help="Begun then or later: 2026-05-01, 3h, 2d."),
        click.option(
            "--until", type=MomentType(whole_day=True), metavar="WHEN", help="Begun before; a date counts in full."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def any_of(wanted: Mapping[str, Any]) -> bool:
    """Whether anything was asked for."""
    return any(value is not None for value in wanted.values())
