"""`lifecycle tune indexes`: which indexes are missing or too much, and which statements are slow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import AmountType, ansible_options, environment_option, json_option
from orchestrator.cli.words import say
from orchestrator.errors import ExitCode, UsageError
from orchestrator.languages import Phrase, _, joined, shown

if TYPE_CHECKING:
    from rich.table import Table

    from orchestrator.delivery import Environment

PHASE = "tune_indexes"
KINDS = {
    "missing_index": _("missing index"),
    "invalid_index": _("unfinished index"),
    "duplicate_index": _("duplicate index"),
    "unused_index": _("unused index"),
    "no_primary_key": _("no primary key"),
    "bloat": _("bloat"),
    "slow_statement": _("slow statement"),
}
HEADINGS = (_("what"), _("where"), _("found"))
# A statement may be long; --json has more of it.
SHOWN = 240
# What became of an index, and what would.
ACTIONS = {
    "present": _("  %(name)s on %(table)s is there"),
    "create": _("  %(name)s on %(table)s built"),
    "mend": _("  %(name)s on %(table)s dropped unfinished and built again"),
}
PROSPECTS = {
    **ACTIONS,
    "create": _("  %(name)s on %(table)s would be built"),
    "mend": _("  %(name)s on %(table)s would be dropped unfinished and built again"),
}


@click.command()
@environment_option
@click.option(
    "--apply-indexes",
    is_flag=True,
    help="Build what delivery.yml lists (database.indexes) and is missing, concurrently.",
)
@click.option(
    "--unused-after",
    type=AmountType(min=0),
    metavar="DAYS",
    help="How long reads have to be counted before an index is called unused; 30 when not said.",
)
@ansible_options
@json_option
def indexes(
    environment: Environment, apply_indexes: bool, unused_after: float | None, as_json: bool, **options: Any
) -> ExitCode:
    """Report indexes that are missing, unused or there twice, tables without primary key, bloat, slow statements.

    Changes nothing without --apply-indexes.
    """
    from orchestrator.cli.progress import as_data, listener, render
    from orchestrator.cli.release_shared import request_options
    from orchestrator.engine import RunRequest, carry_out
    from orchestrator.records import open_store

    if apply_indexes and not environment.delivery.database.indexes:
        raise UsageError(
            _("delivery.yml lists no indexes to build"),
            where="--apply-indexes",
            remedy=_("list them in database.indexes; docs/delivery.md says how"),
        )
    asked = {"tune_apply_indexes": apply_indexes or None, "tune_unused_after_days": unused_after}
    reason = options.pop("reason")
    wanted = request_options(options, reason)
    wanted["extra_vars"] |= {name: value for name, value in asked.items() if value is not None}
    request = RunRequest(environment=environment, phases=(PHASE,), **wanted)
    # A report is its own progress; building may take hours.
    with listener(as_json=as_json or not apply_indexes) as watching:
        outcome = carry_out(request, open_store(), watching)
    reports = outcome.data.get("lifecycle_indexes", {})
    if as_json:
        click.echo(json.dumps({**as_data(outcome), "data": {"lifecycle_indexes": reports}}, indent=2, default=str))
    elif outcome.exit_code is ExitCode.DONE:
        for host, about in reports.items():
            show(host, about, request.check)
    else:
        render(outcome, as_json=False)
    return outcome.exit_code


def show(host: str, about: Mapping[str, Any], check: bool) -> None:
    """A host's indexes that were asked for, what was found as a table, and the SQL to copy below it."""
    from rich.console import Console

    say(joined("", (f"{host}: ", headline(about["findings"]))), bold=True)
    for index in about["indexes"]:
        say((PROSPECTS if check else ACTIONS)[index["action"]] % {"name": index["name"], "table": index["table"]})
    if about["findings"]:
        Console(soft_wrap=False).print(table_of(about["findings"]))
    for line in remedies(about["findings"]):
        say(f"  {line}")
    for text in about["notes"]:
        say(_("  note: %(text)s") % {"text": text})
    say("")


def headline(findings: Sequence[Mapping[str, Any]]) -> Phrase:
    """How many of what, such as `missing index 2, bloat 1`."""
    counted = {kind: sum(one["kind"] == kind for one in findings) for kind in KINDS}
    told = joined(", ", (joined("", (KINDS[kind], f" {count}")) for kind, count in counted.items() if count))
    return told or _("nothing found")


def table_of(findings: Sequence[Mapping[str, Any]]) -> Table:
    """One row a finding, numbered for the SQL below."""
    from rich.table import Table
    from rich.text import Text

    table = Table("#", *map(shown, HEADINGS), expand=False)
    for number, one in enumerate(findings, 1):
        found = shorten(one["said"], SHOWN, placeholder=" ...")
        cells = (str(number), shown(KINDS.get(one["kind"], one["kind"])), where(one), found)
        # As text: a name may hold what rich takes for markup.
        table.add_row(*(Text(cell) for cell in cells))
    return table


def where(one: Mapping[str, Any]) -> str:
    """database: schema.table, without the schema everybody is in."""
    schema = f"{one['schema']}." if one["schema"] not in ("", "public") else ""
    return f"{one['database']}: {schema}{one['table']}" if one["table"] else str(one["database"])


def remedies(findings: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The statements, each below its number and database as a comment of SQL's own."""
    for number, one in enumerate(findings, 1):
        if one["sql"]:
            yield shown(_("-- %(number)s, in %(database)s") % {"number": number, "database": one["database"]})
            yield one["sql"]
