"""Plan, approve, apply: what was shown is what is done, or nothing is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.engine.again import changed_since, request_again
from orchestrator.engine.carry import carry_out, locked, perform
from orchestrator.engine.request import Listener, RunOutcome, RunRequest
from orchestrator.errors import PlanError
from orchestrator.languages import _, joined
from orchestrator.records import Store
from orchestrator.records.entities import Approval, Recorded, ResultStatus, Run, Status, StoredPlan, now
from orchestrator.records.liveness import this_actor

if TYPE_CHECKING:
    from orchestrator.delivery import Environment

# How many differences between a plan and what would be done now are named.
NAMED = 5


def make_plan(request: RunRequest, store: Store, listener: Listener | None) -> tuple[RunOutcome, StoredPlan | None]:
    """Rehearse the request and keep what it would change; None when the rehearsal did not succeed."""
    outcome = carry_out(replace(request, check=True, diff=True), store, listener)
    if outcome.status is not Status.SUCCESSFUL:
        return outcome, None
    plan = _plan_of(store, outcome.run_id)
    store.add_plan(plan)
    return outcome, plan


def approve(store: Store, run_id: int, hours: float, reason: str | None) -> StoredPlan:
    """Say yes to a plan, for so many hours. Whoever made it may not."""
    plan, operator = store.get_plan(run_id), this_actor().operator
    maker = store.get_run(run_id).about.actor.operator
    if not plan.changes:
        raise PlanError(_("plan %(run)s changes nothing") % {"run": run_id}, remedy=_("it needs no approval"))
    if _person(maker) == _person(operator):
        raise PlanError(
            _("plan %(run)s was made by %(maker)s") % {"run": run_id, "maker": maker},
            remedy=_("another person must approve it"),
        )
    _refuse_applied(store, run_id)
    store.add_approval(Approval(run_id, plan.digest, operator, now(), now() + timedelta(hours=hours), reason))
    return store.get_plan(run_id)


def apply_plan(
    run: Run, environment: Environment, given: Mapping[str, Any], store: Store, listener: Listener | None
) -> RunOutcome:
    """Rehearse once more under the lock; when that comes to the same plan, carry it out.

    A plan that changes nothing needs no approval: its outcome is that of the rehearsal. Raises PlanError, with nothing
    changed, when the plan is not approved or would be another one now.
    """
    plan = store.get_plan(run.id)
    _refuse_applied(store, run.id)
    request = request_again(run, environment, run.about.phases, given)
    changes = changed_since(run, request)
    if changes:
        raise PlanError(
            _("%(changes)s since plan %(run)s was made") % {"changes": joined(_(" and "), changes), "run": run.id},
            remedy=_("make a new plan"),
        )
    if plan.changes:
        _refuse_unapproved(plan)
    with locked(request, store, listener):
        rehearsal = perform(
            replace(request, reason=_("before plan %(run)s is applied") % {"run": run.id}), store, listener
        )
        if rehearsal.status is not Status.SUCCESSFUL:
            return rehearsal
        if _plan_of(store, rehearsal.run_id).digest != plan.digest:
            raise _other_now(store, plan, rehearsal.run_id)
        if not plan.changes:
            return rehearsal
        return perform(replace(request, check=False, applies=run.id), store, listener)


def _refuse_applied(store: Store, run_id: int) -> None:
    applied = store.applied_by(run_id)
    if applied is not None:
        raise PlanError(
            _("plan %(run)s was applied by run %(applied)s") % {"run": run_id, "applied": applied},
            remedy=_("make a new plan, or resume that run"),
        )


def _refuse_unapproved(plan: StoredPlan) -> None:
    given = [approval for approval in plan.approvals if approval.plan_digest == plan.digest]
    if not given:
        raise PlanError(
            _("plan %(run)s is not approved") % {"run": plan.run_id},
            remedy=_("another person: lifecycle approve %(run)s") % {"run": plan.run_id},
        )
    if given[0].expires_at <= now():
        until = given[0].expires_at.astimezone().strftime("%Y-%m-%d %H:%M")
        raise PlanError(
            _("the approval of plan %(run)s by %(operator)s has expired at %(until)s")
            % {"run": plan.run_id, "operator": given[0].operator, "until": until},
            remedy=_("lifecycle approve %(run)s again") % {"run": plan.run_id},
        )


def _plan_of(store: Store, run_id: int) -> StoredPlan:
    if store.get_run(run_id).recorded is not Recorded.FULL:
        raise PlanError(
            _("run %(run)s was recorded only in part: what it would change is not known") % {"run": run_id},
            remedy=_("try again"),
        )
    lines = [json.dumps(line) for line in _changes(store, run_id)]
    return StoredPlan(run_id, hashlib.sha256("\n".join(lines).encode()).hexdigest(), len(lines))


def _changes(store: Store, run_id: int) -> Iterator[tuple[str, ...]]:
    """Phase, host, task and diff of every result that would change something; hosts in order, whoever was faster."""
    phases = {step.id: step for step in store.get_run(run_id).steps}
    changed = [each for each in store.list_results(run_id) if each.status is ResultStatus.CHANGED]
    for each in sorted(changed, key=lambda each: (phases[each.step_id].number, each.host, each.counter)):
        yield phases[each.step_id].phase, each.host, each.task, each.lasting_diff


def _other_now(store: Store, plan: StoredPlan, run_id: int) -> PlanError:
    then, after = set(_changes(store, plan.run_id)), set(_changes(store, run_id))
    found = sorted({f"{host}: {task}" for _phase, host, task, _result in then ^ after})
    more = _(" and %(count)s more") % {"count": len(found) - NAMED} if len(found) > NAMED else ""
    return PlanError(
        _("plan %(run)s would be another one now: %(found)s%(more)s")
        % {"run": plan.run_id, "found": ", ".join(found[:NAMED]), "more": more},
        remedy=_("nothing was changed; lifecycle show %(run)s --diff shows it; make a new plan") % {"run": run_id},
    )


def _person(operator: str) -> str:
    """Who it is, at whatever machine."""
    return operator.partition("@")[0]
