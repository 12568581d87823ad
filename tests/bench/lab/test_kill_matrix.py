"""Who is killed when, and what came of it: the table in docs/kill-matrix.md is written by this test.

Each of six things is killed or cut off during each of five things a release does, with users on the site. Afterwards
the edge and the record have to say the same, and nobody may be on a version that the record does not name.
Half an hour on two cores: pytest -s tests/bench/lab/test_kill_matrix.py, as root. -k limits it to some cells.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from demo.load import Load, Report
from tests.bench.lab.conftest import CANDIDATE, ENV, STABLE, inside, live, only_stable
from tests.e2e.conftest import ROOT, URL, Lifecycle, ansible_processes, eventually

pytestmark = pytest.mark.lab
TABLE = ROOT / "docs" / "kill-matrix.md"
PHASES = ("stage", "widen", "soak", "promote", "rollback")
VICTIMS = ("controller", "guard", "nginx master", "candidate JVM", "stable JVM", "edge cut off")
# What has happened to the release before the phase begins, and the phase itself.
BEFORE = {
    "stage": (),
    "widen": ("start",),
    "soak": ("start", "50"),
    "promote": ("start", "100"),
    "rollback": ("start", "50"),
}
COMMANDS = {
    "stage": ("start", CANDIDATE, "--again", "--reason", "the matrix"),
    "widen": ("widen", "50"),
    "soak": ("status", "--live"),
    "promote": ("promote",),
    "rollback": ("rollback", "--reason", "the matrix"),
}
CUT_SECONDS = 12
NOT_RUN = "not run"
outcomes: dict[tuple[str, str], str] = {}


def network(host: str, command: str) -> None:
    """nft in one test host's network namespace."""
    pid = subprocess.run(
        ["podman", "inspect", "-f", "{{.State.Pid}}", f"lab-{host}"], capture_output=True, text=True, check=True
    )
    subprocess.run(
        ["nsenter", "-t", pid.stdout.strip(), "-n", "nft", *command.split()], check=True, capture_output=True
    )


def colour_of(edge: dict[str, Any], version: str) -> str:
    places = (edge["stable"], edge["candidate"], edge["previous"])
    known = next((place["colour"] for place in places if place and place["version"] == version), None)
    return known or ("green" if edge["stable"]["colour"] == "blue" else "blue")


def kill(victim: str, running: subprocess.Popen[str], edge: dict[str, Any]) -> None:
    if victim == "controller":
        os.kill(running.pid, signal.SIGKILL)
    elif victim == "guard":
        inside("edge1", "systemctl kill --signal=KILL lifecycle-guard@clinic")
    elif victim == "nginx master":
        inside("edge1", "kill -9 $(cat /run/nginx.pid)")
    elif victim == "edge cut off":
        network("edge1", "add table inet cut")
        network("edge1", "add chain inet cut in { type filter hook input priority 0 ; policy drop ; }")
    else:
        slot = colour_of(edge, CANDIDATE if victim == "candidate JVM" else STABLE)
        inside("app1", f"systemctl kill --signal=KILL tomcat@clinic-{slot}", check=False)


def mend(victim: str, edge: dict[str, Any]) -> None:
    """What an administrator or systemd does afterwards."""
    if victim == "nginx master":
        inside("edge1", "pkill -9 -x nginx; systemctl restart nginx")
    elif victim == "edge cut off":
        network("edge1", "delete table inet cut")
    elif victim == "stable JVM":
        inside("app1", f"systemctl start tomcat@clinic-{colour_of(edge, STABLE)}")
        eventually(lambda: answers("app1", colour_of(edge, STABLE)), 40)


def answers(host: str, slot: str) -> bool:
    port = 8080 if slot == "blue" else 8180
    return inside(host, f"curl -s -o /dev/null -w %{{http_code}} localhost:{port}/health", check=False) == "200"


def served() -> set[str]:
    """The versions that sixty strangers get."""
    found = set()
    for _ in range(60):
        with urllib.request.urlopen(URL + "/", timeout=10) as answer:
            found.add(str(answer.headers["X-App-Version"]))
    return found


def stand_before(clinic: Lifecycle, phase: str) -> None:
    for step in BEFORE[phase]:
        words = COMMANDS["stage"] if step == "start" else ("widen", step)
        clinic.json("release", *words, *ENV)


@pytest.fixture(scope="module")
def matrix(clinic: Lifecycle) -> Iterator[Lifecycle]:
    """What was seen is written into the table; cells that were not run keep what an earlier run saw."""
    yield clinic
    TABLE.write_text(table({**seen_before(), **outcomes}), encoding="utf-8")


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("victim", VICTIMS)
def test_the_record_knows_where_users_are(matrix: Lifecycle, victim: str, phase: str) -> None:
    only_stable(matrix)
    stand_before(matrix, phase)
    edge = live(matrix)["edge"]
    with Load(URL + "/", clients=20, think=0.3, timeout=30, max_seconds=240) as load:
        time.sleep(1)
        running = matrix.start("release", *COMMANDS[phase], *ENV)
        eventually(ansible_processes, 15)
        time.sleep(1.2)
        kill(victim, running, edge)
        if victim == "edge cut off":
            time.sleep(CUT_SECONDS)
            mend(victim, edge)
        running.communicate(timeout=180)
        eventually(lambda: not ansible_processes(), 20)
        if victim != "edge cut off":
            mend(victim, edge)
        status = live(matrix)
        time.sleep(1)
    report = load.report()
    outcomes[(victim, phase)] = said(running.returncode, status, report)
    print(f"\n{victim} / {phase}: {outcomes[(victim, phase)]}")
    print(report.samples[:5])
    assert not status["unconfirmed"], "after the edge was asked, nothing on record is in doubt"
    assert served() <= recorded(status)
    weight, candidate = status["edge"]["weight"], status["edge"]["candidate"]
    if candidate:
        assert (status["release"]["version"], status["release"]["weight"]) == (CANDIDATE, weight)
    else:
        assert status["release"]["state"] in ("promoted", "rolled_back", "aborted", "failed")


def recorded(status: dict[str, Any]) -> set[str]:
    """The versions that the record says somebody may be on."""
    open_one = (
        {status["release"]["version"]} if status["release"]["state"] in ("widening", "held", "promoted") else set()
    )
    return {status["edge"]["stable"]["version"], *open_one}


def said(code: int, status: dict[str, Any], report: Report) -> str:
    ended = "killed" if code < 0 else f"exit {code}"
    release, edge = status["release"], status["edge"]
    share = f" at {edge['weight']} %" if edge["candidate"] else ""
    lost = report.lost + report.refused + report.timed_out
    seen = f"{lost} lost, {report.errors_5xx} errors of {report.requests}"
    return f"{ended}; {release['state'].replace('_', ' ')}{share}; {seen}"


def seen_before() -> dict[tuple[str, str], str]:
    """The cells of the table as it is."""
    lines = TABLE.read_text(encoding="utf-8").splitlines() if TABLE.is_file() else []
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {
        (row[0], phase): cell for row in rows if row[0] in VICTIMS for phase, cell in zip(PHASES, row[1:], strict=True)
    }


def table(cells: dict[tuple[str, str], str]) -> str:
    def row(victim: str) -> str:
        return f"| {victim} | " + " | ".join(cells.get((victim, phase), NOT_RUN) for phase in PHASES) + " |"

    rows = [row(victim) for victim in VICTIMS]
    head = ["| killed | " + " | ".join(PHASES) + " |", "|---" * (len(PHASES) + 1) + "|"]
    return "\n".join([INTRODUCTION, *head, *rows, ""])


INTRODUCTION = f"""# What is killed when, and what comes of it

Written by `tests/bench/lab/test_kill_matrix.py`, on the lab: one edge, two application hosts, 20 clients that keep
their connection and do not retry. A cell says how the command ended, where the release stood once
`lifecycle release status --live` had asked the edge, and what the clients saw. In every cell that was run,
record and edge said the same afterwards, and nobody was on a version the record does not name.
`kill -9` for processes (a JVM on one of two
hosts; systemd starts the guard again, an administrator nginx and the slot); "cut off": the edge drops every packet for
{CUT_SECONDS} s, users included.
"""
