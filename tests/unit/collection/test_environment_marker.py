"""Of two who take the mark in the same moment, one gets it."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

from ansible_collections.impl.lifecycle.plugins.action import environment_marker as marker


def test_of_two_in_the_same_moment_one_gets_it_a_hundred_times(tmp_path: Path) -> None:
    for number in range(100):
        path = tmp_path / f"{number}" / "site.json"
        scripts = [
            marker.TAKE.format(
                directory=shlex.quote(str(path.parent)),
                path=shlex.quote(str(path)),
                text=shlex.quote(json.dumps({"owner": owner})),
            )
            for owner in ("a", "b")
        ]
        both = [subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, text=True) for script in scripts]
        answers = [process.communicate()[0].strip() for process in both]
        assert answers.count("taken") == 1, answers
        assert json.loads(path.read_text())["owner"] == "ab"[answers.index("taken")]


def test_a_directory_that_cannot_be_made_is_no_mark_of_another() -> None:
    script = marker.TAKE.format(directory="/proc/nowhere", path="/proc/nowhere/x", text="x")
    assert subprocess.run(["/bin/sh", "-c", script], stderr=subprocess.DEVNULL).returncode == 3


def test_a_refusal_tells_what_is_known_and_no_more() -> None:
    whole = marker._refusal({"operator": "ann", "since": "noon", "what": "run x", "pid": 7, "host": "desk"}, "/m")
    assert whole.startswith("ann is at work here since noon: run x, process 7 on desk, ")
    assert marker._refusal({}, "/m").startswith("somebody is at work here, ")
    assert marker._holder("half a li") == {"owner": "", "operator": "somebody"}
    assert marker._holder("") == {}
