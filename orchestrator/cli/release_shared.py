"""What every `lifecycle release` command shares: its options, and how records, engine and desk are put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import (
    ask,
    environment_option,
    extra_variables,
    json_option,
    secret_options,
    strategy_option,
)
from orchestrator.cli.words import SSH, SUDO, VAULT
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from orchestrator.delivery import Environment
    from orchestrator.release.desk import Desk
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
        strategy_option,
        *secret_options(),
        click.option("-v", "--verbose", "verbosity", count=True, help="Say more; repeat for still more."),
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


reason_option = click.option("--reason", metavar="TEXT", help="Why this is done; kept on record.")


unsafe_option = click.option(
    "--accept-unsafe",
    metavar="REASON",
    help="Do it although a version that users come to cannot live with the database; the reason goes on record.",
)


def conduct(
    environment: Environment, options: dict[str, Any], reason: str | None, do: Callable[[Desk], Verdict]
) -> ExitCode:
    """Do the one thing, and show what it came to."""
    from orchestrator.cli.release_view import render

    as_json = options.pop("as_json")
    with desk_for(environment, options, reason, quiet=as_json) as desk:
        verdict = do(desk)
    render(verdict, as_json)
    return verdict.exit_code


@contextmanager
def desk_for(environment: Environment, options: dict[str, Any], reason: str | None, *, quiet: bool) -> Iterator[Desk]:
    """The environment's desk; `quiet`: nothing of the runs behind it is shown while they happen."""
    from orchestrator.cli.progress import listener
    from orchestrator.records import open_store
    from orchestrator.records.liveness import this_actor
    from orchestrator.release.desk import open_desk

    with listener(quiet) as watching:
        store = open_store()
        carry_out = carrier(environment, store, watching, request_options(options, reason))
        yield open_desk(environment, store, carry_out, this_actor().operator)


def request_options(options: dict[str, Any], reason: str | None) -> dict[str, Any]:
    """The command line's options as the engine's request has them. Asks for passwords."""
    variables, files = extra_variables(options.pop("extra_vars"))
    return {
        "extra_vars": variables,
        "extra_files": files,
        "become_password": ask(options.pop("ask_become_pass"), SUDO),
        "connection_password": ask(options.pop("ask_pass"), SSH),
        "vault_password": ask(options.pop("ask_vault_pass"), VAULT),
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
