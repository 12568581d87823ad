"""`lifecycle release replay LOG`: the site's own rate of false rollbacks, before its first gray release."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import environment_option, json_option
from orchestrator.cli.words import say
from orchestrator.errors import ExitCode
from orchestrator.languages import _

if TYPE_CHECKING:
    from orchestrator.delivery import Environment


@click.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option(
    "--splits", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many random splits."
)
@click.option("--share", type=click.IntRange(1, 50), default=10, show_default=True, help="Percent called candidates.")
@environment_option
@json_option
def replay(log: Path, splits: int, share: int, environment: Environment, as_json: bool) -> ExitCode:
    """Split the users of LOG at random and say how often a version that changed nothing would have been taken back.

    LOG is a gray edge's access log, of a time without a release.
    """
    from orchestrator.release.guard import spoken_odds
    from orchestrator.release.replay import replay as run

    policy = environment.delivery.release.guard
    done = run(log, splits=splits, share=share, alpha=policy.false_alarm_percent / 100, margin=policy.margin)
    if as_json:
        click.echo(json.dumps(asdict(done), indent=2))
        return ExitCode.DONE
    text = _("%(requests)s requests of %(users)s users in %(hours)s h; %(passed_over)s lines passed over")
    say(text % {**asdict(done), "hours": f"{done.hours:.1f}"})
    text = _(
        "%(rolled_back)s of %(splits)s splits would have been taken back for nothing: %(rate)s "
        "(the policy allows %(allowed)s %%)"
    )
    rates = {"rate": f"{done.rate:.1%}", "allowed": f"{policy.false_alarm_percent:g}"}
    say(text % {**asdict(done), **rates})
    for metric, odds in done.worst.items():
        say(_("  largest evidence by %(metric)s: %(odds)s") % {"metric": metric, "odds": spoken_odds(odds)})
    return ExitCode.DONE
