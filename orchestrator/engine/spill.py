"""Where results go when the store fails in the middle of a run: a file with one JSON object per line."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.languages import _, joined
from orchestrator.records.entities import Actor, HostTotals, ResultRecord, Status, TaskRecord, now


class Spill:
    """The spill file of one run. It is made when it is first needed; failing to write it never stops a play.

    `lifecycle records ingest` reads it (orchestrator/engine/ingest.py). The first line says whose it is, the last one
    how much there is of it: a file that was cut off is not taken for whole.
    """

    def __init__(self, path: Path, run_id: int, actor: Actor) -> None:
        self.path = path
        self.used = False
        self.reasons: list[str] = []
        self._about = {"kind": "spill", "run_id": run_id, "host": actor.host, "pid": actor.pid}
        self._about["pid_started"] = actor.pid_started
        self._written = 0
        self._missing = 0

    def begin(self, error: Exception) -> None:
        """From here on every row of the run goes to the file."""
        self.used = True
        self.reasons.append(str(error))

    def surprise(self, error: Exception, event: str, counter: int) -> None:
        """An event that could not be translated."""
        reason = _("event %(counter)s (%(event)s) could not be recorded: %(name)s") % {
            "counter": counter,
            "event": event,
            "name": type(error).__name__,
        }
        self.reasons.append(reason)
        self._write([{"kind": "unreadable", "counter": counter, "event": event, "why": type(error).__name__}])

    def rows(self, tasks: Sequence[TaskRecord], results: Sequence[ResultRecord]) -> None:
        self._write(
            [{"kind": "task", **dataclasses.asdict(task)} for task in tasks]
            + [{"kind": "result", **dataclasses.asdict(result)} for result in results]
        )

    def step_begins(self, number: int, phase: str, playbook: str) -> int:
        """A step that the store would not take; returns the id that its rows carry in this file."""
        step = {"kind": "step_begins", "step_id": -number, "number": number, "phase": phase, "playbook": playbook}
        self._write([{**step, "at": now()}])
        return -number

    def step_ends(
        self,
        step_id: int,
        status: Status,
        hosts: Mapping[str, HostTotals],
        data: Mapping[str, Any],
        ran_through: bool | None,
    ) -> None:
        """How a step ended, when the store would not take it."""
        totals = {host: dataclasses.asdict(line) for host, line in hosts.items()}
        row = {"kind": "step_ends", "step_id": step_id, "status": status, "hosts": totals, "data": dict(data)}
        self._write([{**row, "ran_through": ran_through, "at": now()}])

    def run_ends(self, status: Status) -> None:
        """How the run ended, when the store would not take it."""
        self._write([{"kind": "run_ends", "status": status, "at": now()}])

    def told(self) -> str:
        """What the operator should know of what is not in the store."""
        parts = [_("recorded only in part (%(reason)s)") % {"reason": self.reasons[0]}]
        if self._written:
            parts.append(_("the rest is in %(path)s: `lifecycle records ingest` takes it in") % {"path": self.path})
        if self._missing:
            parts.append(
                _("%(count)s lines of it are lost (%(reason)s)") % {"count": self._missing, "reason": self.reasons[-1]}
            )
        return joined("; ", parts)

    def close(self) -> None:
        """Say that this was all, if there is a file."""
        if self._written or self._missing:
            self._write([{"kind": "end", "rows": self._written, "missing": self._missing}])

    def _write(self, rows: list[dict[str, Any]]) -> None:
        if not self._written:
            rows = [self._about, *rows]
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(row, default=str) + "\n" for row in rows)
        except OSError as error:
            self._missing += len(rows)
            self.reasons.append(f"{self.path}: {error.strerror}")
        else:
            self._written += len(rows)
