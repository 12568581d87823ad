# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One line of the gray edge's access log as the guard reads it. No file is touched here.

The format is the `log_format` of role gray_edge. What is no such line is None: the guard counts it and goes on.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.impl.lifecycle.plugins.module_utils.layout import COLOURS

# nginx: the client closed its connection before there was an answer. Nobody's failure, unless the user waited so long
# that leaving was the only way out: a slot that hangs shows itself in the log by nothing else.
LEFT = "499"
GAVE_UP_SECONDS = 10.0

# Names come from outside; what is longer than this was not made by the edge's own patterns for anybody's use.
LONGEST_ROUTE = 120
LONGEST_LINE = 64 * 1024


class Entry(NamedTuple):
    """One request that was sent (or should have been sent) to a slot."""

    at: float  # when it ended, epoch seconds
    began: float  # when nginx chose its slot
    colour: str  # the slot that was chosen, whoever answered in the end
    user: int  # eight digits that stand for the user
    bucket: int
    route: str
    failed: bool  # the chosen slot failed it
    failover: bool  # ... and another one answered in its place, or was asked because the chosen one counts as dead
    seconds: Optional[float]  # what the chosen slot took, None when it was never asked
    answered: bool  # `seconds` says how long an answer takes; a failure or a user who left would bend that


# The log_format of role gray_edge, field by field; a test holds the two together.
FIELDS = (
    "time", "msec", "request_id", "pool", "by", "set", "bucket", "user", "method", "route", "path", "status", "bytes",
    "seconds", "answered", "completed", "upstream_addr", "upstream_status", "upstream_connect", "upstream_seconds",
)  # fmt: skip
# Nearly every line is one slot's answer, written just so. One pattern takes it apart at half the price of its JSON, and
# the guard shares its processor with nginx. What the pattern does not know is read as JSON; both say the same.
_ORDINARY = {
    "msec": r"([1-9][0-9]{0,11}\.[0-9]{1,6})",
    "pool": "(blue|green)",
    "bucket": "([0-9]{2})",
    "user": "([0-9]{8})",
    "route": r'([^"\\\x00-\x1f\x7f-\xff]{0,%d})' % LONGEST_ROUTE,
    "seconds": r"([0-9]{1,9}\.[0-9]{1,6})",
    "upstream_addr": r'[^",\\\x00-\x20]*:([0-9]+)',
    "upstream_status": "([0-9]{3})",
    "upstream_seconds": r"([0-9]{1,9}\.[0-9]{1,6})",
}
_ANYTHING = r'[^"\\\x00-\x1f]*'
_ORDINARY_LINE = re.compile(
    ("{" + ",".join(f'"{name}":"{_ORDINARY.get(name, _ANYTHING)}"' for name in FIELDS) + "}").encode()
)


def parse(line: bytes, ports: Optional[Mapping[str, str]] = None) -> Optional[Entry]:
    """The entry in `line`, or None for anything that tells nothing about a slot.

    `ports` says which colour listens on a port (as text). With it a slot that nginx passed over, because it counts it
    as dead, is seen also when several servers of the other colour were tried.
    """
    if len(line) > LONGEST_LINE:
        return None
    ordinary = _ORDINARY_LINE.fullmatch(line) if ports else None
    if ordinary is not None and ports is not None:
        ended, pool, bucket, user, named, lasted, port, first, took = ordinary.groups()
        colour = pool.decode()
        if ports.get(port.decode(), colour) == colour:
            at, failed, route = float(ended), first.startswith(b"5"), named.decode()
            began = at - float(lasted)
            return Entry(at, began, colour, int(user), int(bucket), route, failed, False, float(took), not failed)
    return read(line, ports)


def read(line: bytes, ports: Optional[Mapping[str, str]] = None) -> Optional[Entry]:
    """The same as `parse`, of any line, by its JSON."""
    try:
        # nginx passes bytes of the path on as they came; they need not be UTF-8.
        return _entry(json.loads(line.decode("utf-8", "replace")), ports or {})
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def is_line(line: bytes) -> bool:
    """Whether `line` is one of the gray log at all: requests the edge answers itself are, and need no entry."""
    try:
        data = json.loads(line.decode("utf-8", "replace"))
        return isinstance(data, dict) and "pool" in data and "upstream_status" in data
    except (ValueError, RecursionError):
        return False


def _entry(data: Mapping[str, Any], ports: Mapping[str, str]) -> Optional[Entry]:
    colour, status = data["pool"], data["upstream_status"]
    if colour not in COLOURS or not status:
        return None  # answered by the edge itself: no slot was asked
    at, took, user, bucket = float(data["msec"]), float(data["seconds"]), data["user"], data["bucket"]
    # json reads NaN and Infinity, which no clock says and no sum survives.
    if not (math.isfinite(at) and math.isfinite(took) and at > 0 and took >= 0):
        return None
    if not (user.isdigit() and len(user) == 8 and bucket.isdigit() and len(bucket) == 2):
        return None
    seconds = _first_seconds(data["upstream_seconds"])
    first, several = _first(status)
    passed_over = _asked(data, ports, several) not in ("", colour)
    failed = passed_over or _is_failure(first, data["status"], seconds)
    failover = passed_over or (failed and several and data["status"][:1] != "5")
    seconds = None if passed_over else seconds
    answered = seconds is not None and not failed and first != "-"
    route = data["route"][:LONGEST_ROUTE]
    return Entry(at, at - took, colour, int(user), int(bucket), route, failed, failover, seconds, answered)


def _first(listed: str) -> Tuple[str, bool]:
    """The first server's value in "502, 200" (after an internal redirect "502 : 200"), and whether there are more."""
    cut = listed.find(",")
    colon = listed.find(" :")
    if colon >= 0 and (cut < 0 or colon < cut):
        cut = colon
    return (listed, False) if cut < 0 else (listed[:cut].strip(), True)


def _first_seconds(listed: str) -> Optional[float]:
    text = _first(listed)[0]
    if text in ("", "-"):
        return None
    seconds = float(text)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _asked(data: Mapping[str, Any], ports: Mapping[str, str], several: bool) -> str:
    """The colour of the first server that was asked; empty when that cannot be told."""
    if ports:
        return ports.get(_first(data["upstream_addr"])[0].rpartition(":")[2], "")
    return "" if several else str(data["answered"])


def _is_failure(first: str, status: str, seconds: Optional[float]) -> bool:
    """Whether the chosen slot failed: 5xx (502 refused, 504 too late), or no status at all while the user was there."""
    if first.startswith("5") and len(first) == 3:
        return True
    if first != "-":
        return False
    return status != LEFT or (seconds or 0.0) >= GAVE_UP_SECONDS
