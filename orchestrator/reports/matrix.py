"""Hosts by tasks, in a few lines of text: one letter a result, one row for all hosts that fared alike. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markupsafe import Markup

from orchestrator.records.entities import ResultStatus, TaskRecord
from orchestrator.records.reading import Outcome
from orchestrator.reports.words import clean

LETTERS: Final = {
    ResultStatus.OK: ".",
    ResultStatus.CHANGED: "C",
    ResultStatus.SKIPPED: "-",
    ResultStatus.FAILED: "F",
    ResultStatus.IGNORED: "I",
    ResultStatus.UNREACHABLE: "U",
    ResultStatus.RETRIED: "R",
}
# The task did not reach this host.
NONE: Final = " "
# What stands out, the worst first; also the order of rows.
LOUD: Final = "UFIRC"
RULER_STEP: Final = 10


@dataclass(frozen=True, slots=True)
class Row:
    """Hosts that fared alike; `cells` has one letter for each task. `loud`: letter -> how many, the worst first."""

    hosts: tuple[str, ...]
    cells: str

    @property
    def loud(self) -> dict[str, int]:
        return {letter: count for letter in LOUD if (count := self.cells.count(letter))}


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task, numbered within its phase. `counts`: status -> hosts; `longest`: seconds on `longest_host`."""

    number: int
    name: str
    action: str
    where: str
    play: str
    counts: dict[str, int]
    longest: float
    longest_host: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """One phase: its tasks in the order they began, its hosts in rows."""

    phase: str
    tasks: tuple[TaskLine, ...]
    rows: tuple[Row, ...]

    @property
    def hosts(self) -> int:
        return sum(len(row.hosts) for row in self.rows)

    @property
    def ruler(self) -> str:
        """The numbers of the tasks above their columns: 1, 11, 21 ..."""
        starts = range(1, len(self.tasks) + 1, RULER_STEP)
        return "".join(str(start).ljust(RULER_STEP) for start in starts).rstrip()


def matrix(phase: str, tasks: Sequence[TaskRecord], outcomes: Iterable[Outcome], hosts: Iterable[str]) -> Matrix:
    """The matrix of one step. `hosts`: those of the recap; one that has no result is a row without letters.

    The last result of a task on a host counts: retries and failed items come before it.
    """
    last = {(one.task_uuid, one.host): one for one in outcomes}
    order = {uuid: None for uuid, _ in last} | {task.uuid: None for task in tasks}
    columns = {uuid: number for number, uuid in enumerate(order)}
    cells: dict[str, list[str]] = {host: [NONE] * len(columns) for host in hosts}
    for (uuid, host), one in last.items():
        cells.setdefault(host, [NONE] * len(columns))[columns[uuid]] = LETTERS[one.status]
    return Matrix(clean(phase), tuple(_lines(columns, tasks, last.values())), _rows(cells))


def _rows(cells: dict[str, list[str]]) -> tuple[Row, ...]:
    alike: dict[str, list[str]] = {}
    for host in sorted(cells):
        alike.setdefault("".join(cells[host]), []).append(clean(host))
    rows = [Row(tuple(hosts), letters) for letters, hosts in alike.items()]
    return tuple(sorted(rows, key=_rank))


def _rank(row: Row) -> tuple[int, str]:
    worst = next(iter(row.loud), "")
    return (LOUD.index(worst) if worst else len(LOUD), row.hosts[0])


def _lines(columns: dict[str, int], tasks: Sequence[TaskRecord], last: Iterable[Outcome]) -> Iterator[TaskLine]:
    known = {task.uuid: task for task in tasks}
    of_task: dict[str, list[Outcome]] = {uuid: [] for uuid in columns}
    for one in last:
        of_task[one.task_uuid].append(one)
    for uuid, number in columns.items():
        # A result is kept even when the event of its task was lost.
        task = known.get(uuid, TaskRecord(0, 0, uuid, "?", "", "", ""))
        counts: dict[str, int] = {}
        for one in of_task[uuid]:
            counts[one.status.value] = counts.get(one.status.value, 0) + 1
        slow = max(of_task[uuid], key=lambda one: one.seconds, default=None)
        yield TaskLine(
            number=number + 1,
            name=clean(task.name) or "?",
            action=clean(task.action),
            where=clean(task.where),
            play=clean(task.play),
            counts={status.value: counts[status.value] for status in LETTERS if status.value in counts},
            longest=slow.seconds if slow else 0.0,
            longest_host=clean(slow.host) if slow else "",
        )


def marked(cells: str) -> Markup:
    """A row's letters for a page: what stands out is coloured, and as little markup as that takes."""
    parts = []
    for letter, group in groupby(cells):
        text = "".join(group)
        parts.append(f'<b class="{letter}">{text}</b>' if letter in LOUD else text)
    # Letters of LETTERS and blanks only: nothing of it came from a host.
    return Markup("".join(parts))
