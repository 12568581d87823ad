"""What a release command answers: how things stand, and what the command came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from orchestrator.errors import ExitCode
from orchestrator.languages import Phrase, joined
from orchestrator.records.entities import Release, ReleaseStep, Status
from orchestrator.release.plan import StepPlan


class Failure(Protocol):
    """Why a host did not get through; the engine's HostFailure is one."""

    @property
    def host(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def unreachable(self) -> bool: ...


def why(failures: Sequence[Failure]) -> Phrase:
    """Of the first failure `host: message`; its message alone where no host failed. Empty without one."""
    return joined("", (joined(": ", [part for part in (one.host, one.message) if part]) for one in failures[:1]))


class Outcome(Protocol):
    """What carrying out a phase came to; the engine's RunOutcome is one."""

    @property
    def run_id(self) -> int: ...
    @property
    def status(self) -> Status: ...
    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def failures(self) -> Sequence[Failure]: ...
    @property
    def notices(self) -> Sequence[str]: ...
    @property
    def exit_code(self) -> ExitCode: ...


class CarryOut(Protocol):
    """Carries out one phase with these variables, under the environment's lock and on record."""

    def __call__(self, phase: str, variables: Mapping[str, Any]) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Situation:
    """How a release stands. `edge` is what the edge said: now when `live`, else when it was last heard."""

    environment: str
    application: str
    plan: StepPlan
    release: Release | None
    steps: tuple[ReleaseStep, ...]
    unconfirmed: ReleaseStep | None
    edge: Mapping[str, Any] | None
    commands: tuple[str, ...]
    live: bool = False
    # Until when the version before is kept warm; None when none is.
    window_until: datetime | None = None
    # Hosts run one slot at a time and change one after another.
    in_turn: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a command came to: a sentence, an exit code, and how things stand now."""

    said: str
    situation: Situation
    exit_code: ExitCode = ExitCode.DONE
    failures: tuple[Failure, ...] = ()
    notices: tuple[str, ...] = ()
    run_ids: tuple[int, ...] = ()
