"""`lifecycle tune`: what a host should have set and why, and the report of it; `tune indexes` has a file of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.language import language_option
from orchestrator.cli.options import ansible_options, environment_option, json_option
from orchestrator.cli.tune_indexes import indexes
from orchestrator.cli.words import say
from orchestrator.errors import ExitCode, UsageError
from orchestrator.languages import _, shown

if TYPE_CHECKING:
    from orchestrator.delivery import Environment

PHASE = "tune_plan"
PROFILES = ("oltp", "reporting", "web", "mixed", "small_site")
# So many runs back a host is looked for; older ones tell of hosts that were something else by now.
RUNS = 200
MEGABYTES = {"m": 1, "g": 1024, "t": 1024**2}


class SizeType(click.ParamType[int]):
    """`32G`, `512M`, `1T`: MiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        read = re.fullmatch(r"([0-9]{1,9})([MGT])(?:i?B)?", value, re.IGNORECASE)
        if read is None:
            self.fail(shown(_("'%(value)s' is no size; write 32G or 512M") % {"value": value}), param, ctx)
        return int(read[1]) * MEGABYTES[read[2].lower()]


@click.group()
def tune() -> None:
    """Fit what runs on a host into its memory, its processors and its disk."""


tune.add_command(indexes)


@tune.command()
@environment_option
@click.option("--ram", type=SizeType(), metavar="SIZE", help="As if each host had so much memory, such as 32G.")
@click.option("--cores", type=click.IntRange(min=1), help="As if each host had so many processors.")
@click.option(
    "--disk",
    type=click.Choice(("ssd", "hdd", "san")),
    help="What the data lie on; when not said, as the host tells, or else ssd.",
)
@click.option("--profile", type=click.Choice(PROFILES), help="The workload; mixed when not said.")
@ansible_options
@language_option
@json_option
def plan(
    environment: Environment,
    ram: int | None,
    cores: int | None,
    disk: str | None,
    profile: str | None,
    as_json: bool,
    **options: Any,
) -> ExitCode:
    """Say what each host should have set, with the arithmetic. Changes nothing.

    With --ram and --cores no host is asked: for hosts that are still to be bought.
    """
    from orchestrator.cli.progress import as_data, listener, render
    from orchestrator.cli.release_shared import request_options
    from orchestrator.engine import RunRequest, carry_out
    from orchestrator.records import open_store

    if (ram is None) != (cores is None):
        given, missing = ("--ram", "--cores") if cores is None else ("--cores", "--ram")
        raise UsageError(
            _("%(given)s without %(missing)s describes half a host") % {"given": given, "missing": missing},
            remedy=_("give %(missing)s as well") % {"missing": missing},
        )
    asked = {"tune_ram_mb": ram, "tune_cores": cores, "tune_disk": disk, "tune_profile": profile}
    reason = options.pop("reason")
    wanted = request_options(options, reason)
    wanted["extra_vars"] |= {name: value for name, value in asked.items() if value is not None}
    request = RunRequest(environment=environment, phases=(PHASE,), **wanted)
    with listener(as_json=True) as watching:
        outcome = carry_out(request, open_store(), watching)
    plans = outcome.data.get("lifecycle_tuning", {})
    if as_json:
        click.echo(json.dumps({**as_data(outcome), "data": {"lifecycle_tuning": plans}}, indent=2, default=str))
    elif outcome.exit_code is ExitCode.DONE:
        for host, about in plans.items():
            show(host, about)
    else:
        render(outcome, as_json=False)
    return outcome.exit_code


@tune.command()
@environment_option
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to write it; var/reports/ENV/tune when not said.",
)
@language_option
@json_option
def report(environment: Environment, output: Path | None, as_json: bool) -> None:
    """Write what is on record of the tuning as a page: HTML in one file, and Markdown with its pictures beside it.

    Per host the memory budget, every value with old, new, why and source, and what was measured before and after. Asks
    no host. Needs matplotlib, the extra `report`.
    """
    from dataclasses import asdict

    from orchestrator.languages import language, translations
    from orchestrator.paths import state_dir
    from orchestrator.records import open_store
    from orchestrator.reports.files import write
    from orchestrator.reports.tuning import tuning_report
    from orchestrator.reports.tuning_pages import pages

    made = tuning_report(environment.name, open_store().list_runs(environment.name, RUNS))
    files = write(
        pages(made, translations(language()), language()), output or state_dir() / "reports" / environment.name / "tune"
    )
    if as_json:
        told = {**asdict(made), "measured": made.measured, "files": [str(file) for file in files]}
        click.echo(json.dumps(told, indent=2, default=lambda moment: moment.isoformat()))
        return
    for file in files:
        say(str(file))


def show(host: str, about: Mapping[str, Any]) -> None:
    """A host's budget in one line, then every value with its reason and who says so."""
    machine = about["machine"]
    disk = f"{machine['disk']} ({source})" if (source := machine["disk_source"]) else machine["disk"]
    text = _("%(host)s: %(ram)s MB, %(cores)s processors, %(disk)s, profile %(profile)s")
    size = {"ram": machine["ram_mb"], "cores": machine["cores"], "disk": disk, "profile": machine["profile"]}
    say(text % {"host": host, **size}, bold=True)
    say(f"  {about['budget']['arithmetic']}")
    for service, settings in about["settings"].items():
        say(f"  {service}")
        for one in settings:
            value = f"{one['name']} = {one['value']}" if one["value"] != "" else one["name"]
            say(f"    {value:<44} {one['why']} [{one['source']}]")
    say("")
