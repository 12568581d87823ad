"""The window after a promotion: how long the way back is a rename, and what is left of it afterwards. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from orchestrator.release.edge import waiting_hosts
from orchestrator.release.machine import Action


def end(edge: Mapping[str, Any] | None, minutes: float) -> datetime | None:
    """Until when the version before stays warm, by what the edge said; None when nothing is kept warm.

    With a version before in the set, the set in force is the promotion's own: its age is the promotion's.
    """
    told = edge or {}
    if not told.get("previous") or told.get("closed") or not told.get("flipped_at"):
        return None
    return datetime.fromisoformat(told["flipped_at"]) + timedelta(minutes=minutes)


def pointless(edge: Mapping[str, Any] | None, *, promoted: bool, in_turn: bool = False) -> frozenset[Action]:
    """What would find nothing to do: going back to nothing, closing what is closed, settling hosts that are settled.

    `in_turn`: hosts run one slot at a time, so a version whose window is closed cannot be started beside the other one.
    """
    told = edge or {}
    nothing = set() if waiting_hosts(edge) else {Action.SETTLE}
    if promoted and not told.get("previous"):
        nothing |= {Action.ROLL_BACK, Action.CLOSE}
    elif promoted and told.get("closed"):
        nothing |= {Action.CLOSE, Action.ROLL_BACK} if in_turn else {Action.CLOSE}
    return frozenset(nothing)
