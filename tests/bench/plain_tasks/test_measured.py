"""What measured.py says is what a command and all it started have used, what went on in the background included."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MEASURED = Path(__file__).with_name("measured.py")
# Two processes use half a second each; the second belongs to nobody when the first has ended, as an ssh master does.
BURN = "import time\nwhile time.process_time() < 0.5: pass\n{}"
ORPHAN = BURN.format("time.sleep(600)")
COMMAND = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {ORPHAN!r}], start_new_session=True)\n"


def measured(directory: Path, *command: str) -> dict[str, float]:
    result = directory / "result.json"
    subprocess.run([sys.executable, MEASURED, result, *command], check=True, timeout=60)
    told: dict[str, float] = json.loads(result.read_text())
    return told


def test_the_cpu_of_what_goes_on_in_the_background_is_counted(tmp_path: Path) -> None:
    code = COMMAND + BURN.format("time.sleep(2)")
    told = measured(tmp_path, sys.executable, "-c", code)
    assert told["cpu"] > 0.95
    assert told["wall"] < 30, "what goes on in the background is ended"


def test_a_command_that_waits_has_used_nothing(tmp_path: Path) -> None:
    told = measured(tmp_path, "sleep", "1")
    assert told["cpu"] < 0.3
    assert told["wall"] >= 1
