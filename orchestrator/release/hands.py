"""Do one thing to a release: write it down, carry it out, believe the edge, write down what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from orchestrator.errors import ExitCode, LifecycleError, LockedError, ReleaseError, UsageError
from orchestrator.languages import _
from orchestrator.records.entities import Release, ReleaseState, ReleaseStep, Status
from orchestrator.release import edge, guard
from orchestrator.release.edge import EdgeTruth
from orchestrator.release.journal import Journal
from orchestrator.release.machine import Action, after
from orchestrator.release.situation import CarryOut, Failure, Outcome, why

RELEASE: Final = "release"
ROLLBACK: Final = "rollback"
CLOSE: Final = "release_close"
SETTLE: Final = "release_settle"
ASK: Final = "release_status"
GUARD: Final = "guard"
# What a playbook tells when it refuses before it changes anything: why, in one sentence, and how it can be had.
REFUSED: Final = "lifecycle_refused"
# Hosts that do not run the version well, told by a step that was taken all the same.
NOT_WELL: Final = "lifecycle_not_well"
REMEDIES: Final[Mapping[str, str]] = {
    "cold": _("`lifecycle release rollback --start-slot` does that"),
    "window": _("`lifecycle release close --now` closes it at once"),
    "capacity": _("mend these hosts and ask again, or `lifecycle release rollback`"),
    "turns": _("`lifecycle release start` brings it in"),
    "candidate": _("`lifecycle release status` says where it is"),
    "database": _(
        "take it out and change that database by its own means, or name postgresql in lifecycle_servers if it runs"
    ),
}


@dataclass(frozen=True, slots=True)
class Done:
    """What one action came to. `truth` is the edge's own word, when it was heard."""

    release: Release
    outcome: Outcome
    truth: EdgeTruth | None

    @property
    def succeeded(self) -> bool:
        return self.outcome.status is Status.SUCCESSFUL and self.truth is not None


class Hands:
    """Carries single actions out. Which action follows which is the controller's business."""

    def __init__(self, journal: Journal, carry_out: CarryOut) -> None:
        self._journal = journal
        self._carry_out = carry_out
        self.run_ids: list[int] = []
        self.failures: list[Failure] = []
        self.notices: list[str] = []
        # Everything the edges told when they were asked last: their guards' word and where a user goes as well.
        self.told: Mapping[str, Any] = {}

    def stage(self, release: Release, variables: Mapping[str, Any]) -> Done:
        """Bring the version into the idle slot. The very first one is promoted at once: there is nobody to protect."""
        done = self._carry(release, Action.STAGE, RELEASE, {**variables, "weight": 0}, 0, release.reason)
        place = done.truth.place_of(release.version) if done.truth else None
        if done.succeeded and place:
            return self._confirm(done, Action.STAGE, *place)
        if place:
            # The run failed somewhere, but the edge already has the candidate: it is there, and somebody should look.
            state = ReleaseState.HELD if place[0].is_open else place[0]
            return self._confirm(done, Action.HOLD, state, place[1], self._bad(done))
        return self._confirm(done, Action.FAIL, ReleaseState.FAILED, 0, self._bad(done))

    def widen(self, release: Release, variables: Mapping[str, Any], weight: int, reason: str | None) -> Done:
        """Send `weight` percent of the users to the candidate."""
        after(release.version, release.state, release.weight, Action.WIDEN)
        done = self._carry(release, Action.WIDEN, RELEASE, {**variables, "weight": weight}, weight, reason)
        return self._settle_forward(done, Action.WIDEN)

    def promote(self, release: Release, variables: Mapping[str, Any], reason: str | None) -> Done:
        """Make the candidate the stable version."""
        after(release.version, release.state, release.weight, Action.PROMOTE)
        done = self._carry(release, Action.PROMOTE, RELEASE, {**variables, "promote": True}, 100, reason)
        return self._settle_forward(done, Action.PROMOTE)

    def take_back(
        self, release: Release, action: Action, reason: str | None, variables: Mapping[str, Any] | None = None
    ) -> Done:
        """All users to the version they had before. `action` is ROLL_BACK or ABORT."""
        wanted = after(release.version, release.state, release.weight, action)
        # Named, so that an edge which does not have this version any more has nothing to do.
        given = {"take_back": release.version, **(variables or {})}
        done = self._carry(release, action, ROLLBACK, given, 0, reason)
        if done.outcome.status is Status.FAILED:
            done = replace(done, truth=self.heard())
        place = done.truth.place_of(release.version) if done.truth else None
        if done.truth and place is None:
            return self._confirm(done, action, wanted, 0)
        state, weight = place or (release.state, release.weight)
        if state.is_open:
            state = ReleaseState.HELD
        return self._confirm(done, action, state, weight, self._bad(done))

    def close(self, release: Release, reason: str | None, variables: Mapping[str, Any]) -> Done:
        """End the window after the promotion: the slot of the version before is stopped."""
        state = after(release.version, release.state, release.weight, Action.CLOSE)
        done = self._carry(release, Action.CLOSE, CLOSE, variables, release.weight, reason)
        status = Status.SUCCESSFUL if done.succeeded else self._bad(done)
        return self._confirm(done, Action.CLOSE, state, release.weight, status)

    def settle(self, release: Release, reason: str | None) -> Done:
        """Bring the hosts to the stable version that do not run it yet. Moves nobody between versions."""
        state = after(release.version, release.state, release.weight, Action.SETTLE)
        done = self._carry(release, Action.SETTLE, SETTLE, {}, release.weight, reason)
        if done.outcome.status is Status.FAILED:
            done = replace(done, truth=self.heard())
        status = Status.SUCCESSFUL if done.succeeded and not (done.truth and done.truth.waiting) else self._bad(done)
        return self._confirm(done, Action.SETTLE, state, release.weight, status)

    def ask(self, variables: Mapping[str, Any] | None = None) -> EdgeTruth:
        """Ask the edge what it serves. Changes nothing but, when `variables` say so, the guard's lease."""
        outcome = self._carry_out(ASK, variables or {})
        self.run_ids.append(outcome.run_id)
        self.told = outcome.data
        truth = edge.read(outcome.data) if outcome.status is Status.SUCCESSFUL else None
        if truth is None:
            error = ReleaseError(
                _("the edge cannot be asked what it serves (%(why)s)")
                % {"why": why(outcome.failures) or _("it gave no answer")},
                remedy=_("`lifecycle show %(run)s` has the details") % {"run": outcome.run_id},
            )
            error.exit_code = outcome.exit_code if outcome.exit_code is not ExitCode.DONE else ExitCode.HOST_FAILED
            raise error
        return truth

    def heard(self) -> EdgeTruth | None:
        """The edge's word if it can be had: what failed may have failed after the users were moved, or before."""
        try:
            return self.ask()
        except LifecycleError:
            return None

    def reconcile(self, release: Release, truth: EdgeTruth) -> Release:
        """Bring a record nobody is sure of in line with the edge, which is always right."""
        place = truth.place_of(release.version)
        if place is None:
            state, why = self._gone(release, truth), _("the edge does not have it any more")
            if state is ReleaseState.ROLLED_BACK:
                why = guard.taken_back(self.told, release.version) or why
            weight = release.weight if state is release.state else 0
        else:
            (state, weight), why = place, _("the edge has it at %(weight)s %%") % {"weight": place[1]}
        self.notices.append(
            _("the record of %(version)s was not certain; %(why)s") % {"version": release.version, "why": why}
        )
        after = self._journal.came_to(
            release, Action.RECONCILE, Status.SUCCESSFUL, state, weight, truth=truth, reason=why
        )
        if state is ReleaseState.ROLLED_BACK:
            for edge_name, known in guard.evidence(self.told, release.version).items():
                self._journal.keep_evidence(after, GUARD, "HARM", f"{edge_name}: {known['reason']}", json.dumps(known))
        return after

    def _gone(self, release: Release, truth: EdgeTruth) -> ReleaseState:
        last = self._journal.unconfirmed(release)
        if last and last.action in (Action.STAGE, Action.FAIL):
            return ReleaseState.FAILED
        if release.state is ReleaseState.PROMOTED and not truth.went_back(release.version, release.previous):
            return release.state
        if last and last.action == Action.SETTLE:
            return release.state
        # Another version serves: somebody, or the edge itself, took this one back. Nothing serves: the site is new.
        taken_back = truth.stable is not None and not (last and last.action == Action.ABORT)
        return ReleaseState.ROLLED_BACK if taken_back else ReleaseState.ABORTED

    def _carry(
        self,
        release: Release,
        action: Action,
        phase: str,
        variables: Mapping[str, Any],
        weight: int,
        reason: str | None,
    ) -> Done:
        intent = self._journal.intend(release, action, weight, reason)
        try:
            outcome = self._carry_out(phase, variables)
        except (LockedError, UsageError) as error:
            # Whatever else goes wrong leaves the intent open: nobody knows.
            self._refused(release, intent, error)
            raise
        self.run_ids.append(outcome.run_id)
        told = outcome.data.get(REFUSED) if outcome.status is Status.FAILED else None
        if told:
            refusal = ReleaseError(str(told["what"]), remedy=REMEDIES.get(told["because"], ""))
            self._refused(release, intent, refusal)
            raise refusal
        self.failures.extend(outcome.failures)
        self.notices.extend(notice for notice in outcome.notices if notice not in self.notices)
        not_well = outcome.data.get(NOT_WELL) or {}
        self.notices.extend(
            _("%(host)s does not count, %(why)s") % {"host": host, "why": why} for host, why in not_well.items()
        )
        # An edge that was not reached may serve something else than the others say.
        partial = outcome.status is Status.UNREACHABLE or any(failure.unreachable for failure in outcome.failures)
        return Done(release, outcome, None if partial else edge.read(outcome.data))

    def _refused(self, release: Release, intent: ReleaseStep, why: LifecycleError) -> None:
        """Write down that it was refused before any host was changed; a version that was to be staged is over then."""
        self._journal.not_run(release, intent, why.line())
        if intent.action == Action.STAGE:
            self._journal.came_to(release, Action.FAIL, Status.SUCCESSFUL, ReleaseState.FAILED, 0)

    def _settle_forward(self, done: Done, action: Action) -> Done:
        """After a widening or a promotion: where the edge says the version is, or held when that is not known."""
        release, place = done.release, done.truth.place_of(done.release.version) if done.truth else None
        if done.succeeded and place:
            return self._confirm(done, action, *place)
        if done.succeeded:
            self.notices.append(
                _("the edge does not have %(version)s any more: somebody took it back") % {"version": release.version}
            )
            return self._confirm(done, action, ReleaseState.ROLLED_BACK, 0)
        weight = place[1] if place else release.weight
        return self._confirm(done, Action.HOLD, ReleaseState.HELD, weight, self._bad(done))

    def _bad(self, done: Done) -> Status:
        """The run's own status, or failed when it ended well but not where it should have."""
        return Status.FAILED if done.outcome.status is Status.SUCCESSFUL else done.outcome.status

    def _confirm(
        self, done: Done, action: Action, state: ReleaseState, weight: int, status: Status = Status.SUCCESSFUL
    ) -> Done:
        reason = str(why(done.outcome.failures)) or None
        release = self._journal.came_to(
            done.release, action, status, state, weight, truth=done.truth, run_id=done.outcome.run_id, reason=reason
        )
        return Done(release, done.outcome, done.truth)
