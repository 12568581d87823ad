"""The release commands: what is checked, in which order things are done, and when a version is taken back unasked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.delivery import Environment, load_manifest
from orchestrator.errors import ExitCode, ReleaseError
from orchestrator.languages import Phrase, _
from orchestrator.records.entities import Release, ReleaseState, Status, now
from orchestrator.release import checks, window
from orchestrator.release.alignment import align
from orchestrator.release.edge import EdgeTruth, waiting_hosts
from orchestrator.release.hands import Done, Hands
from orchestrator.release.journal import Journal, ReleaseStore
from orchestrator.release.machine import Action, after, commands, may, spoken
from orchestrator.release.plan import StepPlan
from orchestrator.release.promoted import promoted_to_close, promoted_with_a_way_back
from orchestrator.release.safety import accepted, on_record, refuse_unsafe, unsafe_back
from orchestrator.release.situation import CarryOut, Situation, Verdict


class Controller:
    """One application's releases in one environment."""

    def __init__(self, environment: Environment, store: ReleaseStore, carry_out: CarryOut, operator: str) -> None:
        self._environment = environment
        self._application = environment.delivery.application.name
        self._policy = environment.delivery.release
        self._plan = StepPlan(tuple(step.weight for step in self._policy.steps))
        self._in_turn = environment.delivery.application.slots_at_once == 1
        self.journal = Journal(store, environment.name, self._application, operator)
        self.hands = Hands(self.journal, carry_out)

    def start(
        self,
        version: str,
        *,
        weight: int | None = None,
        again: bool = False,
        reason: str | None = None,
        accept_unsafe: str | None = None,
    ) -> Verdict:
        """Stage `version`, and send it `weight` percent of the users when asked to."""
        manifest = load_manifest(self._environment, version)
        checks.right_artifact(self._environment, manifest)
        self.hands.notices.extend(checks.worth_knowing(self._environment, manifest))
        if weight is not None:
            self._plan.target(0, weight)
        self._refuse_a_second(version)
        self._refuse_void(version, again, reason)
        release = self.journal.create(version, manifest.artifact.sha256, on_record(reason, accept_unsafe))
        done = self.hands.stage(release, {**self._to_start(version, again), **accepted(accept_unsafe)})
        if not done.succeeded or done.release.state is ReleaseState.FAILED:
            return self._verdict(_("%(version)s could not be staged; %(state)s"), done, failed=True)
        if done.release.state is ReleaseState.PROMOTED:
            return self._verdict(_("%(version)s is the first version and serves all users"), done)
        if weight is None:
            return self._verdict(_("%(version)s is staged; no user has it yet"), done)
        return self._widen(done.release, weight, reason)

    def widen(self, weight: int | None = None, reason: str | None = None) -> Verdict:
        """Send `weight` percent of the users, or the next step's, to the candidate."""
        release = self.present()
        after(release.version, release.state, release.weight, Action.WIDEN)
        return self._widen(release, self._plan.target(release.weight, weight), reason)

    def promote(self, reason: str | None = None) -> Verdict:
        """Make the candidate the stable version."""
        release = self.present()
        after(release.version, release.state, release.weight, Action.PROMOTE)
        checks.same_artifact(self._environment, release)
        done = self.hands.promote(release, self._variables(release.version), reason)
        if done.succeeded and done.release.state is ReleaseState.PROMOTED:
            return self._verdict(_("%(version)s is the stable version"), done)
        return self._after_failure(done)

    def abort(self, reason: str | None = None, *, accept_unsafe: str | None = None) -> Verdict:
        """Give the release up without a judgement on its version: users back, candidate stopped."""
        release = self.present()
        refuse_unsafe(self.journal.last_truth(), release.version, accept_unsafe)
        given = {"stop_candidate": True, **accepted(accept_unsafe)}
        done = self.hands.take_back(release, Action.ABORT, on_record(reason, accept_unsafe), given)
        if done.release.state is ReleaseState.ABORTED:
            said = _("%(version)s is aborted%(serving)s; it may be started again")
            return self._verdict(said, done, failed=done.outcome.status is not Status.SUCCESSFUL)
        return self._not_taken_back(done)

    def rollback(
        self,
        reason: str | None = None,
        *,
        stop_candidate: bool = False,
        start_slot: bool = False,
        accept_unsafe: str | None = None,
    ) -> Verdict:
        """All users to the version they had before, and this one is void.

        `start_slot`: where the slot of the version before is stopped, start it first; refused without.
        """
        release = self._to_roll_back()
        if self._in_turn:
            checks.refuse_to_start_before(release, self.journal.last_truth())
        refuse_unsafe(self.journal.last_truth(), release.version, accept_unsafe)
        wanted = {"stop_candidate": stop_candidate, "start_previous": start_slot}
        given = {**{name: True for name, value in wanted.items() if value}, **accepted(accept_unsafe)}
        done = self.hands.take_back(release, Action.ROLL_BACK, on_record(reason, accept_unsafe), given)
        if done.release.state is ReleaseState.ROLLED_BACK:
            said = _("%(version)s is rolled back%(serving)s")
            return self._verdict(said, done, failed=done.outcome.status is not Status.SUCCESSFUL)
        return self._not_taken_back(done)

    def close(self, reason: str | None = None, *, at_once: bool = False, contract: bool = False) -> Verdict:
        """Stop the slot of the version before, when its window is over. Going back starts it again from then on.

        `contract`: then take out of the database what only older versions need; nobody goes back after that.
        """
        release = promoted_to_close(self.journal, self._policy.window_minutes, now(), at_once=at_once)
        given = {"close_now": True} if at_once else {}
        if contract:
            given |= {**self._variables(release.version), "contract": True}
        done = self.hands.close(release, reason, given)
        if not done.succeeded:
            said = _("the window of %(version)s could not be closed everywhere; `lifecycle release close` again")
            return self._verdict(said, done, failed=True)
        if not contract and checks.has_contract(self._environment, release.version):
            self.hands.notices.append(
                _("database.contract of %(version)s was not run: `lifecycle release close --contract` runs it")
                % {"version": release.version}
            )
        return self._verdict(_("the window of %(version)s is closed"), done)

    def settle(self, reason: str | None = None) -> Verdict:
        """Where hosts run one slot at a time: bring those to the stable version that do not run it yet."""
        release = self._to_settle()
        done = self.hands.settle(release, reason)
        stable = done.truth.stable.version if done.truth and done.truth.stable else _("the stable version")
        if not done.succeeded or (done.truth and done.truth.waiting):
            said = _("not every host runs %(stable)s yet; `lifecycle release settle` goes on with it")
            return self._verdict(said, done, failed=True, stable=stable)
        return self._verdict(_("every host runs %(stable)s"), done, stable=stable)

    def harm(self, reason: str) -> Verdict:
        """Take the present release back because it does harm; hold it where going back would do more."""
        release = self.journal.open()
        why = unsafe_back(self.journal.last_truth(), release.version) if release else ""
        if release is None or not why:
            return self.rollback(reason)
        words = _("%(reason)s; not taken back: %(why)s") % {"reason": reason, "why": why}
        self.journal.came_to(release, Action.HOLD, Status.SUCCESSFUL, ReleaseState.HELD, release.weight, reason=words)
        return Verdict(
            _("%(version)s is held, and NOT taken back: %(why)s") % {"version": release.version, "why": why},
            self._situation(),
            exit_code=ExitCode.REFUSED,
        )

    def status(self, *, live: bool = False, said: str = "") -> Verdict:
        """How the newest release stands: by the record, or by the edge's own word when `live`."""
        situation = self.ask()[0] if live else self._situation()
        return Verdict(said, situation, notices=tuple(self.hands.notices))

    def ask(self, variables: Mapping[str, Any] | None = None) -> tuple[Situation, Mapping[str, Any]]:
        """How things stand by the edges' own word, the record brought in line with it, and all else they told."""
        truth = self.hands.ask(variables)
        align(self.journal, self.hands, truth)
        return self._situation(truth), self.hands.told

    def _widen(self, release: Release, weight: int, reason: str | None) -> Verdict:
        checks.same_artifact(self._environment, release)
        done = self.hands.widen(release, self._variables(release.version), weight, reason)
        if done.succeeded and done.release.state.is_open:
            return self._verdict(_("%(version)s has %(weight)s %% of the users"), done)
        return self._after_failure(done)

    def _after_failure(self, done: Done) -> Verdict:
        """A step that went wrong: users may be on a version that is not well, so they go back without being asked."""
        release, status = done.release, done.outcome.status
        if not release.state.is_open and release.state is not ReleaseState.PROMOTED:
            return self._verdict(_("%(version)s was taken back meanwhile"), done, failed=True)
        if status is Status.UNREACHABLE:
            # Not the candidate's fault, and what cannot be reached cannot be taken back either: a person decides.
            return self._verdict(_("%(version)s is %(state)s: hosts cannot be reached"), done, failed=True)
        if status is not Status.FAILED and status is not Status.SUCCESSFUL:
            return self._verdict(_("%(version)s is %(state)s: the step was interrupted"), done, failed=True)
        if release.weight == 0 and self._nobody_has(release.version, done.truth or self.hands.heard()):
            return self._verdict(_("the step failed; %(version)s is held and no user has it"), done, failed=True)
        if why := unsafe_back(self.journal.last_truth(), release.version):
            said = _("the step failed; %(version)s is held, and NOT taken back: %(why)s")
            return self._verdict(said, done, failed=True, why=why)
        because = done.outcome.failures[0].message if done.outcome.failures else _("the edge gave no answer")
        back = self.hands.take_back(release, Action.ROLL_BACK, _("a step failed: %(why)s") % {"why": because})
        if back.release.state is not ReleaseState.ROLLED_BACK:
            return self._not_taken_back(back)
        said = _("the step failed, and %(version)s was taken back%(serving)s")
        return self._verdict(said, back, exit_code=ExitCode.TAKEN_BACK)

    def _nobody_has(self, version: str, truth: EdgeTruth | None) -> bool:
        """Whether all edges say that no user is on `version`. Asked only when the record knows of none either."""
        place = truth.place_of(version) if truth else None
        return place is not None and place[1] == 0

    def _not_taken_back(self, done: Done) -> Verdict:
        if done.truth and done.truth.unsafe_back:
            said = _("%(version)s is held, and NOT taken back: %(why)s")
            return self._verdict(said, done, failed=True, why=done.truth.unsafe_back)
        said = _("%(version)s could NOT be taken back everywhere; users may still be on it")
        self.hands.notices.append(_("mend or cut off the hosts named above, then `lifecycle release rollback` again"))
        return self._verdict(said, done, failed=True)

    def present(self) -> Release:
        """The open release, its record certain. Raises ReleaseError when there is none."""
        release = self.journal.open()
        if release and self.journal.unconfirmed(release):
            release = self.hands.reconcile(release, self.hands.ask())
        if release is None:
            raise ReleaseError(_("no release is on its way"), remedy=_("`lifecycle release start VERSION` begins one"))
        if not release.state.is_open:
            where = spoken(release.state, release.weight)
            raise ReleaseError(
                _("%(version)s is %(state)s, as the edge says") % {"version": release.version, "state": where},
                remedy=may(release.state, release.weight),
            )
        return release

    def _to_roll_back(self) -> Release:
        """The release to take back. The edge is not asked first: users may be waiting on a bad version.

        Only after a start that was killed it is: no user has that version, and nobody knows whether the edge does.
        """
        release = self.journal.open() or promoted_with_a_way_back(self.journal)
        last = self.journal.unconfirmed(release)
        if last and last.action == Action.STAGE:
            release = self.hands.reconcile(release, self.hands.ask())
        after(release.version, release.state, release.weight, Action.ROLL_BACK)
        return release

    def _to_settle(self) -> Release:
        """The release that something was done to last. Raises ReleaseError when every host runs the stable version."""
        situation = self.ask()[0]
        release = self.journal.newest()
        if release is None or not waiting_hosts(situation.edge):
            raise ReleaseError(
                _("no host is waiting for the stable version"), remedy=_("`lifecycle release status` says where it is")
            )
        return release

    def _refuse_a_second(self, version: str) -> None:
        """One release at a time, and none of what already serves. The edge is asked before anything is refused."""
        present = self.journal.open() or self.journal.newest()
        if present is None:
            return
        uncertain = present.state.is_open or self.journal.unconfirmed(present)
        if not uncertain and not self._serves(version):
            return
        truth = self.hands.ask()
        align(self.journal, self.hands, truth)
        present = self.journal.open()
        if present:
            raise ReleaseError(
                _("%(version)s is %(state)s") % {"version": present.version, "state": self._spoken(present)},
                remedy=may(present.state, present.weight),
            )
        if truth.stable and truth.stable.version == version:
            raise ReleaseError(_("%(version)s is the stable version already") % {"version": version})

    def _refuse_void(self, version: str, again: bool, reason: str | None) -> None:
        void = [r for r in self.journal.all() if r.version == version and r.state is ReleaseState.ROLLED_BACK]
        if again and not reason:
            raise ReleaseError(_("--again needs --reason: it goes on record"))
        if void and not again:
            what = _("%(version)s was rolled back before and is void") % {"version": version}
            if void[0].ended_at:
                when = f"{void[0].ended_at:%Y-%m-%d %H:%M} UTC"
                what = _("%(version)s was rolled back %(when)s and is void") % {"version": version, "when": when}
            raise ReleaseError(
                what,
                remedy=_("give the mended software a new version, or use --again --reason TEXT"),
            )

    def _serves(self, version: str) -> bool:
        stable = (self.journal.last_truth() or {}).get("stable") or {}
        return stable.get("version") == version

    def _variables(self, version: str) -> Mapping[str, Any]:
        return {"candidate": version, "release_manifest": str(self._environment.manifest_path(version))}

    def _to_start(self, version: str, again: bool) -> Mapping[str, Any]:
        """`again` also lets go of a version that the edges' guards hold back."""
        return {**self._variables(version), **({"again": True} if again else {})}

    def _spoken(self, release: Release) -> str:
        return spoken(release.state, release.weight)

    def _serving(self, truth: EdgeTruth | None) -> str:
        return _("; all users have %(version)s") % {"version": truth.stable.version} if truth and truth.stable else ""

    def _situation(self, truth: EdgeTruth | None = None) -> Situation:
        release = self.journal.open() or self.journal.newest()
        edge = truth.as_data() if truth else self.journal.last_truth()
        promoted = release is not None and release.state is ReleaseState.PROMOTED
        pointless = window.pointless(edge, promoted=promoted, in_turn=self._in_turn)
        return Situation(
            environment=self._environment.name,
            application=self._application,
            plan=self._plan,
            release=release,
            steps=tuple(self.journal.steps(release)) if release else (),
            unconfirmed=self.journal.unconfirmed(release) if release else None,
            edge=edge,
            commands=commands(release.state, release.weight, pointless) if release else (),
            live=truth is not None,
            window_until=window.end(edge, self._policy.window_minutes),
            in_turn=self._in_turn,
        )

    def _verdict(
        self, said: Phrase, done: Done, *, failed: bool = False, exit_code: ExitCode = ExitCode.DONE, **values: str
    ) -> Verdict:
        """`said`, with what it may name of the release as it is now, and with `values`."""
        release = done.release
        about = {"version": release.version, "weight": release.weight, "state": self._spoken(release)}
        if failed:
            bad = done.outcome.exit_code
            exit_code = bad if bad is not ExitCode.DONE else ExitCode.HOST_FAILED
        hands = self.hands
        return Verdict(
            said=said % {**about, "serving": self._serving(done.truth), **values},
            situation=self._situation(),
            exit_code=exit_code,
            failures=tuple(hands.failures),
            notices=tuple(hands.notices),
            run_ids=tuple(hands.run_ids),
        )
