"""The main job on real hosts: deliver, release step by step under load, take a bad version back, show the record.

`python -m demo [--keep]`, or `make demo [KEEP=1]`. Every step is the command an engineer would type; this script only
types them, keeps a load of users on the site meanwhile, and adds up what they saw.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from demo import build
from demo.load import Load, Report

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = "inventories/lab"
URL = "http://10.89.77.11/"
SOAK_SECONDS = 8
# Four users meet the bad version, and each is one witness a minute and page: it may take a few minutes.
GUARD_SECONDS = 300
QUIET_SECONDS = 6
# A bound on the load, should this script be killed: users go home by themselves.
LONGEST_SECONDS = 1200
LIFECYCLE = str(Path(sys.executable).with_name("lifecycle"))
console = Console()


class StepFailedError(Exception):
    """A command of the road did not end as it should."""


@dataclass(slots=True)
class Road:
    """What has been walked so far."""

    record: Path
    steps: list[tuple[str, float]] = field(default_factory=list)
    rolled_back_after: float | None = None
    guarded_after: float | None = None
    report: Report | None = None

    def walk(self, what: str, *arguments: str) -> None:
        """Type `lifecycle ARGUMENTS`, show it and what it says, and note how long it took."""
        console.rule(f"[bold]{what}")
        console.print(f"$ lifecycle {' '.join(arguments)}", style="cyan", highlight=False)
        began = time.monotonic()
        ended = subprocess.run([LIFECYCLE, *arguments], cwd=ROOT, env=self.environment(), check=False)
        if ended.returncode != 0:
            raise StepFailedError(f"'lifecycle {' '.join(arguments)}' ended with {ended.returncode}")
        self.steps.append((what, time.monotonic() - began))

    def environment(self) -> dict[str, str]:
        return os.environ | {"LIFECYCLE_DATABASE_URL": f"sqlite:///{self.record}"}

    def release(self, what: str, *arguments: str) -> None:
        self.walk(what, "release", *arguments, "-i", ENVIRONMENT)


def prepare(road: Road) -> None:
    """Five hosts, checked and provisioned."""
    road.walk("Five test hosts", "lab", "up", "-i", ENVIRONMENT)
    road.walk("Preflight: is the site what the delivery needs?", "run", "preflight", "-i", ENVIRONMENT)
    road.walk("Provision", "run", "provision", "-i", ENVIRONMENT)


def first_release(road: Road) -> None:
    """There is no stable version yet, so the first one goes to everybody once it is healthy."""
    road.release("Release 1.0.0, the first", "start", "1.0.0", "--reason", "first delivery")
    road.walk("A step of the site's own", "run", "demo/sample.yml", "-i", ENVIRONMENT)


def good_release(road: Road) -> None:
    """1.1.0 to 10, 50 and 100 percent of the users, then for good."""
    road.release("Stage 1.1.0 in the idle slots", "start", "1.1.0", "--reason", "patients asked for notes")
    for weight in ("10", "50", "100"):
        road.release(f"1.1.0 to {weight} % of the users", "widen", weight)
        time.sleep(SOAK_SECONDS)
    road.release("Promote 1.1.0", "promote")
    time.sleep(SOAK_SECONDS / 2)


def bad_release(road: Road, load: Load) -> None:
    """1.2.0 fails one request in twenty: 10 percent of the users see it until it is taken back."""
    road.release("Stage 1.2.0 in the idle slots", "start", "1.2.0", "--reason", "new statistics")
    road.release("1.2.0 to 10 % of the users", "widen", "10")
    time.sleep(SOAK_SECONDS)
    commanded = time.time()
    road.release("Roll 1.2.0 back", "rollback", "--reason", "one request in twenty fails")
    time.sleep(SOAK_SECONDS / 2)
    seen = load.report().versions.get("1.2.0")
    road.rolled_back_after = max(0.0, seen.last_at - commanded) if seen else None


def guarded_release(road: Road, load: Load) -> None:
    """The same bad version, and nobody looks: the guard on the edge has to find out and take it back by itself."""
    road.release("1.2.0 again, to be judged", "start", "1.2.0", "--again", "--reason", "see what the guard makes of it")
    road.release("1.2.0 to 10 % of the users, unattended", "widen", "10")
    began = time.time()
    road.guarded_after = gone_after(load, began)
    road.release("What the edge says", "status", "--live")
    if road.guarded_after is None:
        raise StepFailedError(f"the guard did not take 1.2.0 back within {GUARD_SECONDS} s")


def gone_after(load: Load, began: float) -> float | None:
    """Seconds until nobody was answered by 1.2.0 any more (quiet for QUIET_SECONDS); None when that took too long."""
    while time.time() - began < GUARD_SECONDS:
        time.sleep(1)
        seen = load.report().versions.get("1.2.0")
        if seen and time.time() - max(seen.last_at, began) > QUIET_SECONDS:
            return max(0.0, seen.last_at - began)
    return None


def summarise(road: Road, kept: bool) -> None:
    """One screen: what is served where, what the users saw, and where the record is."""
    table = Table(title="What was done", title_justify="left")
    table.add_column("step")
    table.add_column("seconds", justify="right")
    for what, seconds in road.steps:
        table.add_row(what, f"{seconds:.1f}")
    console.print(table)
    if report := road.report:
        console.print(f"[bold]Requests under the releases[/]: {report.requests}, lost: {unanswered(report)}")
        for version, count in sorted(report.versions.items()):
            answers = f"{count.answers} answers to {count.users} users, {count.errors_5xx} errors"
            console.print(f"  {version or 'no version'}: {answers}")
    if road.rolled_back_after is not None:
        console.print(
            f"[bold]Roll-back[/]: the last answer of 1.2.0 came {road.rolled_back_after:.1f} s after the command"
        )
    if road.guarded_after is not None:
        console.print(
            f"[bold]Guard[/]: took 1.2.0 back by itself, {road.guarded_after:.0f} s after the first users had it"
        )
    record = road.record.relative_to(ROOT)
    where = URL if kept else f"{URL} (gone with its hosts; `make demo KEEP=1` keeps them)"
    console.print(f"[bold]Site[/]: {where}\n[bold]Record[/]: {record}", highlight=False)
    console.print(f"  LIFECYCLE_DATABASE_URL=sqlite:///{record} lifecycle history", style="cyan", highlight=False)


def unanswered(report: Report) -> int:
    """Requests that got no answer at all."""
    return report.lost + report.refused + report.timed_out


def under_load(road: Road, steps: Sequence[Callable[[Road, Load], None]]) -> None:
    """Walk `steps` while users are on the site: keep-alive connections, GET and POST, no retries."""
    with Load(URL, clients=40, think=0.5, max_seconds=LONGEST_SECONDS) as load:
        for step in steps:
            step(road, load)
    road.report = load.report()


def main() -> int:
    """0 when the whole road was walked and nobody lost a request."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--keep", action="store_true", help="leave the hosts up afterwards")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    chosen = parser.parse_args()
    (ROOT / "var").mkdir(exist_ok=True)
    # A record of its own each time: the hosts are new each time too.
    road = Road(ROOT / "var" / f"demo-{datetime.now():%Y%m%d-%H%M%S}.db")
    try:
        build.main([])
        road.walk("Hosts of an earlier demo away", "lab", "down", "-i", ENVIRONMENT)
        prepare(road)
        first_release(road)
        under_load(road, [lambda road, _: good_release(road), bad_release, guarded_release])
        road.walk("The record", "history", "-i", ENVIRONMENT)
        summarise(road, chosen.keep)
    except StepFailedError as failed:
        console.print(f"demo: {failed}", style="bold red", highlight=False)
        return 2
    finally:
        if not chosen.keep:
            subprocess.run([LIFECYCLE, "lab", "down", "-i", ENVIRONMENT], cwd=ROOT, check=False)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures(road), indent=2) + "\n")
    return 2 if road.report and unanswered(road.report) else 0


def figures(road: Road) -> dict[str, object]:
    """The summary for a program."""
    report = road.report
    return {
        "record": str(road.record),
        "steps": [{"what": what, "seconds": round(seconds, 1)} for what, seconds in road.steps],
        "requests": report.requests if report else 0,
        "lost": unanswered(report) if report else None,
        "versions": {name: count.answers for name, count in report.versions.items()} if report else {},
        "rolled_back_after_seconds": road.rolled_back_after,
        "guarded_after_seconds": road.guarded_after,
    }


if __name__ == "__main__":
    sys.exit(main())
