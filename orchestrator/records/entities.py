"""What the records hold, as plain frozen data. Nothing here knows how or where it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


def now() -> datetime:
    """The present moment in UTC; every time in the records is one of these."""
    return datetime.now(UTC)


class Status(StrEnum):
    """How a run or a step ended. Whether it changed anything is told beside it, not by it."""

    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    CANCELED = "canceled"
    CANCELED_UNCLEAN = "canceled_unclean"
    LOST = "lost"
    INCOMPLETE = "incomplete"


class ResultStatus(StrEnum):
    """What one task came to on one host."""

    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    FAILED = "failed"
    IGNORED = "ignored"
    UNREACHABLE = "unreachable"
    RETRIED = "retried"


class Recorded(StrEnum):
    """Whether every result of a run reached the store. `partial`: the rest is in a spill file, or lost with the run."""

    FULL = "full"
    PARTIAL = "partial"


class ReleaseState(StrEnum):
    """Where a version is on its way to the users."""

    STAGED = "staged"
    WIDENING = "widening"
    HELD = "held"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        return self in (ReleaseState.STAGED, ReleaseState.WIDENING, ReleaseState.HELD)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and the process that does it. The start time tells a reused process id apart."""

    operator: str
    host: str
    pid: int
    pid_started: str


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is known of a run before it starts."""

    environment: str
    environment_path: str
    phases: tuple[str, ...]
    actor: Actor
    check: bool = False
    reason: str | None = None
    git_commit: str | None = None
    git_dirty: bool | None = None
    inventory_digest: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    # The run that this one goes on with, and the plan that it applies: a run in check mode.
    resumes: int | None = None
    applies: int | None = None
    # The job of the queue that it carries out.
    job: int | None = None


@dataclass(frozen=True, slots=True)
class HostTotals:
    """A host's line of the recap."""

    ok: int = 0
    changed: int = 0
    failed: int = 0
    unreachable: int = 0
    skipped: int = 0
    rescued: int = 0
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One phase of a run. `data` is what the playbook told the orchestrator with set_stats.

    `ran_through`: every play began and none was stopped for all its hosts, so whoever did not fail has finished.
    """

    id: int
    run_id: int
    number: int
    phase: str
    playbook: str
    status: Status
    started_at: datetime
    ended_at: datetime | None = None
    hosts: Mapping[str, HostTotals] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    ran_through: bool | None = None

    @property
    def changed(self) -> bool:
        return any(totals.changed for totals in self.hosts.values())


@dataclass(frozen=True, slots=True)
class Run:
    """A run on record."""

    id: int
    about: NewRun
    status: Status
    recorded: Recorded
    started_at: datetime
    ended_at: datetime | None = None
    steps: tuple[Step, ...] = ()

    @property
    def changed(self) -> bool:
        return any(step.changed for step in self.steps)


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A task of a step, named once however many hosts carry it out. `source`: its text as it stood, where known."""

    run_id: int
    step_id: int
    uuid: str
    name: str
    action: str
    where: str
    play: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """What one task came to on one host. (run_id, counter) is the key; diff and output are stored by digest."""

    run_id: int
    counter: int
    step_id: int
    task_uuid: str
    host: str
    status: ResultStatus
    at: datetime
    seconds: float = 0.0
    message: str = ""
    diff: str | None = None
    output: str | None = None
    cut: bool = False
    task: str = ""

    @property
    def lasting_diff(self) -> str:
        """The diff without the names in its headers: Ansible names temporary files there, others each time."""
        lines = (self.diff or "").splitlines()
        return "\n".join(line for line in lines if not line.startswith(("--- ", "+++ ")))


@dataclass(frozen=True, slots=True)
class Approval:
    """A person said yes to exactly this plan, until `expires_at`."""

    run_id: int
    plan_digest: str
    operator: str
    at: datetime
    expires_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """What a run in check mode would change: how many results, and a digest over all of them and their diffs."""

    run_id: int
    digest: str
    changes: int
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """Who works on an environment right now, since when and at what.

    `kept`: when its run is lost, nobody else gets it before a person has taken it away.
    """

    environment: str
    actor: Actor
    since: datetime
    what: str
    run_id: int | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class LockRelease:
    """A lock that a person took away. `reason` is given when its holder was, or may have been, at work still."""

    environment: str
    operator: str
    at: datetime
    reason: str | None
    held_by: str
    held_since: datetime
    held_for: str
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """One version of the application on its way in one environment. `previous` was stable before it."""

    id: int
    environment: str
    application: str
    version: str
    state: ReleaseState
    weight: int
    operator: str
    started_at: datetime
    previous: str | None = None
    colour: str | None = None
    artifact_sha256: str | None = None
    reason: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReleaseStep:
    """One thing done to a release: stage, widen, hold, promote, abort or roll back."""

    id: int
    release_id: int
    action: str
    weight: int
    status: Status
    at: datetime
    operator: str
    run_id: int | None = None
    set_id: str | None = None
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something found out about a release. `kind`: feedback or guard; `content`: the whole of it, as text."""

    id: int
    release_step_id: int
    kind: str
    verdict: str
    summary: str
    at: datetime
    run_id: int | None = None
    content: str | None = None
