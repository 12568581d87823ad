"""Every event comes through the pipe, whole and in order, whatever becomes of who writes them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from orchestrator.engine.channel import channel

WRITES = """
import sys
with open(sys.argv[1], "w") as pipe:
    for number in range(int(sys.argv[2])):
        print(number, "x" * int(sys.argv[3]), file=pipe, flush=True)
    print("begun", end="", file=pipe, flush=True)
    if sys.argv[4:]:
        import signal
        signal.pause()
"""


def test_all_lines_in_order_long_ones_as_well_and_the_pipe_is_private(tmp_path: Path) -> None:
    lines: list[bytes] = []
    path = tmp_path / "channel"
    with channel(path, lines.append):
        assert path.stat().st_mode & 0o777 == 0o600
        for length in (3, 300_000):
            subprocess.run([sys.executable, "-c", WRITES, path, "20", str(length)], check=True)
    # The second writer's first line goes on where the first one stopped.
    assert len(lines) == 41
    assert lines[:20] == [b"%d xxx" % number for number in range(20)]
    assert lines[20].startswith(b"begun0 x")
    assert [len(line) for line in lines[21:40]] == [len(b"%d " % number) + 300_000 for number in range(1, 20)]


def test_what_a_killed_writer_had_written_is_there_its_last_line_cut(tmp_path: Path) -> None:
    lines: list[bytes] = []
    path = tmp_path / "channel"
    with channel(path, lines.append):
        writer = subprocess.Popen([sys.executable, "-c", WRITES, path, "3", "1", "waits"])
        deadline = time.monotonic() + 20
        while len(lines) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        # A killed one's children may still have the pipe: that must not be waited for.
        child = os.open(path, os.O_WRONLY)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    os.close(child)
    assert lines == [b"0 x", b"1 x", b"2 x", b"begun"]


def test_nobody_ever_writes(tmp_path: Path) -> None:
    lines: list[bytes] = []
    with channel(tmp_path / "channel", lines.append):
        pass
    assert lines == []
