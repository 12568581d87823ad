"""Take in what a run spilled while the store failed. A file may be taken in twice: what is there already stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestrator.errors import UsageError
from orchestrator.languages import _
from orchestrator.paths import state_dir
from orchestrator.records import Store
from orchestrator.records.entities import (
    HostTotals,
    Recorded,
    ResultRecord,
    ResultStatus,
    Run,
    Status,
    TaskRecord,
)

BATCH_ROWS = 500
TAKEN_IN = ".taken-in"

Row = dict[str, Any]


@dataclass(slots=True)
class Ingested:
    """What became of one file. `missing`: lines and events that are lost, so that the run stays recorded in part."""

    file: Path
    run_id: int
    results: int = 0
    missing: int = 0
    recorded: Recorded = Recorded.PARTIAL


@dataclass(slots=True)
class _Intake:
    """One file on its way into the store."""

    store: Store
    run: Run
    told: Ingested
    steps: dict[int, int] = field(default_factory=dict)
    tasks: list[TaskRecord] = field(default_factory=list)
    results: list[ResultRecord] = field(default_factory=list)

    def flush(self) -> None:
        self.store.add_results(self.tasks, self.results)
        self.told.results += len(self.results)
        self.tasks, self.results = [], []


def spilled() -> list[Path]:
    """The files that wait to be taken in."""
    return sorted((state_dir() / "spill").glob("run-*.ndjson"))


def ingest(store: Store, file: Path) -> Ingested:
    """Take one file in, and put it aside as `<name>.taken-in`.

    Raises UsageError for a file that is no spill, or whose run is not in these records, or still running.
    """
    rows = list(_rows(file))
    first = rows[0] if rows else None
    if first is None or not first.keys() >= {"run_id", "host", "pid", "pid_started"}:
        raise UsageError(_("is no spill of a run"), where=str(file), remedy=_("its first line would say whose it is"))
    intake = _Intake(store, _run_of(store, first, file), Ingested(file, int(first["run_id"])))
    whole = False
    for row in rows[1:]:
        if row is None:
            intake.told.missing += 1
            continue
        whole = row["kind"] == "end" and (row.get("missing"), row.get("rows")) == (0, len(rows) - 1)
        try:
            HANDLERS.get(row["kind"], _nothing)(intake, row)
        except (KeyError, TypeError, ValueError):
            intake.told.missing += 1
        if len(intake.results) >= BATCH_ROWS:
            intake.flush()
    intake.flush()
    if whole and not intake.told.missing:
        intake.told.recorded = Recorded.FULL
    store.set_recorded(intake.run.id, intake.told.recorded)
    file.rename(file.with_name(file.name + TAKEN_IN))
    return intake.told


def _rows(file: Path) -> Iterator[Row | None]:
    """A row for each line; None for one that cannot be read."""
    if file.exists() and not file.is_file():
        raise UsageError(_("is no file"), where=str(file), remedy=_("name what a run left in var/spill"))
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError):
                    row = None
                yield row if isinstance(row, dict) and "kind" in row else None
    except OSError as error:
        raise UsageError(_("cannot be read: %(reason)s") % {"reason": error.strerror}, where=str(file)) from error


def _run_of(store: Store, first: Row, file: Path) -> Run:
    """The run that spilled this. Another database may have a run of the same number."""
    run = store.get_run(int(first["run_id"]))
    actor = run.about.actor
    if (actor.host, actor.pid, actor.pid_started) != (first["host"], first["pid"], first["pid_started"]):
        raise UsageError(
            _("was spilled by another run %(run)s than the one in these records") % {"run": run.id},
            where=str(file),
            remedy=_("LIFECYCLE_DATABASE_URL or LIFECYCLE_VAR names other records than then; these are %(address)s")
            % {"address": store.address},
        )
    if run.status is Status.RUNNING:
        waits = any(row and row["kind"] in ("run_ends", "end") for row in _rows(file))
        if not waits:
            raise UsageError(
                _("run %(run)s is still running") % {"run": run.id},
                where=str(file),
                remedy=_("try again when it has ended"),
            )
    return run


def _task(intake: _Intake, row: Row) -> None:
    intake.tasks.append(TaskRecord(**_only(TaskRecord, {**row, "step_id": _step(intake, row)})))


def _result(intake: _Intake, row: Row) -> None:
    values = {**row, "step_id": _step(intake, row), "status": ResultStatus(row["status"])}
    values["at"] = datetime.fromisoformat(row["at"])
    intake.results.append(ResultRecord(**_only(ResultRecord, values)))


def _step_begins(intake: _Intake, row: Row) -> None:
    there = next((step.id for step in intake.run.steps if step.number == row["number"]), None)
    at = datetime.fromisoformat(row["at"])
    made = there or intake.store.begin_step(intake.run.id, row["phase"], row["playbook"], at)
    intake.steps[row["step_id"]] = made


def _step_ends(intake: _Intake, row: Row) -> None:
    hosts = {host: HostTotals(**totals) for host, totals in row["hosts"].items()}
    at = datetime.fromisoformat(row["at"])
    ended = (_step(intake, row), Status(row["status"]), hosts, row["data"], row["ran_through"], at)
    intake.store.end_step(*ended)


def _run_ends(intake: _Intake, row: Row) -> None:
    at = datetime.fromisoformat(row["at"])
    intake.store.end_run(intake.run.id, Status(row["status"]), Recorded.PARTIAL, at)


def _unreadable(intake: _Intake, _row: Row) -> None:
    intake.told.missing += 1


def _nothing(_intake: _Intake, _row: Row) -> None:
    """A line that says something to nobody here."""


HANDLERS: dict[str, Callable[[_Intake, Row], None]] = {
    "task": _task,
    "result": _result,
    "step_begins": _step_begins,
    "step_ends": _step_ends,
    "run_ends": _run_ends,
    "unreadable": _unreadable,
}


def _step(intake: _Intake, row: Row) -> int:
    """The step's id in the store. One that the store did not take when it began has another in the file."""
    step_id = int(row["step_id"])
    return intake.steps.get(step_id, step_id)


def _only(kind: type, values: Row) -> Row:
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
