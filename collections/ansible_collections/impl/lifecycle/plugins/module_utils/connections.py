# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is still connected to a port of this host, by the kernel's own tables."""

from __future__ import annotations

import time
from typing import Callable, Iterable, Tuple

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
ESTABLISHED = "01"


def count(lines: Iterable[str], port: int) -> int:
    """Established connections to the local `port` in the lines of /proc/net/tcp (proc(5): hexadecimal address:port)."""
    wanted = f"{port:04X}"
    found = 0
    for line in lines:
        fields = line.split()
        if len(fields) > 3 and fields[3] == ESTABLISHED and fields[1].rpartition(":")[2] == wanted:
            found += 1
    return found


def established(port: int) -> int:
    """How many connections to `port` are open now."""
    total = 0
    for table in TABLES:
        try:
            with open(table, encoding="ascii") as lines:
                total += count(lines, port)
        except FileNotFoundError:  # a host without IPv6
            continue
    return total


def drain(
    port: int, seconds: float, look: Callable[[int], int] = established, every: float = 0.25
) -> Tuple[int, int, float]:
    """Wait until nobody is connected to `port`, `seconds` at most: (connected at first, still connected, waited)."""
    began = time.monotonic()
    first = left = look(port)
    while left and time.monotonic() - began < seconds:
        time.sleep(every)
        left = look(port)
    return first, left, time.monotonic() - began
