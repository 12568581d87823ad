"""How long does `lifecycle --help` take, and how does that compare with `ansible-playbook --version`?

Interleaved runs, wall time of the whole process, medians. Help must come within 0.3 s: a command that is slow to say
what it can do is not asked. Usage: make bench, or python tests/bench/test_startup.py [PAIRS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT_SECONDS = 0.3
PROGRAMS = Path(sys.executable).parent


def wall_seconds(*argv: str) -> float:
    began = time.monotonic()
    subprocess.run([PROGRAMS / argv[0], *argv[1:]], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def measure(pairs: int) -> float:
    """Print the medians and their ratio; return the seconds of `lifecycle --help`."""
    ours, peer = ("lifecycle", "--help"), ("ansible-playbook", "--version")
    wall_seconds(*ours), wall_seconds(*peer)
    found = [(wall_seconds(*ours), wall_seconds(*peer)) for _ in range(pairs)]
    left, right = (statistics.median(side) for side in zip(*found, strict=True))
    print(f"lifecycle --help {left:.3f} s (at most {LIMIT_SECONDS}); ansible-playbook --version {right:.3f} s")
    print(f"ratio {left / right:.2f}")
    return left


def test_help_comes_within_a_third_of_a_second() -> None:
    assert measure(pairs=9) < LIMIT_SECONDS


if __name__ == "__main__":
    sys.exit(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 9) >= LIMIT_SECONDS)
