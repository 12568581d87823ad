"""`lifecycle drift`: are hosts still as they were made?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.again import again_options, given_again
from orchestrator.cli.options import EnvironmentType, json_option, limit_option
from orchestrator.cli.words import say, status_phrase
from orchestrator.errors import ExitCode
from orchestrator.languages import Phrase, _, joined

if TYPE_CHECKING:
    from orchestrator.delivery import Environment
    from orchestrator.engine.drift import Drift, Drifted


@click.command()
@click.argument("environment", metavar="ENV", type=EnvironmentType())
@limit_option
@again_options
@json_option
def drift(environment: Environment, limit: str | None, as_json: bool, **options: Any) -> ExitCode:
    """Rehearse what was applied to ENV last, and say which tasks would change which hosts now.

    That is provision and playbooks of your own, with --check --diff, on all hosts; a run on record. Exit code 5 when
    something would change, 0 when nothing would.
    """
    from orchestrator.cli.progress import listener, render
    from orchestrator.engine.drift import applied_runs, find_drift
    from orchestrator.records import open_store

    store = open_store()
    applied = applied_runs(store, environment)
    given = {**given_again(list(applied.values())[-1], options), "limit": limit}
    with listener(as_json) as watching:
        found = find_drift(applied, environment, given, store, watching)
    if as_json:
        click.echo(json.dumps(drift_data(found), indent=2, default=str))
        return found.exit_code
    render(found.outcome, as_json=False)
    for line in drift_lines(found):
        say(line)
    return found.exit_code


def drift_data(found: Drift) -> dict[str, Any]:
    """A drift for a program. Keys are an interface: add, never rename."""
    from orchestrator.cli.progress import as_data

    return {
        **as_data(found.outcome),
        "exit_code": int(found.exit_code),
        "applied": dict(found.applied),
        "since": list(found.since),
        "drift": [_drifted_data(each) for each in found.drifted],
    }


def _drifted_data(each: Drifted) -> dict[str, Any]:
    then = each.applied
    told = {"status": then.status, "at": then.at.isoformat()} if then else {"status": None, "at": None}
    spot = {"phase": each.spot.phase, "host": each.spot.host, "task": each.spot.task}
    return {**spot, "diff": each.now.diff, "applied": {"run": each.run_id, **told}}


def drift_lines(found: Drift) -> Iterator[str]:
    for what in found.since:
        yield _("note: %(what)s: what differs may be of your own making") % {"what": what}
    for each in found.drifted:
        told = {"host": f"{each.spot.host:<20}", "phase": each.spot.phase, "task": each.spot.task, "then": _then(each)}
        yield _("%(host)s %(phase)s: %(task)s would change; %(then)s") % told
        yield from (f"    {line}" for line in (each.now.diff or "").splitlines())
    hosts = {each.spot.host for each in found.drifted}
    if found.drifted:
        one = len(found.drifted) == 1
        text = (
            _("drifted: %(hosts)s (1 task would change)")
            if one
            else _("drifted: %(hosts)s (%(count)s tasks would change)")
        )
        yield text % {"hosts": ", ".join(sorted(hosts)), "count": len(found.drifted)}
    elif found.exit_code is ExitCode.DONE:
        runs = [_("%(phase)s of run %(run)s") % {"phase": phase, "run": run} for phase, run in found.applied.items()]
        yield _("no drift: %(runs)s would change nothing") % {"runs": joined(", ", runs)}


def _then(each: Drifted) -> Phrase:
    from orchestrator.cli.lock import moment

    if each.run_id is None:
        return _("it was never applied there")
    if each.applied is None:
        return _("run %(run)s did not carry it out there") % {"run": each.run_id}
    told = {"run": each.run_id, "status": status_phrase(each.applied.status), "at": moment(each.applied.at)}
    return _("in run %(run)s it was %(status)s at %(at)s") % told
