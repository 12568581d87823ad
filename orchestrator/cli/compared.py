"""`lifecycle diff`: two runs side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import json_option

if TYPE_CHECKING:
    from orchestrator.records.comparison import Comparison, Difference
    from orchestrator.records.entities import ResultRecord

NOT_DONE = "not carried out"


@click.command()
@click.argument("before", metavar="RUN1", type=int)
@click.argument("after", metavar="RUN2", type=int)
@click.option("--host", help="Only this host.")
@click.option("--diff", "with_diff", is_flag=True, help="With what changed inside files, on both sides.")
@json_option
def diff(before: int, after: int, host: str | None, with_diff: bool, as_json: bool) -> None:
    """Say what changed between RUN1 and RUN2: per host and task its status, its message, and what it changed."""
    from orchestrator.cli.records import history_line
    from orchestrator.records import open_store
    from orchestrator.records.comparison import compare

    store = open_store()
    runs = store.get_run(before), store.get_run(after)
    compared = compare(runs[0], store.list_results(before, host), runs[1], store.list_results(after, host))
    if as_json:
        data = {"before": before, "after": after, **comparison_data(compared, with_diff)}
        click.echo(json.dumps(data, indent=2, default=str))
        return
    for run in runs:
        click.echo(history_line(run))
    for line in comparison_lines(compared, with_diff):
        click.echo(line)


def comparison_data(compared: Comparison, with_diff: bool) -> dict[str, Any]:
    """A comparison for a program. Keys are an interface: add, never rename."""
    return {
        "about": {name: {"before": old, "after": new} for name, (old, new) in compared.about.items()},
        "phases_only_before": compared.phases[0],
        "phases_only_after": compared.phases[1],
        "hosts_only_before": compared.hosts[0],
        "hosts_only_after": compared.hosts[1],
        "same": compared.same,
        "differences": [difference_data(each, with_diff) for each in compared.differences],
    }


def difference_data(each: Difference, with_diff: bool) -> dict[str, Any]:
    sides = {"before": _side_data(each.before, with_diff), "after": _side_data(each.after, with_diff)}
    return {**asdict(each.spot), "what": each.what, **sides}


def _side_data(side: ResultRecord | None, with_diff: bool) -> dict[str, Any] | None:
    if side is None:
        return None
    told = {"counter": side.counter, "status": side.status, "message": side.message}
    return {**told, "diff": side.diff} if with_diff else told


def comparison_lines(compared: Comparison, with_diff: bool) -> Iterator[str]:
    for name, (old, new) in compared.about.items():
        yield f"  {name}: {_value(old)} -> {_value(new)}"
    for kind, (old_only, new_only) in (("phase", compared.phases), ("host", compared.hosts)):
        for names, which in ((old_only, "first"), (new_only, "second")):
            if names:
                yield f"  {kind} only in the {which} run: {', '.join(names)}"
    for each in compared.differences:
        yield from _difference_lines(each, with_diff)
    tasks = "1 task differs" if len(compared.differences) == 1 else f"{len(compared.differences)} tasks differ"
    yield f"{tasks}, {compared.same} came to the same"


def _difference_lines(each: Difference, with_diff: bool) -> Iterator[str]:
    before, after = (side.status if side else NOT_DONE for side in (each.before, each.after))
    again = f" (time {each.spot.occurrence})" if each.spot.occurrence > 1 else ""
    status = f"{before} -> {after}" if before != after else f"{after}, another {' and '.join(each.what)}"
    yield f"{each.spot.host:<20} {each.spot.phase}: {each.spot.task}{again}: {status}"
    for sign, side in (("<", each.before), (">", each.after)):
        if side is not None and ("message" in each.what or None in (each.before, each.after)):
            yield from (f"    {sign} {line}" for line in side.message.splitlines())
        if side is not None and with_diff:
            yield from (f"    {sign} {line}" for line in (side.diff or "").splitlines())


def _value(value: Any) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value)
