"""`lifecycle release replay LOG`: the site's own rate of false rollbacks, before its first gray release."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import environment_option, json_option
from orchestrator.errors import ExitCode

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
    click.echo(
        f"{done.requests} requests of {done.users} users in {done.hours:.1f} h; {done.passed_over} lines passed over"
    )
    click.echo(
        f"{done.rolled_back} of {done.splits} splits would have been taken back for nothing: {done.rate:.1%} "
        f"(the policy allows {policy.false_alarm_percent:g} %)"
    )
    for metric, odds in done.worst.items():
        click.echo(f"  largest evidence by {metric}: {spoken_odds(odds)}")
    return ExitCode.DONE
