"""Follows a release: watches each step, goes on when it may, holds when a person has to decide, takes back on harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from orchestrator.delivery.policy import Mode, ReleasePolicy, Step
from orchestrator.errors import ExitCode, LockedError, ReleaseError
from orchestrator.languages import _, joined
from orchestrator.records.entities import Release, ReleaseState, ReleaseStep, Status
from orchestrator.release import guard
from orchestrator.release.controller import Controller
from orchestrator.release.edge import waiting_hosts
from orchestrator.release.machine import Action
from orchestrator.release.pace import Advice, Next, advise
from orchestrator.release.situation import Situation, Verdict

# How often the edges are asked while a step soaks. The guard itself looks every second; this only decides on progress.
LOOK_SECONDS: Final = 20.0
# A release that is not looked at for five minutes moves nobody.
PATIENT_LOOKS: Final = 15


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a release under way. `minutes`: how long the present step has lasted."""

    situation: Situation
    word: guard.Word | None
    advice: Advice
    step: Step | None
    minutes: float


class Conductor:
    """Drives one environment's open release. `now` and `sleep` are the world's clock; tests bring their own."""

    def __init__(
        self,
        controller: Controller,
        policy: ReleasePolicy,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._controller = controller
        self._policy = policy
        self._now = now
        self._sleep = sleep

    def look(self, *, renew: bool = False) -> Look:
        """Ask the edges and their guards, bring the record in line, and say what should follow.

        `renew` tells the guards that somebody looks after the release: an abandoned step falls back by itself.
        Raises ReleaseError when no release is on its way.
        """
        try:
            situation, told = self._controller.ask({"renew_lease": True} if renew else None)
        except ReleaseError:
            torn = self._torn()
            if torn is None:
                raise
            return torn
        release = situation.release
        if release is None or not release.state.is_open:
            return Look(situation, None, Advice(Next.WAIT, _("no release is on its way")), None, 0.0)
        word = self._word(told, release)
        step = step_of(self._policy, release.weight)
        minutes = (self._now() - begun(release, situation.steps)).total_seconds() / 60
        if step is None:
            on_stage = Advice(Next.ASK, _("no user has it yet; `lifecycle release approve` begins the first step"))
            advice = on_stage if word is None or word.judgement is not guard.Judgement.HARM else advise(
                self._policy.mode, self._policy.steps[0], word, 0.0, None
            )  # fmt: skip
        else:
            advice = advise(self._policy.mode, step, word, minutes, on_hold(release, situation.steps))
        return Look(situation, word, advice, step, minutes)

    def _word(self, told: Mapping[str, Any], release: Release) -> guard.Word | None:
        word = guard.read(told, self._policy.guard.false_alarm_percent / 100, release.version)
        wanted = "observe" if self._policy.mode is Mode.OBSERVE else "act"
        if word is None or word.mode == wanted:
            return word
        trouble = _("the guards %(told)s, and delivery.yml says %(mode)s: `lifecycle run provision` tells them") % {
            "told": word.mode,
            "mode": self._policy.mode,
        }
        return replace(word, troubles=(*word.troubles, trouble))

    def _torn(self) -> Look | None:
        """One edge's guard took the version back and another edge still has it: then it goes back on all of them."""
        situation = self._controller.status().situation
        release = situation.release
        if release is None or not release.state.is_open:
            return None
        word = self._word(self._controller.hands.told, release)
        if word is None or not word.held:
            return None
        minutes = (self._now() - begun(release, situation.steps)).total_seconds() / 60
        advice = Advice(Next.TAKE_BACK, word.reason)
        return Look(situation, word, advice, step_of(self._policy, release.weight), minutes)

    def follow(self, tell: Callable[[Look], None]) -> Verdict:
        """Go on until the release is promoted, taken back, or a person is needed. Never raises for a bad version."""
        while True:
            look = self._patiently_look()
            release = look.situation.release
            tell(look)
            if release is None or not release.state.is_open:
                return self._settled(_told_as_taken_back(self._controller.status()))
            if look.advice.next is Next.TAKE_BACK:
                return _told_as_taken_back(self._controller.harm(_("the guard: %(why)s") % {"why": look.advice.why}))
            if look.advice.next is Next.ASK and not self._may_begin(release):
                return self._controller.status(
                    said=_("%(version)s waits for a person: %(why)s")
                    % {"version": release.version, "why": look.advice.why}
                )
            if look.advice.next is Next.WAIT:
                self._sleep(LOOK_SECONDS)
                continue
            try:
                moved = self._go_on(release, look.advice.why)
            except ReleaseError as refused:
                return self._controller.status(
                    said=_("%(version)s waits for a person: %(why)s")
                    % {"version": release.version, "why": refused.line()}
                )
            if moved.exit_code or moved.situation.release is None or not moved.situation.release.state.is_open:
                return moved

    def _settled(self, over: Verdict) -> Verdict:
        """The release is over; where hosts run one slot at a time, those that a guard's rollback left behind follow."""
        if not waiting_hosts(over.situation.edge):
            return over
        settled = self._controller.settle(over.said)
        code = over.exit_code if settled.exit_code is ExitCode.DONE else settled.exit_code
        return replace(settled, said=f"{over.said}; {settled.said}", exit_code=code)

    def _patiently_look(self) -> Look:
        """A look that outlasts somebody else's run and a network that is away for a while."""
        for _attempt in range(PATIENT_LOOKS - 1):
            try:
                return self.look(renew=True)
            except (LockedError, ReleaseError):
                self._sleep(LOOK_SECONDS)
        return self.look(renew=True)

    def approve(self, reason: str | None) -> Verdict:
        """A person's yes to the next step. Refused while the guard says harm: then `widen` is the explicit word."""
        look = self.look()
        release = look.situation.release
        if release is None or not release.state.is_open:
            raise ReleaseError(_("no release is on its way"), remedy=_("`lifecycle release start VERSION` begins one"))
        if look.word is not None and look.word.judgement is guard.Judgement.HARM:
            raise ReleaseError(
                _("the guard says harm: %(reason)s") % {"reason": look.word.reason},
                remedy=_("`lifecycle release rollback` takes it back; `widen` goes on against the evidence"),
            )
        return self._go_on(release, reason or _("approved: %(why)s") % {"why": look.advice.why})

    def _go_on(self, release: Release, reason: str) -> Verdict:
        if release.weight >= 100:
            return self._controller.promote(reason)
        return self._controller.widen(reason=reason)

    def _may_begin(self, release: Release) -> bool:
        """In auto mode the first step needs nobody: that nothing was seen of a staged version says nothing."""
        return self._policy.mode == "auto" and release.state is ReleaseState.STAGED


def _told_as_taken_back(verdict: Verdict) -> Verdict:
    """Whoever waits for a release to be followed to its end must see by the exit code that it did not get there."""
    release = verdict.situation.release
    if release is None or release.state is not ReleaseState.ROLLED_BACK or verdict.exit_code is not ExitCode.DONE:
        return verdict
    why = verdict.situation.steps[-1].reason if verdict.situation.steps else None
    taken_back = _("%(version)s was taken back") % {"version": release.version}
    said = verdict.said or (joined(": ", (taken_back, why)) if why else taken_back)
    return replace(verdict, said=said, exit_code=ExitCode.TAKEN_BACK)


def step_of(policy: ReleasePolicy, weight: int) -> Step | None:
    """The step a weight belongs to: the last one reached, or the first one for less; None for a staged version."""
    if weight == 0:
        return None
    reached = [step for step in policy.steps if step.weight <= weight]
    return reached[-1] if reached else policy.steps[0]


def begun(release: Release, steps: tuple[ReleaseStep, ...]) -> datetime:
    """When the present share of users came to be: the first confirmed entry with it after the last other one."""
    moment = release.started_at
    weight: int | None = None
    for step in steps:
        if step.run_id is None or step.status is not Status.SUCCESSFUL:
            continue
        if step.weight != weight:
            weight, moment = step.weight, step.at
    return moment


def on_hold(release: Release, steps: tuple[ReleaseStep, ...]) -> str | None:
    """Why the release is held, or None."""
    if release.state is not ReleaseState.HELD:
        return None
    held = next((step for step in reversed(steps) if step.action == Action.HOLD), None)
    if held is None:
        return _("a step went wrong")
    return joined("", (held.reason or _("no reason given"), f" ({held.operator})"))
