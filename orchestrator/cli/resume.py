"""`lifecycle resume`: go on with a run that did not end well."""

from __future__ import annotations

from typing import Any

import click

from orchestrator.cli.again import again_options, given_again
from orchestrator.cli.options import json_option, recorded_name
from orchestrator.errors import ExitCode


@click.command()
@click.argument("run_id", metavar="[RUN]", type=int, required=False)
@click.option("-i", "--environment", metavar="ENV", help="The newest run of this environment: its name or directory.")
@click.option("--force", is_flag=True, help="Although inventory, delivery.yml, commit or files have changed since.")
@again_options
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
    given = given_again(run, options)
    request = resume_request(run, load_environment(run.about.environment_path), given, force=force)
    with listener(as_json) as watching:
        outcome = carry_out(request, store, watching)
    render(outcome, as_json)
    return outcome.exit_code
