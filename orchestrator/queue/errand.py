"""One job in a process of its own, started by a worker: the same road as `lifecycle run`.

A process each, because a run takes signals, marks what it starts with its process, and must end when its worker is
killed: the kernel kills it then, and what it started ends as it does after every killed `lifecycle`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.delivery import load_environment
from orchestrator.engine import RunRequest, Submission, carry_out
from orchestrator.errors import KeptError, LifecycleError, LockedError
from orchestrator.languages import packed
from orchestrator.phases import plan, refuse_steps_of_others
from orchestrator.queue.orders import Order
from orchestrator.records import open_store


def main() -> None:
    """Read the job from standard input, carry it out, and write what came of it to standard output, as JSON."""
    told = json.load(sys.stdin)
    if os.getppid() != told["parent"]:
        # The worker died before the kernel was asked to tell us.
        sys.exit(1)
    said = carry(Order.of(told["order"]), told)
    # The worker tells it to a person, in the language that the worker speaks.
    json.dump({name: packed(value) for name, value in said.items()}, sys.stdout)


def carry(order: Order, told: Mapping[str, Any]) -> dict[str, Any]:
    """What came of the order: a run with its status, `busy` when others have the environment, or why it was refused."""
    if Path(order.directory).is_dir():
        os.chdir(order.directory)
    try:
        # What the clock submits nobody has looked at before.
        refuse_steps_of_others(plan(order.phases, ()).phases)
        request = request_of(order, Submission(told["job"], order.operator, told["worker"], tuple(told["earlier"])))
        outcome = carry_out(request, open_store())
    except KeptError as error:
        return {"refused": error.line()}
    except LockedError as error:
        return {"busy": error.line()}
    except LifecycleError as error:
        return {"refused": error.line()}
    return {"run": outcome.run_id, "status": outcome.status, "changed": outcome.changed, "notices": outcome.notices}


def request_of(order: Order, submission: Submission | None = None) -> RunRequest:
    """The order as a request for a run.

    The environment is the directory that was submitted, or, on a controller that does not have it, the one of its name.
    Raises what loading it raises.
    """
    place = order.path if Path(order.path).is_dir() else order.environment
    environment = load_environment(place)
    return RunRequest(environment=environment, phases=order.phases, submission=submission, **order.options)


if __name__ == "__main__":
    main()
