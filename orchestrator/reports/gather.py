"""From the store to what the builders of pages take: the one place of this package that asks the records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.records.entities import Release, ResultStatus, Run, now
from orchestrator.records.reading import Outcome
from orchestrator.records.store import Store
from orchestrator.release.guard import KEY
from orchestrator.reports.environment_report import EnvironmentReport, environment_report
from orchestrator.reports.release_story import ReleaseStory, release_story
from orchestrator.reports.run_report import Material

# A page is read on phones: so many bytes of differences, each counted once however many hosts have it.
KEEP_DIFFERENCES: Final = 1_500_000
# And so many of them: nobody reads more, and a browser lays each one out.
MOST_DIFFERENCES: Final = 1000
# So many different answers of failed tasks; the messages of all of them are shown.
KEEP_ANSWERS: Final = 500
RUNS: Final = 100
RELEASES: Final = 5


def run_material(store: Store, run_id: int) -> Material:
    """Everything on record of a run. Raises UsageError when there is no such run."""
    run = store.get_run(run_id)
    outcomes = store.list_outcomes(run_id)
    releases = tuple(_stories(store, store.releases_of_run(run_id)))
    wanted = [*_differences(store, outcomes), *_answers(outcomes)]
    return Material(
        run=run,
        plan=store.find_plan(run_id),
        tasks=store.list_tasks(run_id),
        outcomes=outcomes,
        texts=store.texts(wanted),
        releases=releases,
        evidence=store.evidence_of_run(run_id),
    )


def environment_material(store: Store, environment: str) -> EnvironmentReport:
    """The report of an environment. Raises ReportError when nothing is on record of it."""
    runs = store.list_runs(environment, RUNS)
    failed = [result for run in _last_runs(runs) for result in store.list_results(run.id, failed=True)]
    stories = tuple(_stories(store, store.list_releases(environment, RELEASES)))
    return environment_report(environment, runs, failed, stories)


def _last_runs(runs: Sequence[Run]) -> Iterator[Run]:
    """The runs in which some host was reached for the last time; runs are the newest first."""
    seen: set[str] = set()
    for run in runs:
        hosts = {host for step in run.steps for host in step.hosts}
        if hosts - seen:
            yield run
        seen |= hosts


def _differences(store: Store, outcomes: Sequence[Outcome]) -> Iterator[str]:
    digests = list(dict.fromkeys(one.diff for one in outcomes if one.diff))
    sizes = store.sizes(digests)
    left = KEEP_DIFFERENCES
    for digest in digests[:MOST_DIFFERENCES]:
        size = sizes.get(digest, 0)
        if size <= left:
            left -= size
            yield digest


def _answers(outcomes: Sequence[Outcome]) -> list[str]:
    bad = (ResultStatus.FAILED, ResultStatus.UNREACHABLE, ResultStatus.IGNORED)
    return list(dict.fromkeys(one.output for one in outcomes if one.output and one.status in bad))[:KEEP_ANSWERS]


def _stories(store: Store, releases: Sequence[Release]) -> Iterator[ReleaseStory]:
    for release in releases:
        told = store.told(release.environment, KEY, release.started_at, release.ended_at or now())
        yield release_story(release, store.list_release_steps(release.id), told, store.list_evidence(release.id))
