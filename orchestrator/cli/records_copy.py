"""`lifecycle records copy`: the same records in another database."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from orchestrator.cli.options import json_option
from orchestrator.cli.words import note, say
from orchestrator.errors import UsageError
from orchestrator.languages import _


@click.command()
@click.argument("target", metavar="TARGET_URL")
@json_option
def copy(target: str, as_json: bool) -> None:
    """Copy all records into the database at TARGET_URL, from SQLite to PostgreSQL above all.

    TARGET_URL is postgresql://user@host/database, empty or with an earlier copy of the same records. All of it arrives,
    compared row by row, or nothing. A password belongs into PGPASSWORD or ~/.pgpass, never into TARGET_URL.
    """
    from orchestrator.records import open_store
    from orchestrator.records.copying import copy_records
    from orchestrator.records.gateway import has_password

    if has_password(target):
        raise UsageError(
            _("it has a password in it, which every user of this machine can see"),
            where="TARGET_URL",
            remedy=_("give it in PGPASSWORD or ~/.pgpass"),
        )

    def tell(table: str, rows: int) -> None:
        if not as_json:
            say(f"{table}: {rows}", err=True)

    done = copy_records(open_store(), target, tell)
    if as_json:
        click.echo(json.dumps(asdict(done), indent=2))
        return
    for notice in done.notices:
        note(notice)
    rows, new = sum(done.rows.values()), sum(done.new.values())
    text = _("%(rows)s rows of %(source)s are in %(target)s, %(new)s of them new; each was compared")
    say(text % {"rows": rows, "source": done.source, "target": done.target, "new": new})
    say(_("what works by them is told by LIFECYCLE_DATABASE_URL, on every controller"))
