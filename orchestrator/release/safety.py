"""Whether the way back is safe, by what the edge said last. The edge has the last word and refuses by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.errors import ReleaseError
from orchestrator.languages import _

WAY_OUT = _("--accept-unsafe REASON does it all the same and is kept on record; a newer version is the safe way on")


def unsafe_back(told: Mapping[str, Any] | None, version: str) -> str:
    """Why taking `version` back would send users to a version that cannot live with the database; empty when not.

    `told` is the edge's word; it says nothing of a version it does not have.
    """
    if told is None:
        return ""
    here = {(told.get(place) or {}).get("version") for place in ("candidate", "stable")}
    return str(told.get("unsafe_back") or "") if version in here else ""


def refuse_unsafe(told: Mapping[str, Any] | None, version: str, accept_unsafe: str | None) -> None:
    """Raise ReleaseError when `version` is not to be taken back, and nobody said why it should be all the same."""
    why = unsafe_back(told, version)
    if why and not accept_unsafe:
        raise ReleaseError(
            _("%(version)s is not taken back: %(why)s") % {"version": version, "why": why}, remedy=WAY_OUT
        )


def accepted(accept_unsafe: str | None) -> dict[str, Any]:
    """The variables for the playbooks."""
    return {"accept_unsafe": accept_unsafe} if accept_unsafe else {}


def on_record(reason: str | None, accept_unsafe: str | None) -> str | None:
    """The reason as it goes on record."""
    if not accept_unsafe:
        return reason
    return (
        _("%(reason)s; unsafe, accepted: %(accepted)s") % {"reason": reason, "accepted": accept_unsafe}
        if reason
        else _("unsafe, accepted: %(accepted)s") % {"accepted": accept_unsafe}
    )
