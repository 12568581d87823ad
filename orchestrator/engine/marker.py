"""The mark on one host of the environment: controllers that keep their records apart see each other by it.

Those that share records see each other there, and have one mark between them: what one left, another takes over.

It is taken and given back within the ansible-playbook of the first and the last phase, so that it costs one command
each. The lock in the records is held around it: what is there of the same records was left by a dead process and is
taken over.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.engine.processes import mark_of
from orchestrator.engine.request import RunRequest
from orchestrator.engine.workspace import workspace
from orchestrator.languages import _
from orchestrator.paths import state_dir
from orchestrator.phases import Phase
from orchestrator.records.entities import Actor, Status, now
from orchestrator.records.liveness import this_actor

if TYPE_CHECKING:
    from orchestrator.delivery import Environment

TAKE, RELEASE = "impl.lifecycle.marker_take", "impl.lifecycle.marker_release"
# Makes the callback keep the mark's own plays out of the record.
ASIDE = {"LIFECYCLE_ASIDE": "1"}
# After these nobody knows whether the hosts are idle: the mark stays, and others are told.
KEPT = (Status.CANCELED_UNCLEAN, Status.INCOMPLETE)


class Marker:
    """The mark of one run."""

    def __init__(
        self, request: RunRequest, phases: Sequence[Phase], actor: Actor, run_id: int, records: str | None = None
    ) -> None:
        self._request, self._actor = request, actor
        urgent = any(phase.urgent for phase in phases)
        self._wanted = not request.check and not urgent and any(phase.changes_hosts for phase in phases)
        self._count = len(phases)
        self._about = about(actor, f"run {' '.join(phase.name for phase in phases)}", run_id, records)

    def request(self, request: RunRequest) -> RunRequest:
        """With what the mark says."""
        if not self._wanted:
            return request
        return replace(request, extra_vars={**request.extra_vars, "lifecycle_marker": self._about})

    def around(self, playbook: str, number: int) -> list[str]:
        """The playbooks to run for phase `number`, counted from 0."""
        before = [TAKE] if self._wanted and number == 0 else []
        after = [RELEASE] if self._wanted and number == self._count - 1 else []
        return [*before, playbook, *after]

    def give_back(self, statuses: Sequence[Status]) -> None:
        """After the last phase that ran: what was not given back within it. What is not ours stays."""
        through = len(statuses) == self._count and statuses[-1] is Status.SUCCESSFUL
        if self._wanted and statuses and not through and statuses[-1] not in KEPT:
            release(self._request, self._actor, self._about)


def about(actor: Actor, what: str, run_id: int | None = None, records: str | None = None) -> dict[str, Any]:
    """What others are told, and who we are. `records`: which ones several controllers share; None: they are our own."""
    since = now().strftime("%Y-%m-%d %H:%M:%S UTC")
    told = {"operator": actor.operator, "host": actor.host, "pid": actor.pid, "since": since, "what": what}
    return {**told, "run": run_id, "owner": records or f"{_identity()}@{actor.host}"}


def release(request: RunRequest, actor: Actor, said: Mapping[str, Any]) -> dict[str, Any]:
    """Take the mark away by an ansible-playbook of its own; what it told, empty when it did not get so far."""
    from orchestrator.engine import runner

    told: dict[str, Any] = {}

    def take(line: bytes) -> None:
        with suppress(ValueError):
            event = json.loads(line)
            if event["event"] == "playbook_on_stats":
                told.update((event["event_data"].get("artifact_data") or {}).get("lifecycle_marker", {}))

    plain = replace(request, extra_vars={**request.extra_vars, "lifecycle_marker": dict(said)}, check=False)
    with workspace(actor) as place:
        argv = runner.arguments(replace(plain, tags=(), skip_tags=(), limit=None), place, RELEASE)
        runner.play(place, argv, mark_of(actor), take, lambda _event: False, lambda: False, {})
    return told


def take_away(
    environment: Environment, reach: Mapping[str, Any], *, force: bool, records: str | None = None
) -> dict[str, Any]:
    """Remove the mark of these records, or with `force` whoever's; says anchor, holder, released and why `unasked`."""
    actor = this_actor()
    request = RunRequest(environment=environment, phases=(), **reach)
    told = release(request, actor, {**about(actor, "lock release", records=records), "force": force})
    released = bool(told.get("changed"))
    unasked = str(told.get("unmarked", "")) if told else _("ansible could not ask")
    found = {"anchor": told.get("anchor", ""), "holder": told.get("holder", {}), "released": released}
    return {**found, "unasked": unasked}


def _identity() -> str:
    """Which records these are, among all that work on the same environment."""
    path = state_dir() / "controller-id"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(uuid.uuid4().hex)
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii").strip()
