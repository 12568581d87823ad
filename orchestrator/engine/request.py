"""What the engine is asked and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from orchestrator.errors import ExitCode
from orchestrator.records.entities import HostTotals, ResultStatus, Status

if TYPE_CHECKING:
    from orchestrator.delivery import Environment


@dataclass(frozen=True, slots=True)
class Submission:
    """The job of the queue that a run carries out: who submitted it, whose worker it is, and earlier runs of it."""

    job: int
    operator: str
    worker: str
    earlier: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Phases to carry out against one environment. Passwords live here only, never in a record or an argv."""

    environment: Environment
    phases: tuple[str, ...]
    limit: str | None = None
    check: bool = False
    diff: bool = False
    extra_vars: Mapping[str, Any] = field(default_factory=dict)
    extra_files: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    forks: int | None = None
    strategy: str | None = None
    vault_ids: tuple[str, ...] = ()
    vault_password: str | None = field(default=None, repr=False)
    become_password: str | None = field(default=None, repr=False)
    connection_password: str | None = field(default=None, repr=False)
    reason: str | None = None
    verbosity: int = 0
    # Seconds to wait for an environment that another run holds.
    wait: float = 0.0
    # Phases with a limit of their own, and the run that this one goes on with, whatever has changed since.
    limits: Mapping[str, str] = field(default_factory=dict)
    resumes: int | None = None
    applies: int | None = None
    despite: tuple[str, ...] = ()
    submission: Submission | None = None


@dataclass(frozen=True, slots=True)
class HostFailure:
    """Why a host did not get through. `where` is the task's file:line."""

    host: str
    task: str
    message: str
    where: str
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How one phase ended."""

    phase: str
    status: Status
    hosts: Mapping[str, HostTotals]
    data: Mapping[str, Any]
    seconds: float = 0.0
    ran_through: bool | None = None

    @property
    def changed(self) -> bool:
        return any(totals.changed for totals in self.hosts.values())


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run ended. `data` is what its playbooks told with set_stats, later phases over earlier ones."""

    run_id: int
    status: Status
    steps: tuple[StepOutcome, ...]
    data: Mapping[str, Any]
    failures: tuple[HostFailure, ...]
    exit_code: ExitCode
    notices: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return any(step.changed for step in self.steps)


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth showing while it happens. `kind`: run, phase, task, result, notice."""

    kind: str
    phase: str = ""
    host: str = ""
    task: str = ""
    status: ResultStatus | None = None
    message: str = ""
    run_id: int | None = None


class Listener(Protocol):
    """Who wants to see a run while it happens. Called from the engine's writer thread: must be quick."""

    def on_event(self, event: Event) -> None: ...
