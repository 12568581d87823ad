"""`lifecycle submit`: let a worker carry phases out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import (
    AmountType,
    EnvironmentType,
    json_option,
    limit_option,
    skip_tags_option,
    strategy_option,
    tags_option,
)
from orchestrator.cli.words import say
from orchestrator.errors import UsageError
from orchestrator.languages import _

if TYPE_CHECKING:
    from orchestrator.delivery import Environment
    from orchestrator.queue.orders import Order


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Those of `run` that hold no secret: what is submitted is kept in the queue, and nobody is there to be asked."""
    options = (
        limit_option,
        click.option("-C", "--check", is_flag=True, help="Change nothing; tell what would change."),
        click.option("-D", "--diff", is_flag=True, help="Record what changes inside files."),
        click.option("-e", "--extra-vars", "extra_vars", multiple=True, metavar="@FILE", help="A file with variables."),
        tags_option,
        skip_tags_option,
        click.option("-f", "--forks", type=click.IntRange(min=1), help="How many hosts at the same time."),
        strategy_option,
        click.option(
            "--vault-id", "vault_ids", multiple=True, metavar="[LABEL@]FILE", help="A vault password file or script."
        ),
        click.option("--reason", metavar="TEXT", help="Why this is done; kept with the run."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("phases", nargs=-1, required=True, metavar="PHASE...")
@click.option(
    "-i",
    "--environment",
    "environments",
    metavar="ENV",
    type=EnvironmentType(),
    multiple=True,
    help="The environment: its directory, or its name below inventories/; several by more -i.",
)
@click.option("--all-environments", is_flag=True, help="Every environment below inventories/.")
@click.option(
    "--wait",
    type=AmountType(min=0),
    default=3600.0,
    metavar="SECONDS",
    help="Give up when others hold the environment so long; 3600.",
)
@run_options
@json_option
def submit(
    phases: tuple[str, ...], environments: tuple[Environment, ...], all_environments: bool, wait: float, as_json: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Put a run of PHASE after PHASE into the queue, one for each environment; a worker carries it out.

    It is on record as every run is, under the name of who submitted it. Needs records in PostgreSQL.
    """
    from orchestrator.queue.application import shared_store
    from orchestrator.queue.desk import submit as put

    orders = [_order(environment, phases, wait, options) for environment in _meant(environments, all_environments)]
    found = put(shared_store(), orders)
    if as_json:
        jobs = [{"job": job.number, "environment": job.order.environment, "state": job.state} for job in found]
        click.echo(json.dumps({"jobs": jobs}, indent=2))
        return
    for job in found:
        told = {"job": job.number, "phases": " ".join(phases), "environment": job.order.environment}
        say(_("job %(job)s: %(phases)s on %(environment)s") % told)
    say(_("lifecycle queue status shows how they stand"))


def _meant(given: tuple[Environment, ...], every: bool) -> list[Environment]:
    from pathlib import Path

    from orchestrator.delivery import load_environment
    from orchestrator.delivery.schedule import environment_names

    if bool(given) == every:
        raise UsageError(_("which environments are meant was not said"), remedy=_("give -i ENV, or --all-environments"))
    if not every:
        return list(given)
    names = environment_names(Path.cwd())
    if not names:
        raise UsageError(
            _("there is no environment"), where="inventories", remedy=_("`lifecycle init CLIENT` makes one")
        )
    return [load_environment(name) for name in names]


def _order(environment: Environment, phases: tuple[str, ...], wait: float, options: dict[str, Any]) -> Order:
    """Refuses now what would be refused later."""
    from orchestrator.cli.run import require_files
    from orchestrator.phases import plan, refuse_steps_of_others
    from orchestrator.queue.desk import here
    from orchestrator.queue.orders import Order
    from orchestrator.records.entities import now
    from orchestrator.records.liveness import this_actor

    files = _files(options["extra_vars"])
    refuse_steps_of_others(plan(phases, ()).phases)
    require_files((*files, *(phase for phase in phases if phase.endswith((".yml", ".yaml")))))
    kept = {name: value for name, value in options.items() if value and name != "extra_vars"}
    return Order(
        environment=environment.name,
        path=str(environment.path),
        phases=phases,
        directory=here(),
        operator=this_actor().operator,
        submitted_at=now(),
        wait=wait,
        options={**kept, **({"extra_files": files} if files else {})},
    )


def _files(given: tuple[str, ...]) -> tuple[str, ...]:
    if not all(text.startswith("@") for text in given):
        # The text is not repeated: it may hold a secret.
        raise UsageError(
            _("only files can be submitted: values would be kept in the queue"), where="-e", remedy=_("give -e @FILE")
        )
    return tuple(text[1:] for text in given)
