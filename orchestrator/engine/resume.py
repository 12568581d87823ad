"""Go on with a run that did not end well: the first unfinished phase, on the hosts that did not get through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.engine.again import changed_since, request_again
from orchestrator.engine.request import RunRequest
from orchestrator.errors import UsageError
from orchestrator.languages import _, joined
from orchestrator.phases import PHASES
from orchestrator.records import Store
from orchestrator.records.entities import Run, Status, Step

if TYPE_CHECKING:
    from orchestrator.delivery import Environment

THROUGH = {phase.name: phase.through for phase in PHASES if phase.through}


def run_to_resume(store: Store, run_id: int | None, environment: str | None) -> Run:
    """The run that is meant, the newest by default. Refused when there is nothing in it to go on with."""
    if run_id is None:
        run = next(iter(store.list_runs(environment, limit=1)), None)
        if run is None:
            raise UsageError(
                _("there is no run on record"), where=environment or "", remedy=_("lifecycle run PHASE -i ENV")
            )
    else:
        run = store.get_run(run_id)
    later = store.resumed_by(run.id)
    if later is not None:
        raise UsageError(
            _("run %(run)s was resumed by run %(later)s") % {"run": run.id, "later": later},
            remedy=_("lifecycle resume %(later)s") % {"later": later},
        )
    if run.status is Status.RUNNING:
        raise UsageError(
            _("run %(run)s is still running") % {"run": run.id}, remedy=_("lifecycle lock status says who is at work")
        )
    if not _unfinished(run):
        raise UsageError(
            _("every phase of run %(run)s succeeded") % {"run": run.id}, remedy=_("there is nothing to resume")
        )
    other = next((THROUGH[phase] for phase in run.about.phases if phase in THROUGH), None)
    if other is not None:
        raise UsageError(
            _("run %(run)s was one step of `%(other)s`") % {"run": run.id, "other": other},
            remedy=_("go on with `%(other)s`") % {"other": other},
        )
    return run


def resume_request(run: Run, environment: Environment, given: Mapping[str, Any], *, force: bool) -> RunRequest:
    """What to carry out to finish `run`. `given`: what is not on record, as the command line gives it.

    Raises UsageError when what decides how it turns out has changed, unless `force`.
    """
    left = _unfinished(run)
    request = request_again(run, environment, left, given)
    changes = tuple(changed_since(run, request))
    if changes and not force:
        raise UsageError(
            _("%(changes)s since run %(run)s: what had succeeded then need not do so now")
            % {"changes": joined(_(" and "), changes), "run": run.id},
            where=environment.name,
            remedy=_("start anew with `lifecycle run %(phases)s`, or --force") % {"phases": " ".join(run.about.phases)},
        )
    return replace(request, limits=_limits(run, left), resumes=run.id, despite=changes)


def _unfinished(run: Run) -> tuple[str, ...]:
    """The phases from the first one on that did not succeed."""
    passed = {step.phase for step in run.steps if step.status is Status.SUCCESSFUL}
    for number, phase in enumerate(run.about.phases):
        if phase not in passed:
            return run.about.phases[number:]
    return ()


def _limits(run: Run, left: tuple[str, ...]) -> dict[str, str]:
    """Limits of single phases as they were, the first one's narrowed to the hosts that did not get through."""
    limits = {phase: limit for phase, limit in run.about.options.get("limits", {}).items() if phase in left}
    step = next((step for step in run.steps if step.phase == left[0]), None)
    hosts = _not_through(step) if step is not None else []
    return {**limits, left[0]: ",".join(hosts)} if hosts else limits


def _not_through(step: Step) -> list[str]:
    """Hosts that failed or were unreachable; none when others may not have finished either: then nobody is left out."""
    if not step.ran_through:
        return []
    return [host for host, totals in step.hosts.items() if totals.failed or totals.unreachable]
