"""`lifecycle approve` and `lifecycle apply`: what `lifecycle run --plan` rehearsed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.again import again_options, given_again
from orchestrator.cli.options import AmountType, json_option
from orchestrator.cli.words import say
from orchestrator.errors import ExitCode
from orchestrator.languages import Phrase, _, joined

if TYPE_CHECKING:
    from orchestrator.records.entities import StoredPlan


@click.command()
@click.argument("plan", type=int)
@click.option(
    "--hours", type=AmountType(min=0.01, max=87_600), default=24.0, show_default=True, help="How long it holds."
)
@click.option("--reason", metavar="TEXT", help="Why; kept with the approval.")
@json_option
def approve(plan: int, hours: float, reason: str | None, as_json: bool) -> None:
    """Say yes to PLAN, the number of the run that made it. Another person than the one who made it must do so."""
    from orchestrator.engine import plans
    from orchestrator.records import open_store

    approved = plans.approve(open_store(), plan, hours, reason)
    if as_json:
        click.echo(json.dumps(plan_data(approved), indent=2, default=str))
    else:
        for line in plan_lines(approved):
            say(line)


@click.command()
@click.argument("plan", type=int)
@again_options
@json_option
def apply(plan: int, as_json: bool, **options: Any) -> ExitCode:
    """Carry PLAN out, when a rehearsal comes to the same plan now and another person has approved it.

    A plan that changes nothing needs no approval.
    """
    from orchestrator.cli.progress import listener, render
    from orchestrator.delivery import load_environment
    from orchestrator.engine.plans import apply_plan
    from orchestrator.records import open_store

    store = open_store()
    store.get_plan(plan)
    run = store.get_run(plan)
    given = given_again(run, options)
    with listener(as_json) as watching:
        outcome = apply_plan(run, load_environment(run.about.environment_path), given, store, watching)
    render(outcome, as_json)
    return outcome.exit_code


def plan_data(plan: StoredPlan) -> dict[str, Any]:
    """A plan for a program. Keys are an interface: add, never rename."""
    return {
        "plan": plan.run_id,
        "digest": plan.digest,
        "changes": plan.changes,
        "approvals": [asdict(approval) for approval in plan.approvals],
    }


def plan_lines(plan: StoredPlan) -> list[Phrase]:
    if not plan.changes:
        return [_("plan %(plan)s changes nothing") % {"plan": plan.run_id}]
    text = (
        _("plan %(plan)s: 1 change, sha256:%(digest)s")
        if plan.changes == 1
        else _("plan %(plan)s: %(changes)s changes, sha256:%(digest)s")
    )
    lines = [text % {"plan": plan.run_id, "changes": plan.changes, "digest": plan.digest[:12]}]
    for each in plan.approvals:
        until = each.expires_at.astimezone().strftime("%Y-%m-%d %H:%M")
        said = _("  approved by %(operator)s until %(until)s") % {"operator": each.operator, "until": until}
        lines.append(joined("", (said, f" - {each.reason}" if each.reason else "")))
    if not plan.approvals:
        lines.append(_("  to be approved by another person: lifecycle approve %(plan)s") % {"plan": plan.run_id})
    return lines
