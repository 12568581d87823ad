"""Drift: a rehearsal of what was applied last, and what it would change now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from orchestrator.engine.again import changed_since, request_again
from orchestrator.engine.carry import carry_out
from orchestrator.engine.request import Listener, RunOutcome, RunRequest
from orchestrator.errors import EngineError, ExitCode, UsageError
from orchestrator.languages import _
from orchestrator.phases import PHASES
from orchestrator.records import Store
from orchestrator.records.comparison import Spot, spots
from orchestrator.records.entities import Recorded, ResultRecord, ResultStatus, Run, Status
from orchestrator.records.questions import RunFilter

if TYPE_CHECKING:
    from orchestrator.delivery import Environment

# A run, and what its tasks came to.
Then = tuple[int, dict[Spot, ResultRecord]]

LASTING = frozenset(phase.name for phase in PHASES if phase.lasting)


@dataclass(frozen=True, slots=True)
class Drifted:
    """A task that would change a host now, and what it came to in the last run that took that host in, if any did."""

    spot: Spot
    now: ResultRecord
    run_id: int | None
    applied: ResultRecord | None


@dataclass(frozen=True, slots=True)
class Drift:
    """What a rehearsal came to. `applied`: which run each phase is from; `since`: what has changed on our side."""

    outcome: RunOutcome
    applied: Mapping[str, int]
    since: tuple[str, ...]
    drifted: tuple[Drifted, ...]

    @property
    def exit_code(self) -> ExitCode:
        """That of the rehearsal, unless it went well and found something."""
        if self.outcome.status is Status.SUCCESSFUL and self.drifted:
            return ExitCode.DRIFTED
        return self.outcome.exit_code


def applied_runs(store: Store, environment: Environment) -> dict[str, Run]:
    """The phases that describe how hosts are to be, each with the run that applied it last, in the order of those runs.

    These are provision and playbooks of the client's own. Raises UsageError when none is on record.
    """
    found = {phase: store.get_run(run_id) for phase, run_id in store.applied_phases(environment.name).items()}
    lasting = {
        phase: run
        for phase, run in found.items()
        if phase in LASTING or phase in run.about.options.get("playbooks", {})
    }
    if not lasting:
        raise UsageError(
            _("nothing that was applied is on record"),
            where=environment.name,
            remedy=_("lifecycle run provision -i %(name)s") % {"name": environment.name},
        )
    return lasting


def find_drift(
    applied: Mapping[str, Run],
    environment: Environment,
    given: Mapping[str, Any],
    store: Store,
    listener: Listener | None,
) -> Drift:
    """Rehearse all of `applied` on all hosts, whatever part of it each run was limited to.

    `given`: what is not on record, and the limit, if there is to be one. The rehearsal is itself a run on record.
    """
    request = _request(applied, environment, given)
    runs = {run.id: run for run in applied.values()}
    since = [
        _("%(what)s since run %(run)s") % {"what": what, "run": run.id}
        for run in runs.values()
        for what in changed_since(run, request)
    ]
    outcome = carry_out(request, store, listener)
    run = store.get_run(outcome.run_id)
    if run.recorded is not Recorded.FULL:
        raise EngineError(
            _("run %(run)s was recorded only in part: what would change is not known") % {"run": run.id},
            remedy=_("try again"),
        )
    numbers = {phase: run.id for phase, run in applied.items()}
    return Drift(outcome, numbers, tuple(since), tuple(_drifted(store, run)))


def _request(applied: Mapping[str, Run], environment: Environment, given: Mapping[str, Any]) -> RunRequest:
    phases = [run.about.options.get("playbooks", {}).get(phase, phase) for phase, run in applied.items()]
    # Each says what it needs and is not given; the newest one says how hosts are reached.
    requests = [request_again(run, environment, phases, given) for run in applied.values()]
    return replace(
        requests[-1], check=True, diff=True, limit=given.get("limit"), tags=(), skip_tags=(), resumes=None, applies=None
    )


def _drifted(store: Store, rehearsal: Run) -> Sequence[Drifted]:
    now = spots(rehearsal, store.list_results(rehearsal.id))
    changed = {spot: result for spot, result in now.items() if result.status is ResultStatus.CHANGED}
    places = {(spot.phase, spot.host) for spot in changed}
    then = {place: _applied_there(store, rehearsal.about.environment, *place) for place in places}
    return [Drifted(spot, result, *_at(then[spot.phase, spot.host], spot)) for spot, result in changed.items()]


def _applied_there(store: Store, environment: str, phase: str, host: str) -> Then | None:
    """The newest run in which this phase took this host in, and what its tasks came to there."""
    wanted = RunFilter(phase=phase, host=host, check=False)
    run = next(iter(store.list_runs(environment, 1, wanted)), None)
    return None if run is None else (run.id, spots(run, store.list_results(run.id, host)))


def _at(then: Then | None, spot: Spot) -> tuple[int | None, ResultRecord | None]:
    return (None, None) if then is None else (then[0], then[1].get(spot))
