"""What may be done to a release in which state: one table, and the sentence for what may not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from orchestrator.errors import ReleaseError
from orchestrator.languages import Phrase, _
from orchestrator.records.entities import ReleaseState


class Action(StrEnum):
    """What is done to a release. The values are stored with its steps."""

    STAGE = "stage"
    WIDEN = "widen"
    HOLD = "hold"
    RESUME = "resume"
    PROMOTE = "promote"
    ABORT = "abort"
    ROLL_BACK = "roll_back"
    CLOSE = "close"
    SETTLE = "settle"
    FAIL = "fail"
    RECONCILE = "reconcile"


S = ReleaseState

# From a state, by an action, to a state. What is not here is refused.
TRANSITIONS: Mapping[ReleaseState, Mapping[Action, ReleaseState]] = {
    S.STAGED: {
        Action.WIDEN: S.WIDENING,
        Action.HOLD: S.HELD,
        Action.ABORT: S.ABORTED,
        Action.ROLL_BACK: S.ROLLED_BACK,
        Action.FAIL: S.FAILED,
    },
    S.WIDENING: {
        Action.WIDEN: S.WIDENING,
        Action.HOLD: S.HELD,
        Action.PROMOTE: S.PROMOTED,
        Action.ABORT: S.ABORTED,
        Action.ROLL_BACK: S.ROLLED_BACK,
    },
    S.HELD: {
        Action.WIDEN: S.WIDENING,
        Action.RESUME: S.WIDENING,
        Action.PROMOTE: S.PROMOTED,
        Action.ABORT: S.ABORTED,
        Action.ROLL_BACK: S.ROLLED_BACK,
    },
    S.PROMOTED: {Action.ROLL_BACK: S.ROLLED_BACK, Action.CLOSE: S.PROMOTED, Action.SETTLE: S.PROMOTED},
    S.ROLLED_BACK: {Action.SETTLE: S.ROLLED_BACK},
    S.ABORTED: {Action.SETTLE: S.ABORTED},
    S.FAILED: {Action.SETTLE: S.FAILED},
}

# What a person types for an action; fail and reconcile are not for typing.
COMMANDS: Mapping[Action, str] = {
    Action.WIDEN: "widen",
    Action.PROMOTE: "promote",
    Action.HOLD: "hold",
    Action.RESUME: "resume",
    Action.ABORT: "abort",
    Action.ROLL_BACK: "rollback",
    Action.CLOSE: "close",
    Action.SETTLE: "settle",
}


def commands(state: ReleaseState, weight: int, pointless: Collection[Action] = ()) -> tuple[str, ...]:
    """The commands that may follow, in the order a release takes them; none that would find nothing to do."""
    allowed = [action for action in COMMANDS if action in TRANSITIONS[state] and action not in pointless]
    if weight >= 100:
        allowed = [action for action in allowed if action is not Action.WIDEN]
    elif state is not S.PROMOTED:
        allowed = [action for action in allowed if action is not Action.PROMOTE]
    return tuple(COMMANDS[action] for action in allowed)


def after(version: str, state: ReleaseState, weight: int, action: Action) -> ReleaseState:
    """The state that `action` leads to. Raises ReleaseError when it is not allowed now."""
    following = TRANSITIONS[state].get(action)
    verb = COMMANDS.get(action, action.value)
    if following is None:
        raise ReleaseError(
            _("%(version)s is %(state)s: no %(verb)s now")
            % {"version": version, "state": spoken(state, weight), "verb": verb},
            remedy=may(state, weight),
        )
    if action is Action.PROMOTE and weight < 100:
        # Promotion must not be the moment in which most users meet the version for the first time.
        raise ReleaseError(
            _("%(version)s is %(state)s: it is promoted when all users have it")
            % {"version": version, "state": spoken(state, weight)},
            remedy=_("`lifecycle release widen 100` first"),
        )
    return following


def may(state: ReleaseState, weight: int) -> str:
    """What may be done now, as a sentence."""
    allowed = commands(state, weight, {Action.SETTLE})
    return (
        _("what may be done: %(allowed)s") % {"allowed": ", ".join(allowed)}
        if allowed
        else _("start a version with `lifecycle release start VERSION`")
    )


def spoken(state: ReleaseState, weight: int) -> Phrase:
    """The state as a person says it."""
    if state is S.WIDENING:
        return _("with %(weight)s %% of the users") % {"weight": weight}
    if state is S.HELD:
        return _("held at %(weight)s %%") % {"weight": weight}
    return _(state.value.replace("_", " "))
