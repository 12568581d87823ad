"""The command `lifecycle`: loads a verb group when it is asked for, and turns errors into one line."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from orchestrator.cli.language import language_option, wanted
from orchestrator.cli.streams import SPOILT, broken_by, lead_somewhere, settled
from orchestrator.cli.words import say
from orchestrator.errors import ExitCode, LifecycleError, UsageError
from orchestrator.languages import LANGUAGES, Phrase, _, gettext, joined, language, shown, speak

# name -> module:attribute. Loaded on use, so that `lifecycle --help` and shell completion stay fast.
COMMANDS = {
    "init": ("orchestrator.cli.init:init", "Scaffold an environment for a client."),
    "run": ("orchestrator.cli.run:run", "Run one or more phases against an environment."),
    "submit": ("orchestrator.cli.submit:submit", "Let a worker carry phases out, on one environment or on all."),
    "worker": ("orchestrator.cli.worker:worker", "Carry out what was submitted, and what the schedule says."),
    "queue": ("orchestrator.cli.queue:queue", "What was submitted: see how it stands, and abort it."),
    "approve": ("orchestrator.cli.plans:approve", "Say yes to a plan that another person made by run --plan."),
    "apply": ("orchestrator.cli.plans:apply", "Carry an approved plan out, if it is still the same."),
    "resume": ("orchestrator.cli.resume:resume", "Go on with a run that did not end well, where it stopped."),
    "release": ("orchestrator.cli.release:release", "Bring a version to the users step by step, or take it back."),
    "tune": ("orchestrator.cli.tune:tune", "Fit what runs on a host into its memory, its processors and its disk."),
    "history": ("orchestrator.cli.records:history", "List the runs on record."),
    "show": ("orchestrator.cli.records:show", "Show one run: its steps, hosts and results."),
    "diff": ("orchestrator.cli.compared:diff", "Say what changed between two runs, per host and task."),
    "compare": ("orchestrator.cli.compared:compare", "Say in what two environments differ, by what is on record."),
    "drift": ("orchestrator.cli.drift:drift", "Rehearse what was applied last, and say what would change now."),
    "hosts": ("orchestrator.cli.hosts:hosts", "Show the latest state of each host."),
    "export": ("orchestrator.cli.exported:export", "Write one run as JSON, JUnit XML or Markdown."),
    "report": ("orchestrator.cli.report:report", "Write a run or an environment as one HTML page to read and to keep."),
    "records": ("orchestrator.cli.records_admin:records", "Look after the records: ingest, repair, copy, prune, size."),
    "notify": ("orchestrator.cli.notify:notify", "Send a trial message to everybody who is told how runs end."),
    "lock": ("orchestrator.cli.lock:lock", "Say who works on an environment, or take a lock away that was left."),
    "lab": ("orchestrator.cli.lab:lab", "Test hosts on podman: up, down, status, shell, reset."),
    "schema": ("orchestrator.cli.init:schema", "Print the JSON Schema of delivery.yml or of a release manifest."),
}


class LazyGroup(click.Group):
    """A click group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return _in_language(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section(gettext("Commands")):
            formatter.write_dl([(name, gettext(text)) for name, (_place, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="impl-lifecycle")
@language_option
def lifecycle() -> None:
    """Deliver packaged software to plain Debian machines, phase by phase, and keep the record.

    Exit codes: 0 done, 1 usage or refused, 2 a host failed, 3 released then taken back,
    4 a host unreachable, 5 hosts have drifted from what was applied, 99 interrupted.
    """


def main(arguments: list[str] | None = None) -> None:
    """Entry point. Ends the process with a documented exit code; never with a traceback for a known mistake."""
    lead_somewhere()
    code = invoke(lifecycle, arguments)
    broken = settled()
    if broken and code == ExitCode.DONE:
        _complain(SPOILT % {"reason": broken.strerror})
        code = int(ExitCode.REFUSED)
    sys.exit(code)


def invoke(command: click.Command, arguments: list[str] | None) -> int:
    """Run `command` and return its exit code. A command may return an ExitCode; None means done."""
    try:
        speak(LANGUAGES[0])
        given = sys.argv[1:] if arguments is None else arguments
        speak(wanted(given, os.environ))
        _refuse_what_is_no_text(given)
        outcome: Any = _in_language(command).main(args=arguments, prog_name="lifecycle", standalone_mode=False)
    except LifecycleError as error:
        for line in error.lines():
            _complain(line)
        return int(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _complain(_("interrupted"))
        return int(ExitCode.INTERRUPTED)
    except click.ClickException as error:
        _complain(error.format_message())
        return int(ExitCode.REFUSED)
    except OSError as error:
        _complain(_of_system(error))
        return int(ExitCode.REFUSED)
    return int(outcome) if isinstance(outcome, int) else int(ExitCode.DONE)


def _refuse_what_is_no_text(arguments: Sequence[str]) -> None:
    """Raises UsageError for an argument that is no text in this locale: neither records nor messages could hold it."""
    for number, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            # It is not repeated: it may hold a secret.
            raise UsageError(
                _("argument %(number)s is not UTF-8 text") % {"number": number},
                remedy=_("write it in UTF-8; a file of such a name has to be renamed"),
            ) from None


def _of_system(error: OSError) -> Phrase:
    """What the system refused and nobody below had words for."""
    reason = error.strerror or str(error)
    if broken_by(error):
        return SPOILT % {"reason": reason}
    try:
        os.getcwd()  # noqa: PTH109 - pathlib would cost every start
    except OSError:
        return LifecycleError(_("the working directory is gone"), remedy=_("change to one that is there")).line()
    return LifecycleError(_("cannot be used: %(reason)s") % {"reason": reason}, where=str(error.filename or "")).line()


def _complain(what: str) -> None:
    """One line, whatever came in it; where nobody can be told, the exit code has to do."""
    with suppress(OSError):
        say(joined(": ", ("lifecycle", " ".join(shown(what).split()))), err=True)


def _in_language(command: click.Command) -> click.Command:
    """`command`, with its help in the language that is spoken."""
    if language() == LANGUAGES[0]:
        return command
    from orchestrator.cli.translated import teach_click, translated

    teach_click()
    return translated(command)
