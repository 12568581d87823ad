"""An edge and records in memory, for the rules of the release. The edge behaves as the playbooks promise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.errors import ExitCode, LockedError
from orchestrator.records.entities import Evidence, Release, ReleaseStep, Status


class KilledError(BaseException):
    """Stands for kill -9: nothing after this line is carried out."""


@dataclass(frozen=True)
class FakeFailure:
    host: str
    message: str
    unreachable: bool = False


@dataclass(frozen=True)
class FakeOutcome:
    run_id: int
    status: Status
    data: Mapping[str, Any]
    failures: tuple[FakeFailure, ...]
    exit_code: ExitCode
    notices: tuple[str, ...] = ()


@dataclass
class FakeEdge:
    """Serves carry_out. `fault` decides how the next call goes wrong, `then` the one after."""

    stable: dict[str, str] | None = None
    candidate: dict[str, str] | None = None
    previous: dict[str, str] | None = None
    weight: int = 0
    fault: str | None = None
    then: str | None = None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    runs: int = 0
    # What the guards on the edges tell, edge -> status; and where a user goes.
    guard: dict[str, Any] = field(default_factory=dict)
    who: dict[str, Any] | None = None
    # The slot of the version before: stopped by a closed window, or with its host.
    closed: bool = False
    stopped: bool = False
    flipped_at: str = "2026-01-01T00:00:00+00:00"
    # Percent of the users that the hosts with a well candidate carry.
    carried: int = 100
    # Why the last call was refused before anything changed.
    refused: dict[str, str] | None = None
    # Why a way back that moves users is not safe.
    unsafe: str = ""
    # Hosts that run one slot at a time and are still to change to the stable version.
    waiting: list[str] = field(default_factory=list)

    def carry_out(self, phase: str, variables: Mapping[str, Any]) -> FakeOutcome:
        self.calls.append((phase, dict(variables)))
        fault, self.fault, self.then = self.fault, self.then, None
        if fault == "locked":
            raise LockedError("somebody is at work here")
        if fault == "killed before":
            raise KilledError
        if fault == "refused":
            self.runs += 1
            told = {"lifecycle_refused": {"because": "database", "what": "db1 runs mariadb"}}
            return FakeOutcome(self.runs, Status.FAILED, told, (FakeFailure("db1", "no"),), ExitCode.HOST_FAILED)
        refused, self.refused = None, None
        if fault not in ("failed before", "failed before, told", "unreachable"):
            refused = self._do(phase, variables)
        if fault == "killed after":
            raise KilledError
        self.runs += 1
        if refused:
            data = {"lifecycle_refused": self.refused} if self.refused else {}
            return FakeOutcome(self.runs, Status.FAILED, data, (FakeFailure("edge1", refused),), ExitCode.HOST_FAILED)
        if fault in ("failed before", "failed after"):
            failures = (FakeFailure("app1", "the candidate does not get well"),)
            return FakeOutcome(self.runs, Status.FAILED, {}, failures, ExitCode.HOST_FAILED)
        if fault in ("failed before, told", "failed after, told"):
            failures = (FakeFailure("app1", "the candidate does not get well"),)
            return FakeOutcome(self.runs, Status.FAILED, self.told(), failures, ExitCode.HOST_FAILED)
        if fault == "unreachable":
            failures = (FakeFailure("edge1", "no route to host", unreachable=True),)
            return FakeOutcome(self.runs, Status.UNREACHABLE, {}, failures, ExitCode.UNREACHABLE)
        if fault == "edges differ":
            told = {**self.told()["lifecycle_release"], "set_id": None}
            failures = (FakeFailure("edge1", "not every edge is where it should be"),)
            data = {"lifecycle_release": told, "lifecycle_guard": self.guard}
            return FakeOutcome(self.runs, Status.FAILED, data, failures, ExitCode.HOST_FAILED)
        if fault == "one edge away":
            failures = (
                FakeFailure("edge1", "not every edge is where it should be"),
                FakeFailure("edge2", "no route to host", unreachable=True),
            )
            return FakeOutcome(self.runs, Status.FAILED, self.told(), failures, ExitCode.HOST_FAILED)
        if fault == "canceled":
            return FakeOutcome(self.runs, Status.CANCELED, {}, (), ExitCode.INTERRUPTED)
        return FakeOutcome(self.runs, Status.SUCCESSFUL, self.told(), (), ExitCode.DONE)

    def told(self) -> dict[str, Any]:
        return {
            "lifecycle_guard": self.guard,
            "lifecycle_who": self.who,
            "lifecycle_release": {
                "application": "clinic",
                "stable": self.stable,
                "candidate": self.candidate,
                "previous": self.previous,
                "weight": self.weight,
                "set_id": f"set-{self.runs}",
                "changed": True,
                "closed": self.closed,
                "unsafe_back": self._unsafe_back(),
                "flipped_at": self.flipped_at,
                "hosts": {"blue": [], "green": [], "waiting": list(self.waiting)} if self.waiting else None,
            },
        }

    def served(self) -> dict[str, int]:
        """Version -> percent of the users."""
        shares = {self.stable["version"]: 100 - self.weight} if self.stable else {}
        if self.candidate:
            shares[self.candidate["version"]] = self.weight
        return {version: share for version, share in shares.items() if share}

    def _do(self, phase: str, variables: Mapping[str, Any]) -> str | None:
        """What plugins/module_utils/routing.py does; a sentence when it refuses."""
        if phase == "release":
            return self._release(variables["candidate"], variables.get("weight", 0), variables.get("promote", False))
        if phase == "release_close":
            return self._close()
        if phase == "release_settle":
            self.waiting.clear()
            return None
        if phase == "rollback" and self._unsafe_back() and not variables.get("accept_unsafe"):
            return f"taking back is refused: {self.unsafe}"
        started = variables.get("start_previous", False)
        return self._rollback(variables["take_back"], started) if phase == "rollback" else None

    def _refuse(self, because: str, what: str) -> str:
        self.refused = {"because": because, "what": what}
        return what

    def _unsafe_back(self) -> str:
        return self.unsafe if self.weight or self.previous else ""

    def _release(self, version: str, weight: int, promote: bool) -> str | None:
        if self.stable is None:
            self.stable = {"colour": "blue", "version": version}
            return None
        if version == self.stable["version"]:
            return f"{version} is the stable version"
        if self.candidate is None:
            self.previous, self.closed, self.stopped = None, False, False  # its slot is needed
            colour = "green" if self.stable["colour"] == "blue" else "blue"
            self.candidate = {"colour": colour, "version": version}
        if self.candidate["version"] != version:
            return f"{self.candidate['version']} is open"
        if weight > self.carried or (promote and self.carried < 100):
            words = f"{version} runs well on hosts that carry {self.carried} %"
            return self._refuse("capacity", words) if self.weight <= self.carried else words
        self.weight = weight
        if promote:
            self.stable, self.previous, self.candidate, self.weight = self.candidate, self.stable, None, 0
        return None

    def _close(self) -> str | None:
        if self.previous is None:
            return self._refuse("window", "nothing to close")
        self.closed = self.stopped = True
        return None

    def _rollback(self, version: str, started: bool) -> str | None:
        if version not in [placed["version"] for placed in (self.candidate, self.stable) if placed]:
            return None
        if self.candidate:
            self.candidate, self.weight = None, 0
        elif self.previous:
            if self.stopped and not started:
                return self._refuse("cold", f"the slot of {self.previous['version']} is stopped on app1")
            self.stable, self.previous, self.closed, self.stopped = self.previous, None, False, False
        else:
            return "nothing to take back"
        return None


class FakeStore:
    """The records, without a database."""

    def __init__(self) -> None:
        self.releases: dict[int, Release] = {}
        self.steps: list[ReleaseStep] = []
        self.evidence: list[Evidence] = []
        self.killed = False

    def create_release(self, release: Release) -> Release:
        stored = replace(release, id=len(self.releases) + 1)
        self.releases[stored.id] = stored
        return stored

    def update_release(self, release: Release) -> None:
        self.releases[release.id] = release

    def open_release(self, environment: str, application: str | None = None) -> Release | None:
        return next(
            (r for r in self.list_releases(environment) if r.state.is_open and application in (None, r.application)),
            None,
        )

    def list_releases(self, environment: str, limit: int = 20) -> list[Release]:
        mine = [release for release in self.releases.values() if release.environment == environment]
        return sorted(mine, key=lambda release: -release.id)[:limit]

    def add_release_step(self, step: ReleaseStep) -> ReleaseStep:
        if self.killed:
            self.killed = False
            raise KilledError
        stored = replace(step, id=len(self.steps) + 1)
        self.steps.append(stored)
        return stored

    def list_release_steps(self, release_id: int) -> list[ReleaseStep]:
        return [step for step in self.steps if step.release_id == release_id]

    def add_evidence(self, evidence: Evidence) -> Evidence:
        stored = replace(evidence, id=len(self.evidence) + 1)
        self.evidence.append(stored)
        return stored

    def list_evidence(self, release_id: int) -> list[Evidence]:
        mine = {step.id for step in self.list_release_steps(release_id)}
        return [evidence for evidence in self.evidence if evidence.release_step_id in mine]
