"""Bring the record in line with the edge. People may run the playbooks by hand: what the edge serves is true."""

from __future__ import annotations

from orchestrator.records.entities import Release, ReleaseState
from orchestrator.release.edge import EdgeTruth
from orchestrator.release.hands import Hands
from orchestrator.release.journal import Journal


def align(journal: Journal, hands: Hands, truth: EdgeTruth) -> None:
    """Settle what the record is not sure of, correct what it has wrong, and take in what it has never heard of."""
    for release in (journal.promoted(), journal.open() or journal.newest()):
        if release and differs(journal, release, truth):
            hands.reconcile(release, truth)
    promoted, present = journal.promoted(), journal.open()
    if truth.stable and (promoted is None or promoted.version != truth.stable.version):
        _take_in(journal, hands, truth.stable.version, truth)
    if truth.candidate and (present is None or present.version != truth.candidate.version):
        _take_in(journal, hands, truth.candidate.version, truth)


def differs(journal: Journal, release: Release, truth: EdgeTruth) -> bool:
    """Whether the edge contradicts the record of this release, or the record is not sure itself."""
    place = truth.place_of(release.version)
    if journal.unconfirmed(release):
        return True
    if release.state is ReleaseState.HELD:
        # At 100 % the weight alone does not tell a candidate that is held from one that was promoted by hand.
        return place is None or not place[0].is_open or place[1] != release.weight
    if release.state is ReleaseState.PROMOTED and place is None:
        # Superseded is no contradiction; only the version before it serving again is.
        return truth.went_back(release.version, release.previous)
    if release.state is ReleaseState.PROMOTED or release.state.is_open:
        return place != (release.state, release.weight)
    return False


def _take_in(journal: Journal, hands: Hands, version: str, truth: EdgeTruth) -> None:
    previous = truth.previous.version if truth.previous else None
    release = journal.create(version, None, "found on the edge, released by other means", previous)
    hands.reconcile(release, truth)
