"""What several guards say, put together."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.errors import ReleaseError
from orchestrator.release.guard import Judgement, read, spoken_odds

ALPHA = 0.01


def status(verdict: str = "INCONCLUSIVE", harm: float = 1.0, fine: float = 1.0, **more: Any) -> dict[str, Any]:
    opinion = {
        "verdict": verdict,
        "reason": f"it is {verdict}",
        "harm_odds": {"failed": harm},
        "ok_odds": {"failed": fine},
    }
    step = {
        "stable": {"requests": 900, "users": 90, "failed": 1},
        "candidate": {"requests": 100, "users": 10, "failed": 2},
    }
    return {"mode": "act", "opinion": opinion, "step": step, "candidate": "1.1.0", "held": {}, "lease": None, **more}


def judged(**edges: Any) -> Judgement:
    word = read({"lifecycle_guard": edges}, ALPHA, "1.1.0")
    assert word is not None
    return word.judgement


def test_without_a_guard_there_is_no_word() -> None:
    assert read({}, ALPHA, "1.1.0") is None
    assert read({"lifecycle_guard": {"edge1": None}}, ALPHA, "1.1.0") is None


def test_harm_on_one_edge_is_harm() -> None:
    assert judged(edge1=status("OK", fine=500), edge2=status("HARM", harm=300)) is Judgement.HARM


def test_evidence_too_weak_on_each_edge_is_enough_on_both() -> None:
    assert judged(edge1=status(harm=20), edge2=status(harm=9)) is Judgement.INCONCLUSIVE
    assert judged(edge1=status(harm=20), edge2=status(harm=11)) is Judgement.HARM
    assert judged(edge1=status(fine=20), edge2=status(fine=11)) is Judgement.OK


def test_evidence_against_harm_on_one_edge_counts_against_the_other() -> None:
    assert judged(edge1=status(harm=100), edge2=status(harm=0.1)) is Judgement.INCONCLUSIVE


def test_an_edge_that_holds_the_version_is_harm_whatever_it_says_now() -> None:
    word = read(
        {"lifecycle_guard": {"edge1": status("OK", held={"1.1.0": {"reason": "evidence 340 : 1"}})}}, ALPHA, "1.1.0"
    )
    assert word is not None
    assert (word.judgement, word.reason) == (Judgement.HARM, "edge1 holds it back: evidence 340 : 1")


def test_requests_add_up_and_users_do_not() -> None:
    word = read({"lifecycle_guard": {"edge1": status(), "edge2": status()}}, ALPHA, "1.1.0")
    assert word is not None
    assert (word.candidate.requests, word.candidate.users, word.candidate.failed) == (200, 10, 4)


def test_an_answer_that_cannot_be_understood_is_one_clear_line() -> None:
    with pytest.raises(ReleaseError, match="the guard's answer cannot be understood"):
        read({"lifecycle_guard": {"edge1": {"opinion": {"verdict": "HARM"}}}}, ALPHA, "1.1.0")


@pytest.mark.parametrize(
    ("odds", "words"), [(340.2, "340 : 1"), (0.08, "1 : 12"), (0.0, "none"), (1e13, "overwhelming")]
)
def test_odds_are_spoken(odds: float, words: str) -> None:
    assert spoken_odds(odds) == words
