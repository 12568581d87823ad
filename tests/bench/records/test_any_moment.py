"""kill -9 of `lifecycle` at fifty moments of a run, and two of them started in the same second a hundred times.

A quarter of an hour on two cores: pytest -s tests/bench/records/test_any_moment.py.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.integration.conftest import Site, wait_for

KILLS, RACES = 50, 50
ENDED = {"successful", "lost"}
PLAY = """
    - name: Quick
      ansible.builtin.command: "true"
    - name: Slow
      ansible.builtin.command: sleep 0.7
    - name: Say
      ansible.builtin.debug:
        msg: something
"""


def test_killed_at_any_moment_nothing_is_left_and_the_next_run_works(site: Site) -> None:
    play = site.playbook(PLAY)
    started = time.monotonic()
    assert site.run(play).returncode == 0
    length = time.monotonic() - started
    chance = random.Random(50)
    found: Counter[str] = Counter()
    # One in each fiftieth of a run, so that none of its parts is missed.
    for part in range(KILLS):
        known = len(site.history())
        process = site.start("run", play, "-i", "site-lab")
        time.sleep(length * (part + chance.random()) / KILLS)
        process.kill()
        process.communicate()
        wait_for(lambda: not site.at_work(), seconds=10)
        runs = site.history()
        assert {run["status"] for run in runs} <= ENDED, f"kill {part}"
        found["before it was on record" if len(runs) == known else runs[0]["status"]] += 1
        if part % 10 == 9:
            # It takes over the lock and the mark, and sweeps what was left.
            assert site.run(play).returncode == 0, f"after kill {part}"
    assert not list(Path("/dev/shm").glob(f"lifecycle-*{site.root.name}*"))
    print(f"{KILLS} kills within {length:.1f} s: {dict(found)}")
    assert found["lost"] > KILLS / 5


@pytest.mark.parametrize("apart", [False, True], ids=["the same records", "records of their own"])
def test_of_two_that_start_in_the_same_second_exactly_one_runs(site: Site, apart: bool) -> None:
    go = site.root / "go"
    waits = f"mkdir {site.root}/alone && until test -e {go}; do sleep 0.1; done; rmdir {site.root}/alone"
    play = site.playbook(f"- name: At work until the other has been refused\n  ansible.builtin.shell: {waits}")
    said = Counter[str]()
    for race in range(RACES):
        go.unlink(missing_ok=True)
        both = []
        for number in range(2):
            site.env["LIFECYCLE_VAR"] = str(site.root / f"var{number if apart else 0}")
            both.append(site.start("run", play, "-i", "site-lab"))
        wait_for(lambda: any(process.poll() is not None for process in both), seconds=60)  # noqa: B023
        go.touch()
        ended = {process.communicate(timeout=60)[0]: process.returncode for process in both}
        assert sorted(ended.values()) == [0, 1], f"race {race}: {ended}"
        refused = next(output for output, code in ended.items() if code == 1)
        assert "is at work" in refused or "another run is just starting or ending" in refused, refused
        said["by the mark" if "on record with another controller" in refused else "by the lock"] += 1
    print(f"{RACES} races: {dict(said)}")
