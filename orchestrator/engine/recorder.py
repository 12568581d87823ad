"""Records events while a play runs, without ever holding it up.

What ansible tells is only put on a queue: ansible waits for whoever reads it. A thread of our own translates, scrubs
and writes in batches. When the store fails, rows go to a spill file and the play goes on.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.engine import translate
from orchestrator.engine.request import Event, HostFailure, Listener
from orchestrator.engine.scrub import Scrubber
from orchestrator.engine.spill import Spill
from orchestrator.engine.task_source import TaskSources
from orchestrator.errors import StoreError
from orchestrator.records import Store
from orchestrator.records.entities import HostTotals, ResultRecord, ResultStatus, TaskRecord

BATCH_ROWS = 500
BATCH_SECONDS = 0.5
# Lines kept of what ansible says outside of results: why it could not start.
KEEP_LINES = 50

SPOKEN = ("error", "verbose")
WARNINGS = ("warning", "system_warning")


@dataclass(slots=True)
class Heard:
    """What the events of one step told, beyond the rows that were stored."""

    started: bool = False
    finished: bool = False
    # Whether a task began: before the first one no host is touched.
    tasks: bool = False
    events: int = 0
    gaps: int = 0
    ran_through: bool | None = None
    hosts: dict[str, HostTotals] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    failures: list[HostFailure] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows of a step belong. `base` is the run's last counter before this step."""

    run_id: int
    step_id: int
    phase: str
    base: int


class Recorder:
    """One step's events, from the threads that hear them to the store."""

    def __init__(
        self,
        store: Store,
        spill: Spill,
        place: Place,
        scrubber: Scrubber,
        listener: Listener | None,
        on_start: Callable[[int], None],
    ) -> None:
        self._store, self._spill, self._place = store, spill, place
        self._scrubber, self._listener, self._on_start = scrubber, listener, on_start
        self._sources = TaskSources(scrubber)
        self._queue: queue.SimpleQueue[bytes | tuple[str, str] | None] = queue.SimpleQueue()
        self._tasks: list[TaskRecord] = []
        self._results: list[ResultRecord] = []
        self._item_messages: dict[tuple[str, str], list[str]] = {}
        self.heard = Heard()
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def handle(self, line: bytes) -> None:
        """An event of the channel."""
        self._queue.put(line)

    def hear(self, event: Mapping[str, Any]) -> bool:
        """The runner's event handler: what ansible prints. The runner uses the same dictionary again."""
        self._queue.put((str(event.get("event", "")), str(event.get("stdout", ""))))
        return False

    def close(self) -> Heard:
        """Write what is left and say what was heard."""
        self._queue.put(None)
        self._thread.join()
        return self.heard

    def _work(self) -> None:
        oldest = time.monotonic()
        while True:
            try:
                item = self._queue.get(timeout=BATCH_SECONDS)
            except queue.Empty:
                self._flush()
                continue
            if item is None:
                self._flush()
                return
            if not (self._tasks or self._results):
                oldest = time.monotonic()
            self._take(item)
            if len(self._results) >= BATCH_ROWS or time.monotonic() - oldest > BATCH_SECONDS:
                self._flush()

    def _take(self, item: bytes | tuple[str, str]) -> None:
        """What was heard. A surprise in it costs this event, not the ones after it."""
        if isinstance(item, tuple):
            self._spoken(*item)
            return
        try:
            event = json.loads(item)
        except ValueError:
            # Ansible was killed while it wrote it.
            self.heard.gaps += 1
            return
        counter = int(event["counter"])
        self.heard.gaps += counter != self.heard.events + 1
        self.heard.events = counter
        try:
            self._dispatch(counter, event)
        except Exception as error:
            self._spill.surprise(error, event.get("event", ""), self._place.base + counter)

    def _dispatch(self, counter: int, event: dict[str, Any]) -> None:
        name = event.get("event", "")
        if name in translate.RESULTS:
            self.heard.started = self.heard.tasks = True
            self._result(counter, event)
        elif name == "playbook_on_task_start":
            self.heard.tasks = True
            self._task(event)
        elif name == "playbook_on_start":
            self._on_start(int(event["pid"]))
        elif name == "playbook_on_play_start":
            # Not earlier: a playbook that cannot be read has begun nothing.
            self.heard.started = True
        elif name == "playbook_on_stats":
            self._stats(event["event_data"])

    def _task(self, event: dict[str, Any]) -> None:
        task = translate.task_of(event, self._place.run_id, self._place.step_id)
        scrub, source = self._scrubber.text, None if translate.hides(event) else self._sources.of(task.where)
        task = replace(task, name=scrub(task.name), play=scrub(task.play), source=source)
        self._tasks.append(task)
        self._tell(Event("task", phase=self._place.phase, task=task.name))

    def _result(self, counter: int, event: dict[str, Any]) -> None:
        found = translate.result_of(event, self._place.run_id, self._place.step_id, self._place.base + counter)
        scrub = self._scrubber
        result = replace(
            found,
            message=scrub.text(found.message),
            diff=scrub.maybe(found.diff),
            output=scrub.maybe(found.output),
            task=scrub.text(found.task),
        )
        self._results.append(result)
        if event["event"] == "runner_item_on_failed":
            self._item_messages.setdefault((result.host, result.task_uuid), []).append(result.message)
            return
        message = self._message(result)
        if result.status in (ResultStatus.FAILED, ResultStatus.UNREACHABLE):
            where = str(event["event_data"].get("task_path") or "")
            unreachable = result.status is ResultStatus.UNREACHABLE
            self.heard.failures.append(HostFailure(result.host, result.task, message, where, unreachable))
        self._tell(
            Event(
                "result",
                phase=self._place.phase,
                host=result.host,
                task=result.task,
                status=result.status,
                message=message,
            )
        )

    def _message(self, result: ResultRecord) -> str:
        """A loop's own message only says that items failed; the items say why."""
        items = self._item_messages.pop((result.host, result.task_uuid), [])
        return "\n".join(dict.fromkeys(items)) or result.message

    def _stats(self, stats: dict[str, Any]) -> None:
        self.heard.finished = True
        self.heard.hosts = translate.totals_of(stats)
        told = dict(stats.get("artifact_data") or {})
        self.heard.ran_through = told.pop("lifecycle_ran_through", None)
        self.heard.data = self._scrubber.tree(told)

    def _spoken(self, name: str, line: str) -> None:
        if name not in SPOKEN and name not in WARNINGS:
            return
        text = self._scrubber.text(line).strip()
        kept = self.heard.warnings if name in WARNINGS else self.heard.spoken
        if text and len(kept) < KEEP_LINES:
            kept.append(text)

    def _tell(self, event: Event) -> None:
        if self._listener is not None:
            self._listener.on_event(event)

    def _flush(self) -> None:
        tasks, results = self._tasks, self._results
        if not (tasks or results):
            return
        self._tasks, self._results = [], []
        if self._spill.used:
            self._spill.rows(tasks, results)
            return
        try:
            self._store.add_results(tasks, results)
        except StoreError as error:
            self._spill.begin(error)
            self._spill.rows(tasks, results)
