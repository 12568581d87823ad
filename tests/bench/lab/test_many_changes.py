"""A hundred changes of weight, twenty promotions and twenty roll-backs under a hundred clients that do not retry.

Five to ten minutes on two cores: pytest -s tests/bench/lab/test_many_changes.py, as root.
"""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path

import pytest

from demo.load import Load
from tests.bench.lab.conftest import CANDIDATE, STABLE, inside
from tests.e2e.conftest import ROOT, URL, Lifecycle

pytestmark = pytest.mark.lab
# A file's time goes by the kernel's tick: it may lie that much before the rename.
TICK_SECONDS = 0.02


@pytest.mark.parametrize("think", [0.2, 0.02])
def test_nobody_loses_a_request_whatever_is_changed(two_good_versions: Lifecycle, tmp_path: Path, think: float) -> None:
    result = tmp_path / "changes.json"
    with Load(URL + "/", clients=100, think=think, timeout=60, max_seconds=600, keep_answers=True) as load:
        time.sleep(2)
        changed = two_good_versions.ansible_playbook(
            str(ROOT / "tests/bench/lab/many_changes.yml"), "-e", f"version={CANDIDATE}", "-e", f"result={result}"
        )
        time.sleep(1)
    assert changed.returncode == 0, changed.stdout[-3000:]
    changes = [(what, datetime.fromisoformat(at).timestamp()) for what, at, _ in json.loads(result.read_text())]
    assert all(moved for _, _, moved in json.loads(result.read_text()))
    assert [what for what, _ in changes].count("weigh") == 100
    report = load.report()
    print(f"think {think} s: {report.requests} requests in {report.seconds:.0f} s, {report.lost} lost")
    assert report.requests > 5_000
    # A version that says 503 itself has answered: on a machine that cannot keep up, its database kept it waiting.
    by_versions = sum(version.errors_5xx for version in report.versions.values())
    print(f"{by_versions} answers of the application itself were errors")
    assert (report.lost, report.refused, report.timed_out) == (0, 0, 0), report.samples
    assert report.errors_5xx == by_versions, report.samples
    late = [
        sent
        for sent, answered, version in load.answers
        if version == CANDIDATE and was_taken_back(sent, answered, changes)
    ]
    lent = led_to_the_other_version(changes[0][1])
    print(f"{len(late)} requests sent after a roll-back were answered by {CANDIDATE}; the edge lent it {len(lent)}")
    assert len(late) <= len(lent), f"answered by {CANDIDATE} though {STABLE} did not fail: {late}"
    assert report.versions[CANDIDATE].answers > 1_000


def led_to_the_other_version(since: float) -> list[str]:
    """The edge's own lines of requests that belonged to one version and were answered by the other.

    It does that when the slot of the request's version does not answer it on any host: better the other than an error.
    """
    lines = inside("edge1", "cat /var/log/nginx/gray-clinic.json.log").splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return [
        line["request_id"]
        for line in told
        if float(line["msec"]) >= since and line["answered"] and line["answered"] != line["pool"]
    ]


def was_taken_back(sent: float, answered: float, changes: list[tuple[str, float]]) -> bool:
    """Whether nobody was to get the candidate from before a request was sent until after it was answered.

    The next round's first weight may come while a request is under way; the edge decides when it reads the request.
    """
    before = [(what, at) for what, at in changes if at < answered]
    if not before:
        return True  # staged only: nobody has it
    what, at = before[-1]
    return what == "rollback" and sent > at + TICK_SECONDS
