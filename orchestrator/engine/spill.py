"""Where results go when the store fails in the middle of a run: a file with one JSON object per line."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestrator.records.entities import ResultRecord, TaskRecord


class Spill:
    """The spill file of one run. It is made when it is first needed; failing to write it never stops a play."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.used = False
        self.reasons: list[str] = []

    def begin(self, error: Exception) -> None:
        """From here on every row of the run goes to the file."""
        self.used = True
        self.reasons.append(str(error))

    def surprise(self, error: Exception, event: str, counter: int) -> None:
        """An event that could not be translated."""
        reason = f"event {counter} ({event}) could not be recorded: {type(error).__name__}"
        self.reasons.append(reason)
        self._write([{"kind": "unreadable", "counter": counter, "event": event, "why": type(error).__name__}])

    def rows(self, tasks: Sequence[TaskRecord], results: Sequence[ResultRecord]) -> None:
        self._write(
            [{"kind": "task", **dataclasses.asdict(task)} for task in tasks]
            + [{"kind": "result", **dataclasses.asdict(result)} for result in results]
        )

    def ended(self, what: dict[str, Any]) -> None:
        """How a step or the run ended, when the store would not take it."""
        self._write([what])

    def _write(self, rows: list[dict[str, Any]]) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(row, default=str) + "\n" for row in rows)
        except OSError as error:
            self.reasons.append(f"{self.path}: {error.strerror}")
