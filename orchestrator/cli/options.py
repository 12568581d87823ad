"""Options that several commands share."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import click

from orchestrator.errors import UsageError
from orchestrator.languages import _, shown


class EnvironmentType(click.ParamType[Any]):
    """A path or a name below ./inventories becomes an Environment."""

    name = "environment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        from orchestrator.delivery import load_environment

        return load_environment(value) if isinstance(value, str) else value


environment_option = click.option(
    "-i",
    "--environment",
    "environment",
    metavar="ENV",
    type=EnvironmentType(),
    required=True,
    help="The environment: its directory, or its name below inventories/.",
)


def recorded_name(environment: str | None) -> str | None:
    """The name under which an environment is on record, from its name or directory, whether or not that is in order."""
    from pathlib import Path

    return Path(environment).resolve().name if environment else None


wait_option = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for a run that holds the environment, instead of refusing at once.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program instead of text.")


strategy_option = click.option(
    "--strategy",
    envvar="LIFECYCLE_STRATEGY",
    metavar="NAME",
    type=click.Choice(("linear", "free", "host_pinned", "mitogen_linear", "mitogen_free", "mitogen_host_pinned")),
    help="How Ansible walks through the tasks; mitogen_linear takes less time, where mitogen is installed.",
)


def ansible_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What ansible-playbook understands under the same names."""
    options = (
        click.option("-l", "--limit", metavar="PATTERN", help="Only these hosts."),
        click.option("-C", "--check", is_flag=True, help="Change nothing; tell what would change."),
        click.option("-D", "--diff", is_flag=True, help="Show and record what changes inside files."),
        click.option(
            "-e",
            "--extra-vars",
            multiple=True,
            metavar="KEY=VALUE|JSON|@FILE",
            help="A variable over all others. Give secrets as @FILE: an argument can be seen by every user here.",
        ),
        click.option("-t", "--tags", multiple=True, metavar="TAG", help="Only tasks with this tag."),
        click.option("--skip-tags", multiple=True, metavar="TAG", help="No tasks with this tag."),
        click.option("-f", "--forks", type=click.IntRange(min=1), help="How many hosts at the same time."),
        strategy_option,
        *secret_options(),
        click.option("--reason", metavar="TEXT", help="Why this is done; kept with the run."),
        click.option("-v", "--verbose", "verbosity", count=True, help="Say more; repeat for still more."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def secret_options() -> tuple[Callable[..., Any], ...]:
    """Where passwords come from. Typed ones reach ansible in files of a private directory, never in an argument."""
    return (
        click.option(
            "--vault-id", "vault_ids", multiple=True, metavar="[LABEL@]FILE", help="A vault password file or script."
        ),
        click.option("-J", "--ask-vault-pass", is_flag=True, help="Ask for the vault password."),
        click.option("-K", "--ask-become-pass", is_flag=True, help="Ask for the sudo password."),
        click.option("-k", "--ask-pass", is_flag=True, help="Ask for the SSH password (needs sshpass)."),
    )


def ask(wanted: bool, what: str) -> str | None:
    """A password typed by a person, when it is wanted."""
    return str(click.prompt(shown(what), hide_input=True, err=True)) if wanted else None


def extra_variables(given: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Split `-e` into variables and files, by ansible's own three ways of writing them."""
    variables: dict[str, Any] = {}
    files = []
    for text in given:
        if text.startswith("@"):
            files.append(text[1:])
        elif text.startswith(("{", "[")):
            variables |= _mapping(text)
        else:
            variables |= _pairs(text)
    return variables, tuple(files)


def _mapping(text: str) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict):
        raise _misread()
    return found


def _pairs(text: str) -> dict[str, Any]:
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    pairs = [word.partition("=") for word in words]
    if not pairs or not all(sign and re.fullmatch(r"[A-Za-z_]\w*", name) for name, sign, _ in pairs):
        raise _misread()
    return {name: value for name, _, value in pairs}


def _misread() -> UsageError:
    # The text is not repeated: it may hold a secret.
    return UsageError(_("-e is neither key=value, nor a JSON object, nor @FILE"), where="-e")
