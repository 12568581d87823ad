"""`lifecycle resume`: go on with a run that did not end well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import ask, extra_variables, json_option, recorded_name, secret_options, wait_option
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from orchestrator.records.entities import Run

extra_vars_option = click.option(
    "-e",
    "--extra-vars",
    multiple=True,
    metavar="KEY=VALUE|JSON|@FILE",
    help="A variable over all others. Those of the first run are given again: their values are not on record.",
)


def secrets(command: Any) -> Any:
    for option in reversed(secret_options()):
        command = option(command)
    return command


@click.command()
@click.argument("run_id", metavar="[RUN]", type=int, required=False)
@click.option("-i", "--environment", metavar="ENV", help="The newest run of this environment: its name or directory.")
@click.option("--force", is_flag=True, help="Although inventory, delivery.yml, commit or files have changed since.")
@extra_vars_option
@secrets
@click.option("--reason", metavar="TEXT", help="Why this is done; kept with the run.")
@click.option("-v", "--verbose", "verbosity", count=True, help="Say more; repeat for still more.")
@wait_option
@json_option
def resume(run_id: int | None, environment: str | None, force: bool, as_json: bool, **options: Any) -> ExitCode:
    """Go on with RUN, or with the newest run: its first unfinished phase, and those after it.

    That phase runs on the hosts that failed, were unreachable or never finished; the others are left alone. It is a new
    run on record, which names the one it goes on with.
    """
    from orchestrator.cli.progress import listener, render
    from orchestrator.delivery import load_environment
    from orchestrator.engine import carry_out
    from orchestrator.engine.resume import resume_request, run_to_resume
    from orchestrator.records import open_store

    store = open_store()
    run = run_to_resume(store, run_id, recorded_name(environment))
    given = _given(run, options)
    request = resume_request(run, load_environment(run.about.environment_path), given, force=force)
    with listener(as_json) as watching:
        outcome = carry_out(request, store, watching)
    render(outcome, as_json)
    return outcome.exit_code


def _given(run: Run, options: dict[str, Any]) -> dict[str, Any]:
    """What is not on record. A password that was asked for in the first run is asked for again."""
    variables, files = extra_variables(options.pop("extra_vars"))
    before = run.about.options

    def typed(name: str, what: str) -> str | None:
        return ask(options.pop(name) or bool(before.get(name)), what)

    return {
        "extra_vars": variables,
        "extra_files": files,
        "become_password": typed("ask_become_pass", "Sudo password"),
        "connection_password": typed("ask_pass", "SSH password"),
        "vault_password": typed("ask_vault_pass", "Vault password"),
        **options,
    }
