"""What the commands share that carry out once more what is on record: `resume` and `apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import ask, extra_variables, secret_options, wait_option
from orchestrator.cli.words import SSH, SUDO, VAULT

if TYPE_CHECKING:
    from orchestrator.records.entities import Run


def again_options(command: Any) -> Any:
    """What is not on record and is given once more, and how to go about it."""
    options = (
        click.option(
            "-e",
            "--extra-vars",
            multiple=True,
            metavar="KEY=VALUE|JSON|@FILE",
            help="A variable over all others. Those of the first run are given again: their values are not on record.",
        ),
        *secret_options(),
        click.option("--reason", metavar="TEXT", help="Why this is done; kept with the run."),
        click.option("-v", "--verbose", "verbosity", count=True, help="Say more; repeat for still more."),
        wait_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def secrets(command: Any) -> Any:
    """Where passwords come from."""
    for option in reversed(secret_options()):
        command = option(command)
    return command


def given_again(run: Run, options: dict[str, Any]) -> dict[str, Any]:
    """What is not on record. A password that was asked for in the first run is asked for again."""
    variables, files = extra_variables(options.pop("extra_vars"))
    before = run.about.options

    def typed(name: str, what: str) -> str | None:
        return ask(options.pop(name) or bool(before.get(name)), what)

    return {
        "extra_vars": variables,
        "extra_files": files,
        "become_password": typed("ask_become_pass", SUDO),
        "connection_password": typed("ask_pass", SSH),
        "vault_password": typed("ask_vault_pass", VAULT),
        **options,
    }
