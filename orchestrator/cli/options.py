"""Options that several commands share."""

from __future__ import annotations

import math
import re
import shlex
import sys
from collections.abc import Callable
from typing import Any

import click

from orchestrator.errors import UsageError
from orchestrator.languages import _, shown

NAME_ONE = _("give its name or its directory")


class EnvironmentType(click.ParamType[Any]):
    """A path or a name below ./inventories becomes an Environment."""

    name = "environment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        from orchestrator.delivery import load_environment

        if isinstance(value, str) and not value.strip():
            raise _no_environment(value)
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
    """The name under which an environment is on record, from its name or directory, whether or not that is in order.

    Raises UsageError for an empty one, such as a variable of a script that was never set: it means nothing, not all.
    """
    from pathlib import Path

    if environment is None:
        return None
    name = Path(environment).resolve().name if environment.strip() else ""
    if not name:
        raise _no_environment(environment)
    return name


def _no_environment(given: str) -> UsageError:
    return UsageError(_("'%(value)s' names no environment") % {"value": given}, where="ENV", remedy=NAME_ONE)


class AmountType(click.FloatRange):
    """A number of a range, and really one: `nan` is in every range, and `inf` is no time that ever ends."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(shown(_("'%(value)s' is no number that can be counted with") % {"value": value}), param, ctx)
        return number


def _not_empty(_ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Refuses `-l ""`: Ansible takes it for all hosts, and a script whose variable is empty means anything but that."""
    if any(not one.strip() for one in ((value,) if isinstance(value, str) else value or ())):
        raise UsageError(_("it is empty"), where=param.opts[0], remedy=_("give it a value, or leave it out for all"))
    return value


limit_option = click.option("-l", "--limit", metavar="PATTERN", callback=_not_empty, help="Only these hosts.")
tags_option = click.option(
    "-t", "--tags", multiple=True, metavar="TAG", callback=_not_empty, help="Only tasks with this tag."
)
skip_tags_option = click.option(
    "--skip-tags", multiple=True, metavar="TAG", callback=_not_empty, help="No tasks with this tag."
)


wait_option = click.option(
    "--wait",
    type=AmountType(min=0),
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
        limit_option,
        click.option("-C", "--check", is_flag=True, help="Change nothing; tell what would change."),
        click.option("-D", "--diff", is_flag=True, help="Show and record what changes inside files."),
        click.option(
            "-e",
            "--extra-vars",
            multiple=True,
            metavar="KEY=VALUE|JSON|@FILE",
            help="A variable over all others. Give secrets as @FILE: an argument can be seen by every user here.",
        ),
        tags_option,
        skip_tags_option,
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
    """A password typed by a person, when it is wanted. Raises UsageError where nobody can be asked."""
    if not wanted:
        return None
    if not _has_terminal():
        # As getpass does then, but without its warnings.
        line = sys.stdin.readline().rstrip("\n")
        if not line:
            raise UsageError(
                _("there is no terminal at which somebody could be asked: %(what)s") % {"what": what},
                remedy=_("call it at a terminal, or give passwords in files: --vault-id FILE, -e @FILE"),
            )
        return line
    return str(click.prompt(shown(what), hide_input=True, err=True))


def _has_terminal() -> bool:
    if sys.stdin.isatty():
        return True
    try:
        with open("/dev/tty", "rb"):  # noqa: PTH123 - it is no file
            return True
    except OSError:
        return False


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

    from orchestrator.delivery.yamlfile import flood

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        found = None if root is None or flood(root) else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _misread()
    if _is_no_json(found):
        raise UsageError(
            _("a value of -e is neither text, number, truth, list nor section of those"),
            where="-e",
            remedy=_("put a date in quotes, and write out what an anchor stands for"),
        )
    return found


def _is_no_json(found: Any) -> bool:
    """Whether something in it cannot be handed on, or contains itself. Aliases are none of JSON's."""
    import json

    try:
        json.dumps(found)
    except (TypeError, ValueError, RecursionError):
        return True
    return False


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
