"""`lifecycle release`: bring a version to the users step by step, or take it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import ask, environment_option, extra_variables, json_option, secret_options
from orchestrator.errors import ExitCode, LockedError, StoreError

if TYPE_CHECKING:
    from orchestrator.delivery import Environment
    from orchestrator.release.controller import Controller
    from orchestrator.release.situation import Verdict

Command = Callable[..., Any]


def release_options(command: Command) -> Command:
    """What every release command takes: the environment, how to reach its hosts, and how to answer."""
    options = (
        environment_option,
        click.option(
            "-e",
            "--extra-vars",
            multiple=True,
            metavar="KEY=VALUE|JSON|@FILE",
            help="A variable over all others. Give secrets as @FILE: an argument can be seen by every user here.",
        ),
        *secret_options(),
        click.option("-v", "--verbose", "verbosity", count=True, help="Say more; repeat for still more."),
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


reason_option = click.option("--reason", metavar="TEXT", help="Why this is done; kept on record.")


@click.group()
def release() -> None:
    """Bring a version to the users step by step, or take it back.

    A version is started (staged beside the one that serves), widened to more and more users, and promoted. At any
    moment `rollback` sends everybody back. One release at a time; what is done is on record before it is done.
    """


@release.command()
@click.argument("version")
@click.option("--weight", type=click.IntRange(1, 100), help="Percent of the users who get it at once.  [default: none]")
@click.option("--again", is_flag=True, help="Start a version that was rolled back before; needs --reason.")
@reason_option
@release_options
def start(
    version: str, environment: Environment, weight: int | None, again: bool, reason: str | None, **options: Any
) -> ExitCode:
    """Stage VERSION in the idle slot, as releases/VERSION.yml describes it."""
    return conduct(environment, options, reason, lambda c: c.start(version, weight=weight, again=again, reason=reason))


@release.command()
@click.option("--live", is_flag=True, help="Ask the edge, and bring the record in line with it.")
@release_options
def status(environment: Environment, live: bool, **options: Any) -> ExitCode:
    """Show how the release stands and what may be done next."""
    return conduct(environment, options, None, lambda controller: controller.status(live=live))


@release.command()
@click.argument("weight", type=click.IntRange(1, 100), required=False)
@reason_option
@release_options
def widen(weight: int | None, environment: Environment, reason: str | None, **options: Any) -> ExitCode:
    """Send WEIGHT percent of the users to the candidate; the next step of delivery.yml by default."""
    return conduct(environment, options, reason, lambda controller: controller.widen(weight, reason))


@release.command()
@reason_option
@release_options
def promote(environment: Environment, reason: str | None, **options: Any) -> ExitCode:
    """Make the candidate the stable version, when all users have it. The old slot stays warm."""
    return conduct(environment, options, reason, lambda controller: controller.promote(reason))


@release.command()
@reason_option
@release_options
def abort(environment: Environment, reason: str | None, **options: Any) -> ExitCode:
    """Give the release up: users back, candidate stopped. The version may be started again."""
    return conduct(environment, options, reason, lambda controller: controller.abort(reason))


@release.command()
@click.option("--stop-candidate", is_flag=True, help="Stop the slot afterwards instead of keeping it for examination.")
@reason_option
@release_options
def rollback(environment: Environment, stop_candidate: bool, reason: str | None, **options: Any) -> ExitCode:
    """Send every user back to the version before, at once. The version taken back is void."""
    try:
        return conduct(
            environment, options, reason, lambda controller: controller.rollback(reason, stop_candidate=stop_candidate)
        )
    except (StoreError, LockedError) as error:
        # Users on a bad version must not wait for a database, nor for a run that hangs.
        by_hand = f"without records and lock: ansible-playbook impl.lifecycle.rollback -i {environment.hosts_file}"
        remedy = f"{error.remedy}; {by_hand}" if error.remedy else by_hand
        raise type(error)(error.what, where=error.where, remedy=remedy) from error


def conduct(
    environment: Environment, options: dict[str, Any], reason: str | None, do: Callable[[Controller], Verdict]
) -> ExitCode:
    """Put controller, records and engine together, do the one thing, and show what it came to."""
    from orchestrator.cli.progress import listener
    from orchestrator.cli.release_view import render
    from orchestrator.records import open_store
    from orchestrator.records.liveness import this_actor
    from orchestrator.release.controller import Controller

    as_json = options.pop("as_json")
    with listener(as_json) as watching:
        store = open_store()
        carry_out = carrier(environment, store, watching, request_options(options, reason))
        verdict = do(Controller(environment, store, carry_out, this_actor().operator))
    render(verdict, as_json)
    return verdict.exit_code


def request_options(options: dict[str, Any], reason: str | None) -> dict[str, Any]:
    """The command line's options as the engine's request has them. Asks for passwords."""
    variables, files = extra_variables(options.pop("extra_vars"))
    return {
        "extra_vars": variables,
        "extra_files": files,
        "become_password": ask(options.pop("ask_become_pass"), "Sudo password"),
        "connection_password": ask(options.pop("ask_pass"), "SSH password"),
        "vault_password": ask(options.pop("ask_vault_pass"), "Vault password"),
        "reason": reason,
        **options,
    }


def carrier(environment: Environment, store: Any, watching: Any, options: dict[str, Any]) -> Any:
    """The engine as the controller wants it: one phase with these variables, which win over those typed."""

    def carry_out(phase: str, variables: Mapping[str, Any]) -> Any:
        # Imported here: `status` shows the record without ansible being loaded.
        from orchestrator.engine import RunRequest
        from orchestrator.engine import carry_out as engine_carry_out

        merged = {**options["extra_vars"], **variables}
        request = RunRequest(environment=environment, phases=(phase,), **{**options, "extra_vars": merged})
        return engine_carry_out(request, store, watching)

    return carry_out
