"""What is submitted: phases for one environment. Pure: from a command line to the queue and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """How a job stands. What became of it is its run's status."""

    WAITING = "waiting"
    AT_WORK = "at_work"
    # Its worker has not been heard of; another one takes it over, or says that its run is lost.
    LEFT = "left"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    # Interrupted while it was at work.
    CANCELED = "canceled"
    # Taken off before it began.
    TAKEN_OFF = "taken_off"


@dataclass(frozen=True, slots=True)
class Order:
    """Phases for one environment, as somebody submitted them. `directory`: where, since paths are relative to it.

    `wait`: seconds since `submitted_at` after which it is given up when others hold the environment. `options`: those
    of a run (limit, check, diff, tags, ...); none of them is a secret.
    """

    environment: str
    path: str
    phases: tuple[str, ...]
    directory: str
    operator: str
    submitted_at: datetime
    wait: float = 3600.0
    options: Mapping[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {**asdict(self), "submitted_at": self.submitted_at.isoformat()}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Order:
        lists = {key: tuple(value) if isinstance(value, list) else value for key, value in data["options"].items()}
        at = datetime.fromisoformat(data["submitted_at"])
        return cls(**{**data, "phases": tuple(data["phases"]), "submitted_at": at, "options": lists})


@dataclass(frozen=True, slots=True)
class Job:
    """An order in the queue, under its number."""

    number: int
    order: Order
    state: JobState
    aborting: bool = False
