"""When a step is over: what the mode, the exposure, the evidence and a person's hold come to together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.delivery.policy import Mode, Step
from orchestrator.release.guard import Judgement, Side, Word
from orchestrator.release.pace import Next, advise

STEP = Step(weight=10, soak_minutes=10, requests=200, users=5, longest_minutes=60)


def word(judgement: Judgement = Judgement.OK, requests: int = 500, users: int = 20, failed: int = 0) -> Word:
    candidate = Side(requests=requests, users=users, failed=failed)
    return Word(judgement, "because", {"failed": 1.0}, {"failed": 900.0}, Side(), candidate, {}, "act")


@pytest.mark.parametrize(
    ("mode", "said", "minutes", "hold", "following"),
    [
        (Mode.AUTO, word(), 11, None, Next.GO_ON),
        (Mode.GATED, word(), 11, None, Next.ASK),
        (Mode.OBSERVE, word(), 11, None, Next.ASK),
        (Mode.AUTO, word(), 9, None, Next.WAIT),
        (Mode.AUTO, word(requests=199), 11, None, Next.WAIT),
        (Mode.AUTO, word(users=4), 11, None, Next.WAIT),
        (Mode.AUTO, word(requests=199), 61, None, Next.ASK),
        (Mode.AUTO, word(Judgement.INCONCLUSIVE), 11, None, Next.WAIT),
        (Mode.AUTO, word(Judgement.INCONCLUSIVE), 61, None, Next.ASK),
        (Mode.AUTO, word(), 11, "lunch", Next.WAIT),
        (Mode.AUTO, word(Judgement.HARM), 0, None, Next.TAKE_BACK),
        (Mode.GATED, word(Judgement.HARM), 0, "lunch", Next.TAKE_BACK),
        (Mode.OBSERVE, word(Judgement.HARM), 0, None, Next.ASK),
        (Mode.AUTO, None, 11, None, Next.ASK),
        (Mode.AUTO, None, 9, None, Next.WAIT),
    ],
)
def test_what_follows(mode: Mode, said: Word | None, minutes: float, hold: str | None, following: Next) -> None:
    assert advise(mode, STEP, said, minutes, hold).next is following


@given(
    st.sampled_from(list(Mode)), st.sampled_from(list(Judgement)), st.integers(0, 1000), st.integers(0, 100),
    st.floats(0, 1000), st.one_of(st.none(), st.just("lunch")),
)  # fmt: skip
def test_nothing_goes_on_by_itself_but_good_evidence_with_enough_exposure_in_auto_mode(
    mode: Mode, judgement: Judgement, requests: int, users: int, minutes: float, hold: str | None
) -> None:
    said = word(judgement, requests, users)
    if advise(mode, STEP, said, minutes, hold).next is Next.GO_ON:
        assert (mode, judgement, hold) == (Mode.AUTO, Judgement.OK, None)
        assert requests >= 200
        assert users >= 5
        assert minutes >= 10


def test_a_person_is_told_what_is_missing_and_what_would_settle_it() -> None:
    assert "150 of 200 requests" in advise(Mode.AUTO, STEP, word(requests=150), 11, None).why
    asked = advise(Mode.AUTO, STEP, word(Judgement.INCONCLUSIVE, failed=10), 60, None).why
    assert "about 120 min more at this pace would settle it" in asked
    unseen = advise(Mode.AUTO, STEP, word(Judgement.INCONCLUSIVE, requests=300), 60, None).why
    assert "without a failure in 300 requests a rate above 1.00% is excluded" in unseen
