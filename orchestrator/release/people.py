"""What people say of a release under way: hold it, go on, how it is for them; and where one of them goes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from orchestrator.errors import ReleaseError
from orchestrator.languages import _
from orchestrator.records.entities import Evidence, Release, ReleaseState, Status, now
from orchestrator.release.controller import Controller
from orchestrator.release.machine import Action, after, spoken
from orchestrator.release.situation import Verdict

FEEDBACK: Final = "feedback"
BAD: Final = "bad"
WHO: Final = "lifecycle_who"


class EvidenceStore(Protocol):
    """What feedback needs of the records."""

    def add_evidence(self, evidence: Evidence) -> Evidence: ...
    def list_evidence(self, release_id: int) -> list[Evidence]: ...


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a user goes and why, in the edge's own words."""

    user: str
    colour: str
    version: str
    by: str
    bucket: str
    why: str


class People:
    """The voices of operator, pilots and client."""

    def __init__(self, controller: Controller, evidence: EvidenceStore, operator: str, bad_feedback: int) -> None:
        self._controller = controller
        self._evidence = evidence
        self._operator = operator
        self._bad_feedback = bad_feedback

    def hold(self, reason: str | None) -> Verdict:
        """Nothing goes on until `resume`. Users stay where they are, and the guard goes on watching."""
        release = self._controller.present()
        if release.state is ReleaseState.HELD:
            raise ReleaseError(
                _("%(version)s is %(state)s already")
                % {"version": release.version, "state": spoken(release.state, release.weight)},
                remedy=_("`resume` goes on"),
            )
        state = after(release.version, release.state, release.weight, Action.HOLD)
        self._note(release, Action.HOLD, state, reason)
        return self._controller.status(
            said=_("%(version)s is held; users stay where they are") % {"version": release.version}
        )

    def resume(self, reason: str | None) -> None:
        """Lift a hold. Nothing to do when there is none: following a release again is always allowed."""
        release = self._controller.present()
        if release.state is not ReleaseState.HELD:
            return
        state = after(release.version, release.state, release.weight, Action.RESUME)
        self._note(release, Action.RESUME, state if release.weight else ReleaseState.STAGED, reason)

    def feedback(self, who: str, verdict: str, words: str) -> Verdict:
        """Keep what `who` says of the version; enough that is bad holds it, without moving anybody."""
        release = self._controller.journal.open()
        if release is None:
            raise ReleaseError(_("no release is on its way"), remedy=_("feedback belongs to a release under way"))
        steps = self._controller.journal.steps(release)
        if not steps:
            raise ReleaseError(
                _("the start of %(version)s was cut off before anything was done") % {"version": release.version},
                remedy=_("`lifecycle release status --live` settles the record"),
            )
        step = steps[-1]
        said = f"{who}: {words}" if words else who
        self._evidence.add_evidence(Evidence(0, step.id, FEEDBACK, verdict, said, now()))
        bad = [one for one in self._evidence.list_evidence(release.id) if one.kind == FEEDBACK and one.verdict == BAD]
        if verdict == BAD and len(bad) >= self._bad_feedback and release.state is not ReleaseState.HELD:
            return self.hold(_("%(count)s bad verdicts, the last by %(said)s") % {"count": len(bad), "said": said})
        return self._controller.status(
            said=_("kept: %(verdict)s, %(said)s (%(count)s of %(enough)s bad verdicts)")
            % {"verdict": verdict, "said": said, "count": len(bad), "enough": self._bad_feedback}
        )

    def who(self, user: str, department: str) -> Whereabouts:
        """Where `user` goes, asked of the edge. Raises ReleaseError when nothing is released."""
        _situation, told = self._controller.ask({"who": user, "department": department})
        way: Mapping[str, Any] = told.get(WHO) or {}
        if not way:
            raise ReleaseError(
                _("%(user)s goes nowhere yet: nothing is released") % {"user": user},
                remedy=_("`lifecycle release start VERSION`"),
            )
        known = {field.name for field in dataclasses.fields(Whereabouts)} - {"user"}
        return Whereabouts(user=user, **{name: str(way[name]) for name in known})

    def retry(self, reason: str | None) -> Verdict:
        """Start the newest version again that never got well or was given up. A void one needs `start --again`."""
        newest = self._controller.journal.all()[:1]
        if not newest or newest[0].state not in (ReleaseState.FAILED, ReleaseState.ABORTED):
            where = spoken(newest[0].state, newest[0].weight) if newest else _("not there")
            raise ReleaseError(
                _("there is nothing to try again: the newest release is %(state)s") % {"state": where},
                remedy=_("retry is for one that failed to start or was aborted"),
            )
        return self._controller.start(newest[0].version, reason=reason)

    def _note(self, release: Release, action: Action, state: ReleaseState, reason: str | None) -> None:
        self._controller.journal.came_to(release, action, Status.SUCCESSFUL, state, release.weight, reason=reason)
