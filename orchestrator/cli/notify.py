"""`lifecycle notify`: try whether everybody who is to be told how runs end can be told."""

from __future__ import annotations

import json

import click

from orchestrator.cli.options import json_option
from orchestrator.cli.words import say
from orchestrator.errors import ExitCode
from orchestrator.languages import _, joined


@click.command()
@json_option
def notify(as_json: bool) -> ExitCode:
    """Send a trial message to every receiver, and say who could not be told. Ends with 1 when one could not.

    Receivers are named by LIFECYCLE_NOTIFY_URL and by the file that LIFECYCLE_NOTIFY_FILE names; docs/runs.md says how.
    """
    from orchestrator.engine.notify import TOLD_BY, trial
    from orchestrator.errors import UsageError
    from orchestrator.records.liveness import this_actor

    tried = trial(this_actor())
    if not tried:
        raise UsageError(
            _("nobody is to be told"),
            remedy=_("set %(url)s or %(file)s") % dict(zip(("url", "file"), TOLD_BY, strict=True)),
        )
    if as_json:
        keys = ("receiver", "format", "problem")
        click.echo(json.dumps([dict(zip(keys, one, strict=True)) for one in tried], indent=2))
    else:
        for name, form, problem in tried:
            it = _("it %(problem)s") % {"problem": problem} if form and problem else problem or _("was told")
            say(joined("", (f"{name}: ", it)))
    return ExitCode.REFUSED if any(problem for _name, _form, problem in tried) else ExitCode.DONE
