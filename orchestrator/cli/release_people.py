"""`lifecycle release approve | hold | feedback | who | retry`: what people say about a release under way."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.release_shared import conduct, desk_for, reason_option, release_options
from orchestrator.cli.words import say
from orchestrator.errors import ExitCode
from orchestrator.languages import _

if TYPE_CHECKING:
    from orchestrator.delivery import Environment


@click.command()
@reason_option
@release_options
def approve(environment: Environment, reason: str | None, **options: Any) -> ExitCode:
    """Say yes to the next step: to more users, or to promotion when all have it. Refused while the guard says harm."""
    return conduct(environment, options, reason, lambda desk: desk.conductor.approve(reason))


@click.command()
@reason_option
@release_options
def hold(environment: Environment, reason: str | None, **options: Any) -> ExitCode:
    """Let nothing go on until `resume`. Users stay where they are; the guard goes on watching."""
    return conduct(environment, options, reason, lambda desk: desk.people.hold(reason))


@click.command()
@click.argument("who")
@click.argument("verdict", type=click.Choice(["good", "bad"]))
@click.argument("words", nargs=-1)
@release_options
def feedback(environment: Environment, who: str, verdict: str, words: tuple[str, ...], **options: Any) -> ExitCode:
    """Keep what WHO (a pilot user, the client) says of the candidate. Enough bad verdicts hold the release."""
    said = " ".join(words)
    return conduct(environment, options, said or None, lambda desk: desk.people.feedback(who, verdict, said))


@click.command()
@reason_option
@release_options
def retry(environment: Environment, reason: str | None, **options: Any) -> ExitCode:
    """Start the newest version again, after it failed to start or was aborted."""
    return conduct(environment, options, reason, lambda desk: desk.people.retry(reason))


@click.command()
@click.argument("user")
@click.option("--department", metavar="NAME", default="", help="The department the user belongs to.")
@release_options
def who(environment: Environment, user: str, department: str, **options: Any) -> ExitCode:
    """Say which version USER gets, and why. USER is the id the edge knows: the cookie's or header's value."""
    as_json = options.pop("as_json")
    with desk_for(environment, options, None, quiet=True) as desk:
        where = desk.people.who(user, department)
    if as_json:
        click.echo(json.dumps(asdict(where), indent=2))
    else:
        say(_("%(user)s gets %(version)s (%(colour)s): %(why)s") % asdict(where))
    return ExitCode.DONE


COMMANDS = (approve, hold, feedback, who, retry)
