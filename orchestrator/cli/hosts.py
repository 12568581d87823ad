"""`lifecycle hosts`: the latest state of each host."""

from __future__ import annotations

import json

import click

from orchestrator.cli.options import json_option, recorded_name
from orchestrator.cli.words import say, status_phrase
from orchestrator.languages import _, joined


@click.command()
@click.option("-i", "--environment", metavar="ENV", help="Only this environment: its name or its directory.")
@json_option
def hosts(environment: str | None, as_json: bool) -> None:
    """Show the latest state of each host: what the last phase that took it in came to there, in which run, and when.

    Rehearsals do not count. A host is listed as long as a run that took it in is on record.
    """
    from orchestrator.cli.lock import moment
    from orchestrator.records import open_store

    states = open_store().latest_hosts(recorded_name(environment))
    if as_json:
        data = [
            {
                "environment": state.environment,
                "host": state.host,
                "run": state.run_id,
                "phase": state.phase,
                "status": state.status,
                "at": state.at.isoformat(),
            }
            for state in states
        ]
        click.echo(json.dumps({"hosts": data}, indent=2))
        return
    if not states:
        say(_("no host is on record"))
    for state in states:
        told = {"phase": state.phase, "status": status_phrase(state.status), "run": state.run_id}
        came_to = _("%(phase)s %(status)s in run %(run)s") % told
        say(joined("", (f"{state.environment:<20} {state.host:<20} {moment(state.at)}  ", came_to)))
