"""What the edge says it serves: the playbooks' `lifecycle_release`, read with care."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from orchestrator.errors import ReleaseError
from orchestrator.languages import _
from orchestrator.records.entities import ReleaseState

KEY: Final = "lifecycle_release"


@dataclass(frozen=True, slots=True)
class Placement:
    """A version in a slot."""

    colour: str
    version: str


@dataclass(frozen=True, slots=True)
class EdgeTruth:
    """The routing set in force on every edge: who is stable, who is candidate, how many users the candidate has."""

    stable: Placement | None
    candidate: Placement | None
    previous: Placement | None
    weight: int
    set_id: str | None
    flipped_at: str | None
    # Decides in which order buckets enter; chosen for the release and kept with each step.
    seed: str = ""
    # The window after a promotion was closed: the slot of `previous` is stopped.
    closed: bool = False
    # Why a rollback would send users to a version that cannot live with the database; empty when it would not.
    unsafe_back: str = ""
    # While hosts that run one slot at a time change one after another: which of them run which colour, and which are
    # still `waiting` for the stable version.
    hosts: Mapping[str, list[str]] | None = None

    @property
    def waiting(self) -> tuple[str, ...]:
        """The hosts that are still to be brought to the stable version."""
        return waiting_hosts(self.as_data())

    def place_of(self, version: str) -> tuple[ReleaseState, int] | None:
        """State and weight of `version` as the edge sees it; None when it is neither candidate nor stable."""
        if self.candidate and self.candidate.version == version:
            return (ReleaseState.WIDENING, self.weight) if self.weight else (ReleaseState.STAGED, 0)
        if self.stable and self.stable.version == version:
            return ReleaseState.PROMOTED, 100
        return None

    def went_back(self, version: str, before: str | None) -> bool:
        """Whether `before` serves again because `version` was taken back, and not because it was promoted anew."""
        if self.stable is None or self.stable.version != before:
            return False
        return self.previous is None or self.previous.version != version

    def colour_of(self, version: str) -> str | None:
        places = (self.candidate, self.stable, self.previous)
        return next((place.colour for place in places if place and place.version == version), None)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def waiting_hosts(edge: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The hosts that are still to be brought to the stable version; `edge` as `EdgeTruth.as_data` gives it."""
    return tuple(((edge or {}).get("hosts") or {}).get("waiting", ()))


def read(data: Mapping[str, Any]) -> EdgeTruth | None:
    """The edge's answer out of what a playbook told; None when it told nothing, or when the edges do not agree.

    Raises ReleaseError when the answer cannot be understood: guessing who serves the users is not an option.
    """
    told = data.get(KEY)
    if not told or told.get("set_id") is None:
        return None
    try:
        return EdgeTruth(
            stable=_placement(told.get("stable")),
            candidate=_placement(told.get("candidate")),
            previous=_placement(told.get("previous")),
            weight=int(told.get("weight") or 0),
            set_id=told.get("set_id"),
            flipped_at=told.get("flipped_at"),
            seed=str(told.get("seed") or ""),
            closed=bool(told.get("closed")),
            unsafe_back=str(told.get("unsafe_back") or ""),
            hosts=told.get("hosts") or None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReleaseError(
            _("the playbook's %(key)s cannot be understood: %(told)s") % {"key": KEY, "told": repr(told)}
        ) from error


def _placement(told: Mapping[str, Any] | None) -> Placement | None:
    return Placement(colour=str(told["colour"]), version=str(told["version"])) if told else None
