"""Carry a request out: lock -> run -> record -> gate."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from orchestrator.engine import verdict
from orchestrator.engine.about import describe
from orchestrator.engine.closed import Closed, refuse_closed
from orchestrator.engine.interrupt import Ladder, interruptible
from orchestrator.engine.locks import Patience, is_idle
from orchestrator.engine.marker import ASIDE, Marker
from orchestrator.engine.notify import notify
from orchestrator.engine.processes import mark_of
from orchestrator.engine.recorder import Place, Recorder
from orchestrator.engine.request import Event, HostFailure, Listener, RunOutcome, RunRequest, StepOutcome
from orchestrator.engine.scrub import Scrubber
from orchestrator.engine.secrets import scrubber_for
from orchestrator.engine.spill import Spill
from orchestrator.engine.strategy import strategy_settings
from orchestrator.engine.workspace import STOP_FILE, workspace
from orchestrator.errors import EngineError, StoreError
from orchestrator.languages import _
from orchestrator.paths import state_dir
from orchestrator.phases import Phase, Plan, plan
from orchestrator.records import Store
from orchestrator.records.entities import Actor, NewRun, Recorded, Status
from orchestrator.records.liveness import this_actor
from orchestrator.records.locks import Heir, nobody


@dataclass(slots=True)
class _Run:
    """A run while it is carried out."""

    request: RunRequest
    store: Store
    listener: Listener | None
    id: int
    about: NewRun
    actor: Actor
    scrubber: Scrubber
    closed: Closed
    spill: Spill
    ladder: Ladder
    settings: Mapping[str, str]
    marker: Marker
    counter: int = 0
    steps: list[StepOutcome] = field(default_factory=list)
    failures: list[HostFailure] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        if self.listener is not None:
            self.listener.on_event(event)


def carry_out(request: RunRequest, store: Store, listener: Listener | None = None) -> RunOutcome:
    """Run the request's phases one after the other under the environment's lock, and record every result.

    Raises LockedError when another run holds the environment, UsageError for an unknown phase or strategy. A failed
    host is no exception: the outcome says so. A phase after a failed one is not started.
    """
    with locked(request, store, listener):
        return perform(request, store, listener)


@contextmanager
def locked(request: RunRequest, store: Store, listener: Listener | None) -> Iterator[None]:
    """Hold the request's environment. Raises LockedError when another run has it, UsageError for an unknown phase."""
    phases = plan(request.phases, ()).phases
    what = f"run {' '.join(phase.name for phase in phases)}"
    submitted = request.submission
    # A person at a terminal knows that they killed a run. Of a job's run nobody may know: then its lock stays.
    kept = submitted is not None and not may_be_repeated(request)
    heir: Heir = nobody if submitted is None else lambda left: not kept and left.run_id in submitted.earlier
    patience = Patience(request.wait, listener)
    with store.lock(request.environment.name, actor_of(request), what, is_idle, patience, kept=kept, heir=heir):
        yield


def may_be_repeated(request: RunRequest) -> bool:
    """Whether the request, cut anywhere, may be carried out again by somebody who does not know how far it came."""
    return request.check or all(phase.idempotent for phase in plan(request.phases, ()).phases)


def actor_of(request: RunRequest) -> Actor:
    """This process, at work for whoever submitted the job, or for the account it runs under."""
    actor = this_actor()
    return replace(actor, operator=request.submission.operator) if request.submission else actor


def perform(request: RunRequest, store: Store, listener: Listener | None) -> RunOutcome:
    """Carry out a request whose environment is held already."""
    planned = plan(request.phases, passed_phases(store, request.environment.name))
    settings = strategy_settings(request.strategy)
    actor = actor_of(request)
    scrubber, closed = scrubber_for(request)
    refuse_closed(request, planned.phases, closed)
    about = describe(request, actor, tuple(phase.name for phase in planned.phases))
    # Written by hand: nobody means a secret to be in it, and one was.
    about = replace(about, reason=scrubber.maybe(about.reason))
    run_id = store.begin_run(about)
    spill = Spill(state_dir() / "spill" / f"run-{run_id}.ndjson", run_id, actor)
    ladder = Ladder(mark_of(actor), lambda text: listener.on_event(Event("notice", message=text)) if listener else None)
    marker = Marker(request, planned.phases, actor, run_id, store.identity())
    settings = {**settings, **ASIDE}
    run = _Run(request, store, listener, run_id, about, actor, scrubber, closed, spill, ladder, settings, marker)
    run.notices += (
        *(_("resumed although %(change)s") % {"change": change} for change in request.despite),
        *planned.notices,
    )
    run.tell(Event("run", run_id=run_id))
    try:
        with interruptible(run.ladder):
            _run_phases(run, planned)
            marker.give_back([step.status for step in run.steps])
    except BaseException as error:
        # Whatever it was: no run stays open. Ansible that had begun may have changed hosts.
        _end(run, Status.FAILED if run.ladder.controller is None else Status.INCOMPLETE)
        if isinstance(error, OSError):
            raise EngineError(
                _("run %(run)s could not go on: %(reason)s") % {"run": run.id, "reason": error.strerror},
                where=error.filename or "",
            ) from error
        raise
    return _end(run)


def passed_phases(store: Store, environment: str) -> set[str]:
    """The phases that have succeeded in this environment before, a rehearsal with --check not counted."""
    runs = store.list_runs(environment, limit=200)
    return {step.phase for run in runs if not run.about.check for step in run.steps if step.status is Status.SUCCESSFUL}


def _run_phases(run: _Run, planned: Plan) -> None:
    for phase in planned.phases:
        if run.ladder.asked:
            return
        outcome = _run_phase(run, phase)
        run.steps.append(outcome)
        if outcome.status is not Status.SUCCESSFUL:
            return


def _run_phase(run: _Run, phase: Phase) -> StepOutcome:
    # Imported here: it costs a tenth of a second, which a refused run need not pay.
    from orchestrator.engine import runner

    started = time.monotonic()
    run.tell(Event("phase", phase=phase.name))
    step_id = _begin_step(run, phase)
    recorder = Recorder(
        run.store,
        run.spill,
        Place(run.id, step_id, phase.name, run.counter),
        run.scrubber,
        run.listener,
        on_start=lambda pid: setattr(run.ladder, "controller", pid),
    )
    try:
        with workspace(run.actor) as place:
            run.ladder.phase_begins(place.stop_file)
            limit = run.request.limits.get(phase.name, run.request.limit)
            playbooks = run.marker.around(phase.playbook, len(run.steps))
            argv = runner.arguments(run.marker.request(replace(run.request, limit=limit)), place, *playbooks)
            settings = {**run.settings, STOP_FILE: str(place.stop_file)}
            mark = mark_of(run.actor)
            code = runner.play(place, argv, mark, recorder.handle, recorder.hear, run.ladder.tick, settings)
            run.ladder.clear_up(died=code >= verdict.ENDED_BY_SIGNAL)
    finally:
        heard = recorder.close()
    run.counter += heard.events
    status = verdict.status_of(code, heard, interrupted=run.ladder.asked, cut=run.ladder.cut)
    run.failures += verdict.failures_of(heard, status, phase.name, run.closed)
    run.notices += heard.warnings
    outcome = StepOutcome(phase.name, status, heard.hosts, heard.data, time.monotonic() - started, heard.ran_through)
    _store_step(run, step_id, outcome)
    return outcome


def _begin_step(run: _Run, phase: Phase) -> int:
    try:
        return run.store.begin_step(run.id, phase.name, phase.playbook)
    except StoreError as error:
        run.spill.begin(error)
        return run.spill.step_begins(len(run.steps) + 1, phase.name, phase.playbook)


def _store_step(run: _Run, step_id: int, outcome: StepOutcome) -> None:
    ended = (step_id, outcome.status, outcome.hosts, outcome.data, outcome.ran_through)
    if step_id < 0:
        run.spill.step_ends(*ended)
        return
    try:
        run.store.end_step(*ended)
    except StoreError as error:
        run.spill.begin(error)
        run.spill.step_ends(*ended)


def _end(run: _Run, broken_off: Status | None = None) -> RunOutcome:
    """Close the run. `broken_off`: what it is when an error ended it."""
    status = broken_off or verdict.run_status([step.status for step in run.steps], run.ladder.asked)
    recorded = Recorded.PARTIAL if run.spill.reasons else Recorded.FULL
    try:
        run.store.end_run(run.id, status, recorded)
    except StoreError as error:
        run.spill.begin(error)
        run.spill.run_ends(status)
    run.spill.close()
    if run.spill.reasons:
        run.notices.append(run.spill.told())
    outcome = RunOutcome(
        run_id=run.id,
        status=status,
        steps=tuple(run.steps),
        data=_merged(run.steps),
        failures=tuple(run.failures),
        exit_code=verdict.exit_code(status, any_host=any(step.hosts for step in run.steps)),
        notices=tuple(dict.fromkeys(run.notices)),
    )
    return replace(outcome, notices=(*outcome.notices, *notify(run.about, outcome, run.scrubber)))


def _merged(steps: Sequence[StepOutcome]) -> dict[str, object]:
    return {key: value for step in steps for key, value in step.data.items()}
