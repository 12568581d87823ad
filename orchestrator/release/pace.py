"""When a step is over, and who says so. Pure: what was seen in, what should follow out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.delivery.policy import Mode, Step
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
                Next.ASK, f"the guard would take it back: {word.reason}; the mode is observe, a person decides"
            )
        return Advice(Next.TAKE_BACK, word.reason)
    if on_hold is not None:
        return Advice(Next.WAIT, f"on hold: {on_hold}")
    missing = _missing(step, word, minutes)
    if missing:
        return _until_longest(step, minutes, f"not enough seen yet: {', '.join(missing)}", word)
    if word is not None and word.silent:
        return Advice(Next.ASK, f"the time is over and {word.reason}: a person decides")
    if word is None:
        return Advice(Next.ASK, "the time is over and no guard judges on the edge: a person decides")
    if word.judgement is Judgement.INCONCLUSIVE:
        return _until_longest(step, minutes, f"the evidence does not settle it: {word.reason}", word)
    if mode is Mode.AUTO:
        return Advice(Next.GO_ON, f"good enough: {word.reason}")
    return Advice(Next.ASK, f"good enough: {word.reason}; `lifecycle release approve` goes on")


def _missing(step: Step, word: Word | None, minutes: float) -> list[str]:
    """What of the step's least exposure has not been reached."""
    missing = []
    if minutes < step.soak_minutes:
        missing.append(f"{step.soak_minutes - minutes:.0f} of {step.soak_minutes:g} min to go")
    if word is not None and word.requests < step.requests:
        missing.append(f"{word.requests} of {step.requests} requests")
    if word is not None and word.users < step.users:
        missing.append(f"{word.users} of {step.users} users")
    return missing


def _until_longest(step: Step, minutes: float, why: str, word: Word | None) -> Advice:
    """Hold until the step's longest time, then ask a person and say what would settle it."""
    left = step.longest_minutes - minutes
    if left > 0:
        return Advice(Next.WAIT, why, left)
    settle = f"; {word.would_settle(minutes)}" if word is not None else ""
    return Advice(Next.ASK, f"{step.longest_minutes:g} min are over and {why}{settle}; a person decides")
