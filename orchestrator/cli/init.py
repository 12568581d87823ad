"""`lifecycle init` and `lifecycle schema`: how a client begins."""

from __future__ import annotations

import json
from pathlib import Path

import click

from orchestrator.cli.language import language_option
from orchestrator.cli.options import json_option
from orchestrator.cli.words import say
from orchestrator.languages import _, gettext


@click.command()
@click.argument("client")
@click.option(
    "--stage", default="test", show_default=True, help="Which of the client's environments: test, production, ..."
)
@click.option("--application", metavar="NAME", default="application", show_default=True, help="What is delivered.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("inventories"),
    show_default=True,
    help="Where environments live.",
)
@json_option
def init(client: str, stage: str, application: str, directory: Path, as_json: bool) -> None:
    """Scaffold the environment DIRECTORY/CLIENT-STAGE with comments that say what goes where.

    Nothing that is there already is touched.
    """
    from orchestrator.delivery.scaffold import scaffold

    path = directory / f"{client}-{stage}"
    files = scaffold(path, client, stage, application)
    if as_json:
        click.echo(json.dumps({"environment": path.name, "path": str(path), "files": [str(file) for file in files]}))
        return
    for file in files:
        say(f"  {file}")
    told = {"path": path, "readme": path / "README.md"}
    say(_("\n%(path)s is made. What to fill in, in order: %(readme)s") % told)


@click.command()
@click.argument("name", type=click.Choice(["delivery", "manifest"]))
@click.option("--markdown", is_flag=True, help="A table of all keys for people instead.")
@language_option
def schema(name: str, markdown: bool) -> None:
    """Print the JSON Schema of delivery.yml (delivery) or of releases/VERSION.yml (manifest)."""
    from orchestrator.delivery import published

    if markdown:
        click.echo(published.table(name, gettext), nl=False)
        return
    click.echo(json.dumps(published.schema(name), indent=2))
