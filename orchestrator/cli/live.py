"""The live display: one moving line with phase, task, hosts and time; finished outcomes scroll above it."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from orchestrator.cli.progress import COLOURS, result_line
from orchestrator.cli.streams import whoever_reads
from orchestrator.languages import _, shown

if TYPE_CHECKING:
    from orchestrator.engine import Event


class LiveProgress:
    """Draws from what the engine tells. Its own thread moves the clock."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._started = time.monotonic()
        self._phase = self._task = self._host = ""
        self._spinner = Spinner("dots")
        self._live = Live(get_renderable=self._line, console=self._console, refresh_per_second=5, transient=True)

    def __enter__(self) -> LiveProgress:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    @whoever_reads()
    def on_event(self, event: Event) -> None:
        if event.kind == "phase":
            self._phase, self._task, self._host = event.phase, "", ""
            self._console.print(Text(f"{event.phase}", style="bold"))
        elif event.kind == "notice":
            self._console.print(Text(shown(_("note: %(text)s") % {"text": event.message})))
        elif event.kind == "task":
            self._task, self._host = event.task, ""
        elif event.kind == "result":
            self._host = event.host
            if event.status in COLOURS:
                line = f"{shown(result_line(event))}  [{event.task}]"
                self._console.print(Text(line, style=COLOURS[event.status]))

    def _line(self) -> Spinner:
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        parts = (part for part in (self._phase, self._task, self._host) if part)
        text = Text(f"{minutes}:{seconds:02d}  {'  ·  '.join(parts)}", overflow="ellipsis", no_wrap=True)
        self._spinner.update(text=text)
        return self._spinner
