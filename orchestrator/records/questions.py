"""What may be asked of the records, and the answers that are no rows of a table; plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestrator.records.entities import Status


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are asked for; what is None is not asked about.

    `host` and `phase`: they took part in it. `operator` is an account on any machine, or `account@machine`.
    """

    phase: str | None = None
    host: str | None = None
    status: Status | None = None
    changed: bool | None = None
    check: bool | None = None
    operator: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HostState:
    """What the last phase that took in a host came to there.

    `status`: ok, changed, failed or unreachable; that of the step where its end was not seen.
    """

    environment: str
    host: str
    run_id: int
    phase: str
    status: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Size:
    """How much is on record, and how many bytes the database takes."""

    runs: int
    results: int
    contents: int
    bytes: int
