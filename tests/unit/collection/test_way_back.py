"""Which version is older, and when users may go back."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from ansible_collections.impl.lifecycle.plugins.filter.line_of import line_of
from ansible_collections.impl.lifecycle.plugins.module_utils import routing as r
from ansible_collections.impl.lifecycle.plugins.module_utils import routing_text as text
from ansible_collections.impl.lifecycle.plugins.module_utils import way_back
from ansible_collections.impl.lifecycle.plugins.module_utils.versions import older
from ansible_collections.impl.lifecycle.plugins.module_utils.way_back import OldestCompatible, Unsafe
from hypothesis import given
from hypothesis import strategies as st

# From the oldest to the newest.
IN_ORDER = (
    "0.9", "1", "1.2.0~1", "1.2.0-beta", "1.2.0-RC1", "1.2-rc2", "1.2.0-rc10", "1.2.0", "1.2.0+5", "1.2.0+10",
    "1.2.0-1", "1.2.1", "1.9", "1.10.0", "2.0.0-alpha", "2", "2026.11", "2026.12-1",
)  # fmt: skip
VERSIONS = st.text(alphabet="0129.abR-_+~", min_size=1, max_size=12)
FIRST = r.State("clinic", stable=r.Placed("blue", "1.0.0"))
BOUND = OldestCompatible("1.1.0", "releases/2.0.0.yml:9")


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(IN_ORDER, 2)))
def test_numbers_count_as_numbers_and_letters_come_before_nothing(one: str, other: str) -> None:
    assert older(one, other)
    assert not older(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("1.2", "1.2.0"), ("1.2.0", "1_2-0.0"), ("1.2.0-rc1", "1.2rc01"), ("1.02", "1.2")]
)
def test_what_is_written_differently_may_be_equal(one: str, other: str) -> None:
    assert not older(one, other)
    assert not older(other, one)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_is_one(a: str, b: str, c: str) -> None:
    assert not older(a, a)
    assert not (older(a, b) and older(b, a))
    if older(a, b) and older(b, c):
        assert older(a, c)


def opened(bound: OldestCompatible | None, weight: int = 10, **accept: str) -> r.State:
    return r.advance(FIRST, "2.0.0", weight, oldest_compatible=bound, **accept)


def test_a_release_after_which_the_serving_version_cannot_live_is_refused() -> None:
    with pytest.raises(
        Unsafe, match=r"2\.0\.0 is not started: 1\.0\.0 cannot live with the database.*releases/2\.0\.0\.yml:9"
    ):
        opened(BOUND)
    assert opened(OldestCompatible("1.0.0")).weight == 10


def test_once_accepted_users_are_not_sent_back_unasked() -> None:
    state = opened(BOUND, accept_unsafe="nobody is here on Sundays")
    assert state.oldest_compatible == dataclasses.replace(BOUND, accepted="nobody is here on Sundays")
    for transition in (r.abort, r.rollback):
        with pytest.raises(Unsafe, match=r"taking back is refused: 1\.0\.0 cannot live with the database"):
            transition(state)
    back = r.rollback(state, accept_unsafe="read only")
    assert (back.stable, back.candidate) == (FIRST.stable, None)
    assert back.oldest_compatible.accepted == "read only"


def test_after_the_promotion_the_previous_version_is_asked() -> None:
    state = r.promote(opened(BOUND, accept_unsafe="Sunday"))
    assert way_back.unsafe_back(state).startswith("1.0.0 cannot live")
    with pytest.raises(Unsafe):
        r.rollback(state)


def test_nobody_has_the_candidate_so_closing_it_moves_nobody() -> None:
    state = opened(BOUND, weight=0, accept_unsafe="Sunday")
    assert way_back.unsafe_back(state) == ""
    assert r.rollback(state).candidate is None
    with pytest.raises(Unsafe):
        r.rollback(r.weigh(state, 0, pilots=["ann"]))


def test_the_bound_outlives_the_release_that_said_it() -> None:
    state = r.rollback(opened(BOUND, weight=0, accept_unsafe="Sunday"))
    with pytest.raises(Unsafe, match=r"1\.0\.5 is not started: 1\.0\.5 cannot live"):
        r.advance(state, "1.0.5")


def test_the_bound_never_falls() -> None:
    state = r.promote(opened(BOUND, accept_unsafe="Sunday"))
    assert r.advance(state, "2.1.0", oldest_compatible=OldestCompatible("1.0.0")).oldest_compatible.version == "1.1.0"
    assert r.advance(state, "2.1.0", oldest_compatible=OldestCompatible("2.0.0")).oldest_compatible.version == "2.0.0"


def test_what_is_learnt_of_a_version_on_its_way_is_kept_and_refuses_nothing() -> None:
    state = r.advance(opened(None), "2.0.0", 20, oldest_compatible=BOUND)
    assert way_back.unsafe_back(state)
    assert r.promote(state).stable.version == "2.0.0"


def test_the_first_version_brings_its_bound() -> None:
    state = r.advance(r.State("clinic"), "2.0.0", oldest_compatible=BOUND)
    assert (state.stable.version, state.oldest_compatible) == ("2.0.0", BOUND)


@pytest.mark.parametrize(
    "bound", [None, OldestCompatible("1.0.0", "x.yml:1"), dataclasses.replace(BOUND, accepted="so")]
)
def test_the_set_on_the_edge_says_it(bound: OldestCompatible | None) -> None:
    state = dataclasses.replace(FIRST, oldest_compatible=bound)
    assert text.parse(text.serialise(state)) == state


def test_a_set_without_a_bound_is_named_as_before() -> None:
    assert "oldest_compatible" not in text.as_data(FIRST)


@pytest.mark.parametrize(
    ("keys", "line"), [(["database", "oldest_compatible"], 4), (["database", "none"], 2), (["none"], 1)]
)
def test_the_line_of_a_key_is_found(keys: list[str], line: int) -> None:
    assert line_of("schema: 1\ndatabase:\n  expand: []\n  oldest_compatible: 1.0.0\n", *keys) == line
