"""An end of a run whose texts from outside try to break out, and settings for one receiver of each format."""

from __future__ import annotations

from typing import Any

import pytest

EVIL = (
    "<!channel> <@all> @all *b* _i_ `c` [x](http://evil) ![p](http://evil/p) "
    '<at user_id="all"></at> & ~s~ # h\nBcc: x@y\r\n'
)


@pytest.fixture
def body() -> dict[str, Any]:
    """What engine.notify.body makes of a run that failed on a host with an evil name."""
    failure = {"host": f"app1{EVIL}", "task": f"Write {EVIL}", "message": f"shared_buffers {EVIL}", "where": "p.yml:3"}
    return {
        "event": "run_ended",
        "run": 7,
        "environment": "client-lab",
        "phases": ["provision"],
        "check": False,
        "operator": f"ann{EVIL}",
        "controller": "ctl1",
        "reason": f"because {EVIL}",
        "status": "failed",
        "changed": False,
        "exit_code": 2,
        "failures": [failure],
        "failures_in_all": 3,
    }
