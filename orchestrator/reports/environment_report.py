"""What a page about an environment shows: its last runs, how each host stands, its releases. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from orchestrator.errors import ReportError
from orchestrator.languages import _
from orchestrator.records.entities import HostTotals, ResultRecord, Run, Step
from orchestrator.reports.release_story import ReleaseStory
from orchestrator.reports.words import block, clean

LETTERS: Final = (("U", "unreachable"), ("F", "failed"), ("C", "changed"), (".", "ok"))


@dataclass(frozen=True, slots=True)
class HostState:
    """How a host stood at the end of the last run that reached for it. `cells`: one letter a run, oldest first.

    `messages`: why it did not get through then.
    """

    host: str
    run_id: int
    phase: str
    at: datetime
    check: bool
    totals: HostTotals
    letter: str
    cells: str
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnvironmentReport:
    """Everything of the page; runs are the newest first."""

    environment: str
    path: str
    runs: tuple[Run, ...]
    hosts: tuple[HostState, ...]
    releases: tuple[ReleaseStory, ...]

    @property
    def trouble(self) -> tuple[HostState, ...]:
        return tuple(host for host in self.hosts if host.letter in "UF")


def environment_report(
    environment: str, runs: Sequence[Run], failed: Sequence[ResultRecord], releases: Sequence[ReleaseStory]
) -> EnvironmentReport:
    """The report of an environment. `failed`: results of those runs that failed or were unreachable.

    Raises ReportError when nothing is on record.
    """
    if not runs:
        raise ReportError(
            _("nothing is on record of it"), where=environment, remedy=_("`lifecycle history` lists the runs")
        )
    return EnvironmentReport(
        environment=clean(environment),
        path=clean(runs[0].about.environment_path),
        runs=tuple(runs),
        hosts=tuple(sorted(_hosts(runs, failed), key=lambda one: ("UF".find(one.letter) == -1, one.host))),
        releases=tuple(releases),
    )


def _hosts(runs: Sequence[Run], failed: Sequence[ResultRecord]) -> Iterator[HostState]:
    latest: dict[str, tuple[Run, Step]] = {}
    cells: dict[str, dict[int, str]] = {}
    for run in reversed(runs):
        for step in run.steps:
            for host, totals in step.hosts.items():
                latest[host] = (run, step)
                before = cells.setdefault(host, {}).get(run.id, ".")
                cells[host][run.id] = min(before, letter_of(totals), key=_badness)
    why: dict[tuple[int, str], list[str]] = {}
    for result in failed:
        text = f"{result.task}: {result.message}" if result.task else result.message
        why.setdefault((result.step_id, result.host), []).append(text)
    for host, (run, step) in latest.items():
        totals = step.hosts[host]
        letter = letter_of(totals)
        bad = letter in "UF"
        yield HostState(
            host=clean(host),
            run_id=run.id,
            phase=clean(step.phase),
            at=step.ended_at or step.started_at,
            check=run.about.check,
            totals=totals,
            letter=letter,
            cells="".join(cells[host].get(one.id, " ") for one in reversed(runs)),
            messages=tuple(block(text) for text in dict.fromkeys(why.get((step.id, host), ()))) if bad else (),
        )


def letter_of(totals: HostTotals) -> str:
    """The worst thing of a host's line of the recap."""
    counts: Mapping[str, int] = {name: getattr(totals, name) for _, name in LETTERS}
    return next((letter for letter, name in LETTERS if counts[name]), ".")


def _badness(letter: str) -> int:
    return [known for known, _ in LETTERS].index(letter)
