"""The release on record: each thing is written down before it is done, and once more with what came of it.

An intent (`running`) without a later entry is therefore the trace of a command that died in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Protocol

from orchestrator.records.entities import Evidence, Release, ReleaseState, ReleaseStep, Status, now
from orchestrator.release.edge import EdgeTruth
from orchestrator.release.machine import Action

EDGE: Final = "edge"
# Stands in the entry that says an intent was refused before it touched a host, with the intent's id.
REFUSED: Final = "refused"
EVERY: Final = 100_000
# Nothing is done to a release once so many were started after it.
RECENT: Final = 20


def _ended(release: Release, state: ReleaseState) -> datetime | None:
    """What is done to a release that stays promoted, such as closing its window, does not end it once more."""
    if state.is_open:
        return None
    return release.ended_at if release.ended_at and state is release.state else now()


class ReleaseStore(Protocol):
    """What a release needs of the records."""

    def create_release(self, release: Release) -> Release: ...
    def update_release(self, release: Release) -> None: ...
    def open_release(self, environment: str, application: str | None = None) -> Release | None: ...
    def list_releases(self, environment: str, limit: int = 20) -> list[Release]: ...
    def add_release_step(self, step: ReleaseStep) -> ReleaseStep: ...
    def list_release_steps(self, release_id: int) -> list[ReleaseStep]: ...
    def add_evidence(self, evidence: Evidence) -> Evidence: ...


class Journal:
    """Writes and reads the releases of one application in one environment."""

    def __init__(self, store: ReleaseStore, environment: str, application: str, operator: str) -> None:
        self._store = store
        self._environment = environment
        self._application = application
        self._operator = operator

    def create(self, version: str, sha256: str | None, reason: str | None, previous: str | None = None) -> Release:
        return self._store.create_release(
            Release(
                id=0,
                environment=self._environment,
                application=self._application,
                version=version,
                state=ReleaseState.STAGED,
                weight=0,
                operator=self._operator,
                started_at=now(),
                previous=previous,
                artifact_sha256=sha256,
                reason=reason,
            )
        )

    def open(self) -> Release | None:
        return self._store.open_release(self._environment, self._application)

    def newest(self) -> Release | None:
        """The release that something was done to last; a rollback may be of an older one than the last started."""
        touched = [release for release in self.all()[:RECENT] if not self._never_ran(release)]
        return max(touched, key=self._last_entry, default=None)

    def promoted(self) -> Release | None:
        """The release that made the present stable version so, as far as the record goes."""
        return next((release for release in self.all() if release.state is ReleaseState.PROMOTED), None)

    def all(self) -> list[Release]:
        """Every release of the application, the newest first."""
        found = self._store.list_releases(self._environment, EVERY)
        mine = [release for release in found if release.application == self._application]
        return sorted(mine, key=lambda release: release.id, reverse=True)

    def steps(self, release: Release) -> list[ReleaseStep]:
        """The release's entries, the oldest first."""
        return sorted(self._store.list_release_steps(release.id), key=lambda step: step.id)

    def intend(self, release: Release, action: Action, weight: int, reason: str | None) -> ReleaseStep:
        """Write down what is about to be done."""
        return self._add(release, action, weight, Status.RUNNING, reason=reason)

    def not_run(self, release: Release, intent: ReleaseStep, why: str) -> None:
        """The intended thing was refused before it touched a host."""
        self._add(
            release, Action(intent.action), release.weight, Status.CANCELED, reason=why, data={REFUSED: intent.id}
        )

    def came_to(
        self,
        release: Release,
        action: Action,
        status: Status,
        state: ReleaseState,
        weight: int,
        *,
        truth: EdgeTruth | None = None,
        run_id: int | None = None,
        reason: str | None = None,
    ) -> Release:
        """Write down what came of it, and bring the release to that state."""
        before = truth.stable.version if truth and truth.stable else None
        after = replace(
            release,
            state=state,
            weight=weight,
            colour=(truth.colour_of(release.version) if truth else None) or release.colour,
            previous=before if before and before != release.version and state.is_open else release.previous,
            ended_at=_ended(release, state),
        )
        data = {EDGE: truth.as_data()} if truth else {}
        set_id = truth.set_id if truth else None
        self._add(after, action, weight, status, run_id=run_id, set_id=set_id, reason=reason, data=data)
        self._store.update_release(after)
        return after

    def keep_evidence(self, release: Release, kind: str, verdict: str, summary: str, content: str) -> None:
        """Tie what was found out to the last thing that was done to the release."""
        step = self.steps(release)[-1]
        self._store.add_evidence(Evidence(0, step.id, kind, verdict, summary, now(), step.run_id, content))

    def unconfirmed(self, release: Release) -> ReleaseStep | None:
        """The last thing done to the release, if nobody knows for sure what came of it."""
        steps = self.steps(release)
        if not steps:
            # Killed before even the first intent was written.
            stage = Action.STAGE.value
            return ReleaseStep(0, release.id, stage, 0, Status.RUNNING, release.started_at, release.operator)
        refused = {step.data[REFUSED] for step in steps if REFUSED in step.data}
        last = next((s for s in reversed(steps) if s.id not in refused and REFUSED not in s.data), None)
        return None if last is None or last.status is Status.SUCCESSFUL else last

    def last_truth(self) -> Mapping[str, Any] | None:
        """What the edge said last, as far as the record goes."""
        for release in self.all():
            for step in reversed(self.steps(release)):
                if EDGE in step.data:
                    told: Mapping[str, Any] = step.data[EDGE]
                    return told
        return None

    def _last_entry(self, release: Release) -> tuple[int, int]:
        steps = self.steps(release)
        return (steps[-1].id if steps else 0, release.id)

    def _never_ran(self, release: Release) -> bool:
        if release.state is not ReleaseState.FAILED:
            return False
        steps = self.steps(release)
        return any(REFUSED in step.data for step in steps) and not any(step.run_id for step in steps)

    def _add(
        self,
        release: Release,
        action: Action,
        weight: int,
        status: Status,
        *,
        run_id: int | None = None,
        set_id: str | None = None,
        reason: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> ReleaseStep:
        return self._store.add_release_step(
            ReleaseStep(
                id=0,
                release_id=release.id,
                action=action.value,
                weight=weight,
                status=status,
                at=now(),
                operator=self._operator,
                run_id=run_id,
                set_id=set_id,
                reason=reason,
                data=data or {},
            )
        )
