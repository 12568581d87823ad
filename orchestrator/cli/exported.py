"""`lifecycle export`: one run for another program, or for a ticket."""

from __future__ import annotations

import json
from functools import partial

import click

from orchestrator.cli.language import language_option
from orchestrator.languages import gettext


@click.command()
@click.argument("run_id", metavar="RUN", type=int)
@click.option(
    "--format",
    "form",
    type=click.Choice(("json", "junit", "markdown")),
    default="json",
    show_default=True,
    help="junit: a test case for each task on each host, for a CI job. markdown: for a ticket.",
)
@language_option
def export(run_id: int, form: str) -> None:
    """Write RUN to standard output: all of it as JSON, as JUnit XML, or in short as Markdown."""
    from orchestrator.cli.records import shown_data
    from orchestrator.records import open_store
    from orchestrator.reports.exports import junit, markdown

    store = open_store()
    if form == "json":
        click.echo(json.dumps(shown_data(store, run_id, with_diff=True), indent=2, default=str))
        return
    run, results = store.get_run(run_id), store.list_results(run_id)
    # JUnit is for a program, and the same in every language.
    write = junit if form == "junit" else partial(markdown, gettext=gettext)
    click.echo(write(run, results), nl=False)
