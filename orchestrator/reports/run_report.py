"""What a page about one run shows: from rows of the records to plain data. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from orchestrator.records.entities import Evidence, ResultStatus, Run, Status, Step, StoredPlan, TaskRecord
from orchestrator.records.reading import Outcome
from orchestrator.reports.matrix import Matrix, TaskLine, matrix
from orchestrator.reports.release_story import ReleaseStory
from orchestrator.reports.words import block, clean

KEEP_LINES: Final = 400
KEEP_TOLD: Final = 20_000
BAD: Final = (ResultStatus.FAILED, ResultStatus.UNREACHABLE)
# A result that says the same is read from these; the rest of an answer is bulk.
CAUSES: Final = ("rc", "cmd", "stderr", "module_stderr", "validator_output", "stdout", "module_stdout")


@dataclass(frozen=True, slots=True)
class Phase:
    """A bar of the time line. `begins`, `ends`: parts of the whole run, 0 to 1; `ended_at` None: no end on record."""

    number: int
    phase: str
    playbook: str
    status: Status
    changed: bool
    started_at: datetime
    ended_at: datetime | None
    begins: float
    ends: float
    hosts: int
    told: Mapping[str, str]

    @property
    def seconds(self) -> float | None:
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


@dataclass(frozen=True, slots=True)
class Failure:
    """The same failure of one task, and the hosts that had it.

    `excused`: the play went on, because the error was rescued or ignored. `cause`: what the program behind it said.
    `source`: the task's text as it stood when it was carried out, empty where it was not kept.
    """

    phase: str
    status: ResultStatus
    task: str
    number: int
    where: str
    hosts: tuple[str, ...]
    message: str
    cause: str
    excused: bool
    cut: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A diff, and the hosts that have the very same. `more`: lines that are not shown here."""

    phase: str
    task: str
    number: int
    hosts: tuple[str, ...]
    text: str
    more: int
    cut: bool


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything of the page. `omitted`: differences that did not fit in."""

    run: Run
    plan: StoredPlan | None
    phases: tuple[Phase, ...]
    failures: tuple[Failure, ...]
    matrices: tuple[Matrix, ...]
    differences: tuple[Difference, ...]
    omitted: int
    releases: tuple[ReleaseStory, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """What the records hold of a run. `texts`: digest -> text, of the diffs to show and of the failures' answers."""

    run: Run
    plan: StoredPlan | None
    tasks: Sequence[TaskRecord]
    outcomes: Sequence[Outcome]
    texts: Mapping[str, str]
    releases: Sequence[ReleaseStory] = ()
    evidence: Sequence[Evidence] = ()


def run_report(material: Material) -> RunReport:
    """The report of a run, whatever became of it."""
    run = material.run
    results: dict[int, list[Outcome]] = {step.id: [] for step in run.steps}
    tasks: dict[int, list[TaskRecord]] = {step.id: [] for step in run.steps}
    for one in material.outcomes:
        results.setdefault(one.step_id, []).append(one)
    for task in material.tasks:
        tasks.setdefault(task.step_id, []).append(task)
    failures: list[Failure] = []
    differences: list[Difference] = []
    matrices = []
    omitted = 0
    for step in run.steps:
        made = matrix(step.phase, tasks[step.id], results[step.id], step.hosts)
        lines = _line_of(made, results[step.id], tasks[step.id])
        matrices.append(made)
        sources = {task.uuid: block(task.source) for task in tasks[step.id] if task.source}
        failures += _failures(step, results[step.id], lines, material.texts, sources)
        shown, missing = _differences(step, results[step.id], lines, material.texts)
        differences += shown
        omitted += missing
    return RunReport(
        run=run,
        plan=material.plan,
        phases=tuple(_phases(run)),
        failures=tuple(sorted(failures, key=lambda one: one.excused)),
        matrices=tuple(matrices),
        differences=tuple(differences),
        omitted=omitted,
        releases=tuple(material.releases),
        evidence=_all_evidence(material),
    )


def _line_of(made: Matrix, results: Sequence[Outcome], tasks: Sequence[TaskRecord]) -> dict[str, TaskLine]:
    """Task uuid -> its line; the matrix numbers tasks by their first result, then those without any."""
    order = dict.fromkeys([*(one.task_uuid for one in results), *(task.uuid for task in tasks)])
    return dict(zip(order, made.tasks, strict=True))


def _phases(run: Run) -> Iterator[Phase]:
    moments = [moment for step in run.steps for moment in (step.started_at, step.ended_at) if moment]
    last = max([*moments, run.ended_at or run.started_at])
    whole = (last - run.started_at).total_seconds() or 1.0

    def part(moment: datetime) -> float:
        return min(1.0, max(0.0, (moment - run.started_at).total_seconds() / whole))

    for step in run.steps:
        yield Phase(
            number=step.number,
            phase=clean(step.phase),
            playbook=clean(step.playbook),
            status=step.status,
            changed=step.changed,
            started_at=step.started_at,
            ended_at=step.ended_at,
            begins=part(step.started_at),
            ends=part(step.ended_at or last),
            hosts=len(step.hosts),
            told={clean(key): _told(value) for key, value in step.data.items()},
        )


def _told(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return block(text if len(text) <= KEEP_TOLD else f"{text[:KEEP_TOLD]}\n…")


def _failures(
    step: Step,
    results: Sequence[Outcome],
    lines: Mapping[str, TaskLine],
    texts: Mapping[str, str],
    sources: Mapping[str, str],
) -> Iterator[Failure]:
    """Equal failures of a task once. A loop's own message only says that items failed; the items say why."""
    of_place: dict[tuple[str, str], list[Outcome]] = {}
    for one in results:
        if one.status in (*BAD, ResultStatus.IGNORED):
            of_place.setdefault((one.task_uuid, one.host), []).append(one)
    alike: dict[tuple[Any, ...], list[str]] = {}
    for (uuid, host), found in of_place.items():
        last = found[-1]
        message = "\n".join(dict.fromkeys(one.message for one in found[:-1])) or last.message
        cause = _cause(texts.get(last.output or "", ""), message)
        key = (uuid, last.status, message, cause, _excused(step, last), last.cut)
        alike.setdefault(key, []).append(clean(host))
    for (uuid, status, message, cause, excused, cut), hosts in alike.items():
        line = lines[uuid]
        yield Failure(
            phase=clean(step.phase),
            status=status,
            task=line.name,
            number=line.number,
            where=line.where,
            hosts=tuple(sorted(hosts)),
            message=block(message),
            cause=cause,
            excused=excused,
            cut=cut,
            source=sources.get(uuid, ""),
        )


def _excused(step: Step, last: Outcome) -> bool:
    """Ignored; or rescued: then the host's line of the recap has no failure."""
    if last.status is ResultStatus.IGNORED:
        return True
    totals = step.hosts.get(last.host)
    return totals is not None and totals.rescued > 0 and not (totals.failed or totals.unreachable)


def _cause(output: str, message: str) -> str:
    """What the program behind the module said, as far as the message does not say it already."""
    try:
        answer = json.loads(output) if output else {}
    except ValueError:
        # An answer that was cut is no JSON any more; its beginning is still worth reading.
        return block(output[:KEEP_TOLD])
    if not isinstance(answer, dict):
        return ""
    parts = []
    for key in CAUSES:
        value = answer.get(key)
        text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
        if text.strip() and text.strip() not in message:
            parts.append(f"{key}: {text.strip()}" if "\n" not in text.strip() else f"{key}:\n{text.rstrip()}")
    return block("\n".join(parts)[:KEEP_TOLD])


def _differences(
    step: Step, results: Sequence[Outcome], lines: Mapping[str, TaskLine], texts: Mapping[str, str]
) -> tuple[list[Difference], int]:
    alike: dict[tuple[str, str], list[Outcome]] = {}
    for one in results:
        if one.diff:
            alike.setdefault((one.task_uuid, one.diff), []).append(one)
    shown = [_difference(step, lines[uuid], found, texts[digest]) for (uuid, digest), found in alike.items()
             if digest in texts]  # fmt: skip
    shown.sort(key=lambda one: one.number)
    return shown, len(alike) - len(shown)


def _difference(step: Step, line: TaskLine, found: Sequence[Outcome], text: str) -> Difference:
    rows = text.split("\n")
    return Difference(
        phase=clean(step.phase),
        task=line.name,
        number=line.number,
        hosts=tuple(sorted({clean(one.host) for one in found})),
        text=block("\n".join(rows[:KEEP_LINES])),
        more=max(0, len(rows) - KEEP_LINES),
        cut=any(one.cut for one in found),
    )


def _all_evidence(material: Material) -> tuple[Evidence, ...]:
    """Of the run and of its releases, each once."""
    found = {one.id: one for story in material.releases for one in story.evidence}
    found |= {one.id: one for one in material.evidence}
    return tuple(found[key] for key in sorted(found))
