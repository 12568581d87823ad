"""Lines as the gray edge writes them, for tests of the guard."""

from __future__ import annotations

import json
from typing import Any

PORTS = {"8080": "blue", "8180": "green"}


def line(
    at: float = 1_700_000_000.0,
    colour: str = "blue",
    status: str = "200",
    seconds: str = "0.010",
    user: int = 1,
    route: str = "/orders/",
    **changed: Any,
) -> bytes:
    """One line of the log, without its line end. `status` and `seconds` are the slot's (may be lists)."""
    port = {"blue": "8080", "green": "8180"}.get(colour, "1")
    last = status.rpartition(", ")[2]
    data = {
        "time": "2023-11-14T22:13:20+00:00",
        "msec": f"{at:.3f}",
        "request_id": "f" * 32,
        "pool": colour,
        "by": "bucket",
        "set": "current",
        "bucket": f"{user % 100:02d}",
        "user": f"{user:08d}",
        "method": "GET",
        "route": route,
        "path": route + "4711",
        "status": last if last.isdigit() else "499",
        "bytes": "12",
        "seconds": seconds.rpartition(", ")[2] if seconds not in ("", "-") else "0.000",
        "answered": colour,
        "completed": "OK",
        "upstream_addr": f"10.0.0.1:{port}",
        "upstream_status": status,
        "upstream_connect": "0.000",
        "upstream_seconds": seconds,
    }
    data.update({name.rstrip("_"): value for name, value in changed.items()})  # user_: the field, not the number
    return json.dumps(data, separators=(",", ":")).encode()


def lines(*many: bytes) -> bytes:
    return b"".join(one + b"\n" for one in many)
