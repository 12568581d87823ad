"""What becomes of a job whose process is gone: pure, from what is on record."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from orchestrator.records.entities import Run, Status

# A job whose process dies so often kills it.
DEATHS = 3


class Fate(StrEnum):
    """What to do with it."""

    AGAIN = "again"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    CANCELED = "canceled"
    LOST = "lost"


def fate_of(runs: Sequence[Run], *, repeatable: bool, aborting: bool = False) -> Fate:
    """`runs` of the job, the newest first, of which none is at work any more.

    A run that ended decides, whoever heard of it. One that is lost is carried out once more where that comes to the
    same; where no run had begun, nothing has been done and everything may be.
    """
    if runs and runs[0].status is not Status.LOST:
        return of_status(runs[0].status)
    if aborting:
        return Fate.LOST if runs else Fate.CANCELED
    lost = sum(run.status is Status.LOST for run in runs)
    return Fate.AGAIN if not runs or (repeatable and lost < DEATHS) else Fate.LOST


def of_status(status: Status) -> Fate:
    if status in (Status.CANCELED, Status.CANCELED_UNCLEAN):
        return Fate.CANCELED
    return Fate.SUCCESSFUL if status is Status.SUCCESSFUL else Fate.FAILED
