"""`lifecycle run`: carry phases out and show how they go."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import (
    ansible_options,
    ask,
    environment_option,
    extra_variables,
    json_option,
    wait_option,
)
from orchestrator.cli.words import SSH, SUDO, VAULT
from orchestrator.errors import ExitCode, UsageError
from orchestrator.languages import _

if TYPE_CHECKING:
    from orchestrator.delivery import Environment

# The imports of a run make 150 garbage collections that find nothing: a fifth of what starting costs.
gc.set_threshold(200_000, 50, 50)


@click.command()
@click.argument("phases", nargs=-1, required=True, metavar="PHASE...")
@environment_option
@ansible_options
@click.option("--plan", is_flag=True, help="Rehearse with --check --diff and keep that as a plan to be approved.")
@wait_option
@json_option
def run(phases: tuple[str, ...], environment: Environment, plan: bool, as_json: bool, **options: Any) -> ExitCode:
    """Run PHASE after PHASE against an environment, and keep the record.

    PHASE is preflight, provision, tune, restart-pending, service-upgrade, service-rollback,
    postgresql-upgrade, bundle, inspect, or the path of a playbook of your own (ending in .yml).
    """
    from orchestrator.cli.progress import listener, render
    from orchestrator.engine import RunRequest, carry_out
    from orchestrator.engine.plans import make_plan
    from orchestrator.phases import plan as planned
    from orchestrator.phases import refuse_steps_of_others
    from orchestrator.records import open_store

    variables, files = extra_variables(options.pop("extra_vars"))
    require_files((*files, *(phase for phase in phases if phase.endswith((".yml", ".yaml")))))
    refuse_steps_of_others(planned(phases, ()).phases)
    request = RunRequest(
        environment=environment,
        phases=phases,
        extra_vars=variables,
        extra_files=files,
        become_password=ask(options.pop("ask_become_pass"), SUDO),
        connection_password=ask(options.pop("ask_pass"), SSH),
        vault_password=ask(options.pop("ask_vault_pass"), VAULT),
        **options,
    )
    with listener(as_json) as watching:
        if plan:
            outcome, made = make_plan(request, open_store(), watching)
        else:
            outcome, made = carry_out(request, open_store(), watching), None
    render(outcome, as_json, made)
    # The interpreter would collect everything once more before it ends: another 0.1 s of CPU for nothing.
    gc.freeze()
    return outcome.exit_code


def require_files(names: tuple[str, ...]) -> None:
    """Raises UsageError for the first of these files that is not there."""
    missing = next((name for name in names if not Path(name).is_file()), None)
    if missing is not None:
        raise UsageError(_("there is no such file"), where=missing)
