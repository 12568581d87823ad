"""`inventories/queue.yml`: what workers submit by themselves, and when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from orchestrator.delivery.checking import check
from orchestrator.delivery.environment import INVENTORIES
from orchestrator.delivery.shapes import Name, Section, Shape, Text, mistake
from orchestrator.delivery.yamlfile import read_yaml
from orchestrator.languages import _

SCHEDULE: Final = "queue.yml"
# A field of the five: a star or numbers, with ranges, lists and steps.
_PART = r"(?:\*|[0-9]+(?:-[0-9]+)?)(?:/[0-9]+)?"
_FIELD = rf"{_PART}(?:,{_PART})*"
Cron = Annotated[
    str, Shape(rf"{_FIELD}(?: {_FIELD}){{4}}", _("minute, hour, day, month and weekday as cron has them: '0 2 * * *'"))
]


class Periodic(Section):
    """Phases that are submitted each time the clock says so."""

    name: Name = Field(description="By what it is known; each name once.")
    at: Cron = Field(description="When, in UTC: minute, hour, day of month, month, day of week, as cron has them.")
    phases: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)] = Field(
        description="The phases, in their order."
    )
    environments: Literal["all"] | Annotated[tuple[Text, ...], Field(strict=False)] = Field(
        default="all", description="Their names, or all that are beside this file when the time comes."
    )
    check_mode: bool = Field(default=False, description="Whether it is a rehearsal, as with --check.")
    limit: Text | None = Field(default=None, description="Only these hosts, as with --limit.")


class Schedule(Section):
    """The whole file."""

    schedule: Annotated[tuple[Periodic, ...], Field(strict=False)] = Field(
        default=(), description="What is submitted, and when."
    )

    @model_validator(mode="after")
    def each_name_once(self) -> Schedule:
        names = [each.name for each in self.schedule]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise mistake("name_twice", _("schedule has the name %(name)s twice") % {"name": twice})
        return self


def load_schedule(directory: Path) -> Schedule:
    """The schedule beside the inventories of `directory`; an empty one where there is no such file.

    Raises DeliveryError with every mistake in it.
    """
    path = directory / INVENTORIES / SCHEDULE
    return check(read_yaml(path), Schedule) if path.is_file() else Schedule()


def environment_names(directory: Path) -> tuple[str, ...]:
    """Every environment below the inventories of `directory`, by name."""
    return tuple(sorted(hosts.parent.name for hosts in (directory / INVENTORIES).glob("*/hosts.yml")))
