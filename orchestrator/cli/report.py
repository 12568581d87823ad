"""`lifecycle report`: a run or an environment as one page to read, to print and to keep."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.language import language_option
from orchestrator.cli.options import json_option, recorded_name
from orchestrator.cli.words import say
from orchestrator.errors import UsageError
from orchestrator.languages import _

if TYPE_CHECKING:
    from orchestrator.records import Store


@click.command()
@click.argument("run_id", metavar="[RUN]", type=int, required=False)
@click.option("-i", "--environment", metavar="ENV", help="Its last runs, hosts and releases: name or directory.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to write it; var/reports/ENV when not said.",
)
@language_option
@json_option
def report(run_id: int | None, environment: str | None, output: Path | None, as_json: bool) -> None:
    """Write a RUN, or an environment, as one HTML page.

    The page stands alone: it loads nothing, needs no script, and is made for a phone and for paper as well.
    """
    from orchestrator.paths import state_dir
    from orchestrator.records import open_store
    from orchestrator.reports.files import write

    if (run_id is None) == (environment is None):
        raise UsageError(
            _("a report is of a run or of an environment"),
            remedy=_("lifecycle report RUN, or lifecycle report -i ENV"),
        )
    store = open_store()
    if run_id is not None:
        name, place, page, told = _of_run(store, run_id)
    else:
        name, place, page, told = _of_environment(store, recorded_name(environment) or "")
    (file,) = write({name: page}, output or state_dir() / "reports" / place)
    if as_json:
        click.echo(json.dumps({**told, "file": str(file)}, indent=2, default=_plain))
        return
    say(str(file))


def _of_run(store: Store, run_id: int) -> tuple[str, str, str, dict[str, Any]]:
    """File name, directory, page, and the same data for a program."""
    from orchestrator.languages import language, translations
    from orchestrator.reports.gather import run_material
    from orchestrator.reports.page import run_page
    from orchestrator.reports.run_report import run_report

    made = run_report(run_material(store, run_id))
    page = run_page(made, translations(language()), language())
    return f"run-{run_id}.html", made.run.about.environment, page, asdict(made)


def _of_environment(store: Store, environment: str) -> tuple[str, str, str, dict[str, Any]]:
    from orchestrator.languages import language, translations
    from orchestrator.reports.gather import environment_material
    from orchestrator.reports.page import environment_page

    made = environment_material(store, environment)
    page = environment_page(made, translations(language()), language())
    return "environment.html", environment, page, asdict(made)


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
