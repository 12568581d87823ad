"""When a step is over, and who says so. Pure: what was seen in, what should follow out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.delivery.policy import Mode, Step
from orchestrator.languages import Phrase, _, joined
from orchestrator.release.guard import Judgement, Word


class Next(StrEnum):
    """What should follow."""

    WAIT = "wait"
    ASK = "ask"
    GO_ON = "go_on"
    TAKE_BACK = "take_back"


@dataclass(frozen=True, slots=True)
class Advice:
    """What should follow, and the sentence for a person. `minutes_left`: until a person is asked."""

    next: Next
    why: str
    minutes_left: float = 0.0


def advise(mode: Mode, step: Step, word: Word | None, minutes: float, on_hold: str | None) -> Advice:
    """What follows a step that has lasted `minutes`. `word`: the guard's; `on_hold`: why a person holds the release.

    A gate never stops the watching: harm ends a step in every mode but `observe`, also while it waits for a person.
    """
    if word is not None and word.judgement is Judgement.HARM:
        if mode is Mode.OBSERVE:
            return Advice(
                Next.ASK,
                _("the guard would take it back: %(reason)s; the mode is observe, a person decides")
                % {"reason": word.reason},
            )
        return Advice(Next.TAKE_BACK, word.reason)
    if on_hold is not None:
        return Advice(Next.WAIT, _("on hold: %(on_hold)s") % {"on_hold": on_hold})
    missing = _missing(step, word, minutes)
    if missing:
        return _until_longest(
            step, minutes, _("not enough seen yet: %(missing)s") % {"missing": joined(", ", missing)}, word
        )
    if word is not None and word.silent:
        return Advice(Next.ASK, _("the time is over and %(reason)s: a person decides") % {"reason": word.reason})
    if word is None:
        return Advice(Next.ASK, _("the time is over and no guard judges on the edge: a person decides"))
    if word.judgement is Judgement.INCONCLUSIVE:
        return _until_longest(
            step, minutes, _("the evidence does not settle it: %(reason)s") % {"reason": word.reason}, word
        )
    if mode is Mode.AUTO:
        return Advice(Next.GO_ON, _("good enough: %(reason)s") % {"reason": word.reason})
    return Advice(Next.ASK, _("good enough: %(reason)s; `lifecycle release approve` goes on") % {"reason": word.reason})


def _missing(step: Step, word: Word | None, minutes: float) -> list[Phrase]:
    """What of the step's least exposure has not been reached."""
    missing = []
    if minutes < step.soak_minutes:
        missing.append(
            _("%(left)s of %(soak)s min to go")
            % {"left": f"{step.soak_minutes - minutes:.0f}", "soak": f"{step.soak_minutes:g}"}
        )
    if word is not None and word.requests < step.requests:
        missing.append(_("%(seen)s of %(wanted)s requests") % {"seen": word.requests, "wanted": step.requests})
    if word is not None and word.users < step.users:
        missing.append(_("%(seen)s of %(wanted)s users") % {"seen": word.users, "wanted": step.users})
    return missing


def _until_longest(step: Step, minutes: float, why: str, word: Word | None) -> Advice:
    """Hold until the step's longest time, then ask a person and say what would settle it."""
    left = step.longest_minutes - minutes
    if left > 0:
        return Advice(Next.WAIT, why, left)
    over = _("%(minutes)s min are over and %(why)s") % {"minutes": f"{step.longest_minutes:g}", "why": why}
    settle = () if word is None else (word.would_settle(minutes),)
    return Advice(Next.ASK, joined("; ", (over, *settle, _("a person decides"))))
