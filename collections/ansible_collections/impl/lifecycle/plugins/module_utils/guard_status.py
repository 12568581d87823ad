# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the guard says about itself, as plain data: status.json, the module guard_status and the evidence it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional

from ansible_collections.impl.lifecycle.plugins.module_utils import routing_hold
from ansible_collections.impl.lifecycle.plugins.module_utils.counts import Arm
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_count import CANDIDATE, STABLE
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_watch import Watch

if TYPE_CHECKING:
    from ansible_collections.impl.lifecycle.plugins.module_utils.guard import Guard

SCHEMA = 1
# A guard that has not spoken for so long does not guard.
SILENT_SECONDS = 15.0


def status(guard: Guard) -> Dict[str, Any]:
    """How things stand. Times are wall-clock epoch seconds, durations of answers seconds."""
    watch = guard.watch
    offset = guard.clock.wall() - guard.clock.now()
    return {
        "schema": SCHEMA,
        "application": guard.settings.application,
        "at": guard.clock.wall(),
        "mode": "act" if guard.settings.acts else "observe",
        "stable": watch.stable,
        "candidate": watch.candidate,
        "opinion": _opinion(watch),
        "step": {"stable": _side(watch, STABLE), "candidate": _side(watch, CANDIDATE)},
        "window": _window(watch, offset),
        "held": _held(guard),
        "lease": {"until": guard.lease_until + offset} if guard.settings.lease_minutes and watch.candidate else None,
        "taken_back": guard.taken_back,
        "troubles": _troubles(guard),
    }


def _opinion(watch: Watch) -> Optional[Dict[str, Any]]:
    if watch.judge is None:
        return None
    opinion = watch.judge.opinion()
    return {
        "verdict": opinion.verdict,
        "metric": opinion.metric,
        "reason": opinion.reason,
        "harm_odds": dict(opinion.harm_odds),
        "ok_odds": dict(opinion.ok_odds),
        "excluded": opinion.excluded,
        "stable": _arm(opinion.stable),
        "candidate": _arm(opinion.candidate),
    }


def _arm(arm: Arm) -> Dict[str, Any]:
    return {"requests": arm.requests, "failed": arm.failed, "slow": list(arm.slow)}


def _side(watch: Watch, side: int) -> Dict[str, Any]:
    step = watch.counter.step
    p50, p95, p99 = step.took[side].quantiles(0.5, 0.95, 0.99) or (0.0, 0.0, 0.0)
    return {
        "requests": step.requests[side],
        "failed": step.failed[side],
        "failovers": step.failovers[side],
        "users": len(step.users[side]),
        "p50": p50,
        "p95": p95,
        "p99": p99,
    }


def _window(watch: Watch, offset: float) -> Optional[Dict[str, Any]]:
    window = watch.window
    if window is None:
        return None
    seen = {"requests": window.requests, "failed": window.failed, "harm_odds": window.odds}
    return {"version": window.version, "previous": window.previous, "until": window.until + offset, **seen}


def _held(guard: Guard) -> Dict[str, Any]:
    """Version -> why this edge holds it back."""
    try:
        kept = routing_hold.read(guard.settings.root)
    except ValueError:
        kept = {}
    return {held.version: {"reason": held.reason, "at": held.at} for held in kept.values()}


def _troubles(guard: Guard) -> Dict[str, str]:
    found = dict(guard.troubles)
    if guard.watch.note:
        found["policy"] = guard.watch.note
    if guard.tail.gaps:
        found["gaps"] = f"lines were lost {guard.tail.gaps} times: {guard.tail.last_gap}"
    if guard.garbage:
        found["garbage"] = f"{guard.garbage} lines of the log could not be understood"
    if guard.watch.counter.events_beyond:
        found["bound"] = "more users with events than are told apart; the rest count as one"
    return found
