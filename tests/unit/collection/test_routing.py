"""Who gets which version: what must hold for every state a release can be in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import cohorts, routing_store
from ansible_collections.impl.lifecycle.plugins.module_utils import layout as layouts
from ansible_collections.impl.lifecycle.plugins.module_utils import routing as r
from ansible_collections.impl.lifecycle.plugins.module_utils import routing_text as text
from hypothesis import given
from hypothesis import strategies as st

users = st.text("abcXYZ019_-", min_size=1, max_size=6)
seeds = st.text(max_size=12)
weights = st.integers(0, 100)
colours = st.sampled_from(layouts.COLOURS)
SESSIONS = ("blue", "green", "unmarked")
DEPARTMENTS = ("reception", "lab-2")
# MurmurHash2 by its reference implementation in C (seed 0 xor length), one for each length of the last word; and the
# bucket: the value in hundredths of 2**32 - 1.
MURMUR = [
    ("", 0, "00"),
    ("a", 2456313694, "57"),
    ("pilot", 436246094, "10"),
    ("gid=0A4D0B2C", 150555855, "03"),
    ("dr-house", 2340323470, "54"),
]


def other(colour: str) -> str:
    return "green" if colour == "blue" else "blue"


@st.composite
def open_releases(draw: st.DrawFn) -> r.State:
    """A stable version and a candidate with some users."""
    state = r.State("clinic", stable=r.Placed(draw(colours), "1.0.0"))
    staged = r.stage(state, "1.1.0", draw(seeds))
    pilots, protected = draw(st.sets(users, max_size=4)), draw(st.sets(users, max_size=4))
    departments = draw(st.sets(st.sampled_from(DEPARTMENTS)))
    weighed = r.weigh(staged, draw(weights), pilots, protected, departments=departments)
    return replace(weighed, finish_on_old=draw(st.booleans()))


def route_by_files(
    files: frozenset[str], bucket: str, user: str, department: str = ".none", session: str = ".none"
) -> str:
    """What nginx decides, in the order of its file tests."""
    colour = "green" if f"green/{bucket}" in files else "blue"
    if routing_store.BUCKETS_ONLY in files:
        return colour
    colour = "green" if f"green-department/{department}" in files else colour
    colour = "blue" if f"blue-department/{department}" in files else colour
    colour = "green" if f"green-session/{session}" in files else colour
    colour = "blue" if f"blue-session/{session}" in files else colour
    colour = "green" if f"green-user/{user}" in files else colour
    return "blue" if f"blue-user/{user}" in files else colour


def meant(state: r.State, bucket: str, user: str, department: str, session: str) -> str:
    """What people mean: protected before pilot before session before department before bucket."""
    assert state.stable is not None
    if state.candidate is None or user in state.users.protected:
        return state.stable.colour
    if state.finish_on_old and session in SESSIONS and user not in state.users.pilots:
        return state.stable.colour if session == "unmarked" else session
    chosen = user in state.users.pilots or department in state.users.departments or bucket in state.users.buckets
    return state.candidate.colour if chosen else state.stable.colour


any_request = given(
    open_releases(), st.sampled_from(r.BUCKETS), users, st.sampled_from(["", *DEPARTMENTS]),
    st.sampled_from([".none", *SESSIONS]),
)  # fmt: skip


@any_request
def test_the_files_say_what_people_mean(
    state: r.State, bucket: str, stranger: str, department: str, session: str
) -> None:
    for user in {stranger} | state.users.pilots | state.users.protected:
        found = route_by_files(r.in_colours(state), bucket, user, department, session)
        assert found == meant(state, bucket, user, department, session)


@any_request
def test_a_set_that_says_it_has_only_buckets_sends_everybody_where_its_files_do(
    state: r.State, bucket: str, stranger: str, department: str, session: str
) -> None:
    for one in (
        state,
        r.promote(state),
        r.rollback(state),
        replace(state, users=replace(state.users, pilots=frozenset())),
    ):
        files = r.in_colours(one)
        said = files | {routing_store.BUCKETS_ONLY} if r.buckets_only(one) else files
        for user in {stranger} | state.users.pilots | state.users.protected:
            way = (bucket, user, department, session)
            assert route_by_files(said, *way) == route_by_files(files, *way)


def test_a_set_with_a_layout_has_more_than_buckets() -> None:
    first = r.State("clinic", stable=r.Placed("blue", "1.0.0"))
    assert r.buckets_only(first)
    assert r.buckets_only(r.advance(first, "1.1.0", 10))
    assert not r.buckets_only(replace(first, layout=layouts.begin(("a", "b"), "green")))


@given(open_releases(), st.sampled_from(r.BUCKETS), users)
def test_a_session_ends_on_the_version_it_began_on_and_not_on_one_that_was_taken_back(
    state: r.State, bucket: str, user: str
) -> None:
    state = replace(state, finish_on_old=True)
    promoted, left = r.promote(state), r.rollback(state)
    assert promoted.previous is not None
    for session in (promoted.previous.colour, "unmarked"):
        assert route_by_files(r.in_colours(promoted), bucket, user, session=session) == promoted.previous.colour
    for after in (left, r.rollback(promoted), r.vacate(promoted)):
        assert after.stable is not None
        for session in SESSIONS:
            assert route_by_files(r.in_colours(after), bucket, user, session=session) == after.stable.colour


def test_the_session_policy_is_that_of_the_candidate() -> None:
    first = r.State("clinic", stable=r.Placed("blue", "1.0.0"))
    promoted = r.promote(r.advance(first, "1.1.0", 100, finish_on_old=True))
    assert promoted.finish_on_old
    assert not r.advance(promoted, "1.2.0", 10).finish_on_old
    assert "finish_on_old" not in text.as_data(first)
    assert text.parse(text.serialise(promoted)) == promoted


@given(open_releases(), users, st.sampled_from(["", *DEPARTMENTS]), st.booleans())
def test_who_says_what_the_files_say(state: r.State, stranger: str, department: str, own_cookie: bool) -> None:
    for one in (state, r.promote(state), r.rollback(state)):
        for user in {stranger} | state.users.pilots | state.users.protected:
            way = cohorts.way_of(one, user, own_cookie, department)
            assert way is not None
            assert way.bucket == cohorts.bucket_of(f"gid={user}" if own_cookie else user)
            assert way.colour == route_by_files(r.in_colours(one), way.bucket, user, department)
            placed = next(p for p in (one.stable, one.candidate) if p is not None and p.colour == way.colour)
            assert way.version == placed.version


@pytest.mark.parametrize(("text", "value", "bucket"), MURMUR)
def test_the_hash_and_the_bucket_are_the_edges_own(text: str, value: int, bucket: str) -> None:
    assert cohorts.murmur2(text.encode()) == value
    assert cohorts.bucket_of(text) == bucket


def test_a_department_is_added_and_never_dropped() -> None:
    widened = r.weigh(r.weigh(OPEN, 10, departments=["reception"]), 50)
    assert "green-department/reception" in r.in_colours(widened)
    with pytest.raises(ValueError, match=r"department '\.\./x' is refused"):
        r.weigh(OPEN, 10, departments=["../x"])


def test_a_set_without_departments_keeps_the_name_it_had_before_there_were_any() -> None:
    assert "departments" not in text.as_data(OPEN)
    assert text.set_id(OPEN) == "w010-819905c025ae75ef"


@given(open_releases())
def test_a_user_has_one_file_at_most(state: r.State) -> None:
    named = [name.split("/")[1] for name in r.in_colours(state) if "-user/" in name]
    assert len(named) == len(set(named))


@given(seeds)
def test_every_bucket_enters_exactly_once(seed: str) -> None:
    assert sorted(r.order_of_entry(seed)) == list(r.BUCKETS)


def test_the_order_of_entry_never_changes_between_versions_of_the_code() -> None:
    assert r.order_of_entry("clinic/1.1.0")[:5] == ["43", "21", "49", "81", "94"]


def test_two_releases_do_not_start_with_the_same_users() -> None:
    first = set(r.order_of_entry("clinic/1.1.0")[:10])
    assert len(first & set(r.order_of_entry("clinic/1.2.0")[:10])) < 5


@given(seeds, weights, weights)
def test_widening_never_takes_a_user_back(seed: str, one: int, two: int) -> None:
    order = r.order_of_entry(seed)
    narrow = r.widen(r.RoutingSet(), min(one, two), order)
    wide = r.widen(narrow, max(one, two), order)
    assert narrow.buckets <= wide.buckets
    assert len(wide.buckets) == max(one, two)


@given(st.sets(st.sampled_from(r.BUCKETS)), seeds, weights)
def test_users_who_came_in_by_another_order_stay_in(there: set[str], seed: str, more: int) -> None:
    current = r.RoutingSet(buckets=frozenset(there))
    wide = r.widen(current, max(len(there), more), r.order_of_entry(seed))
    assert current.buckets <= wide.buckets


@given(open_releases(), users)
def test_a_pilot_stays_a_pilot_when_the_list_gets_shorter(state: r.State, pilot: str) -> None:
    wider = r.weigh(r.weigh(state, state.weight, [pilot]), 100, [])
    assert state.users.pilots | {pilot} <= wider.users.pilots


@given(st.integers(1, 100), st.integers(-20, 99))
def test_narrowing_is_refused(weight: int, less: int) -> None:
    current = r.widen(r.RoutingSet(), weight, r.BUCKETS)
    if less < weight:
        with pytest.raises(ValueError, match=r"roll back instead|percentage"):
            r.widen(current, less, r.BUCKETS)


@given(open_releases(), st.sampled_from(r.BUCKETS), users)
def test_the_mirrored_release_routes_everybody_to_the_mirrored_colour(state: r.State, bucket: str, user: str) -> None:
    assert state.stable is not None
    assert state.candidate is not None
    mirrored = r.State(
        state.application,
        r.Placed(other(state.stable.colour), state.stable.version),
        r.Placed(other(state.candidate.colour), state.candidate.version),
        users=state.users,
    )
    straight = route_by_files(r.in_colours(state), bucket, user)
    assert route_by_files(r.in_colours(mirrored), bucket, user) == other(straight)


@given(open_releases())
def test_the_weight_is_exact_in_files(state: r.State) -> None:
    assert state.candidate is not None
    green = sum(name.startswith("green/") for name in r.in_colours(state))
    assert green == (state.weight if state.candidate.colour == "green" else 100 - state.weight)


@given(open_releases(), st.sampled_from(r.BUCKETS), users)
def test_promotion_sends_everybody_to_the_candidate_and_rollback_everybody_back(
    state: r.State, bucket: str, user: str
) -> None:
    assert state.stable is not None
    assert state.candidate is not None
    promoted = r.promote(state)
    assert route_by_files(r.in_colours(promoted), bucket, user) == state.candidate.colour
    assert promoted.previous == state.stable
    for left in (r.rollback(state), r.rollback(promoted)):
        assert route_by_files(r.in_colours(left), bucket, user) == state.stable.colour
        assert left.previous is None  # a release taken back is void: it is never the way back of the next one
        with pytest.raises(ValueError, match="nothing to take back"):
            r.rollback(left)


@given(open_releases())
def test_a_rolled_back_edge_equals_one_that_was_promoted_and_then_rolled_back(state: r.State) -> None:
    assert text.set_id(r.rollback(state)) == text.set_id(r.rollback(r.promote(state)))


@given(open_releases())
def test_a_state_survives_being_written_and_read(state: r.State) -> None:
    for one in (state, r.promote(state), r.close(r.promote(state)), r.rollback(state)):
        assert text.parse(text.serialise(one)) == one
        assert text.set_id(text.parse(text.serialise(one))) == text.set_id(one)


@given(open_releases(), open_releases())
def test_different_states_have_different_ids(one: r.State, two: r.State) -> None:
    assert (one == two) == (text.set_id(one) == text.set_id(two))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "{}",
        "[]",
        '{"schema": 2}',
        text.serialise(r.State("clinic", r.Placed("blue", "1"))).replace('"weight": 0', '"weight": 7'),
        text.serialise(r.State("clinic", r.Placed("blue", "1"))).replace('"blue"', '"red"'),
        text.serialise(r.State("c", r.Placed("blue", "1"), r.Placed("blue", "2"))),
    ],
)
def test_what_is_no_set_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        text.parse(written)


@pytest.mark.parametrize("user", ["../b/x", "", "a/b", "a b", "ü", "a\n", "x" * 129, "."])
def test_a_user_id_that_could_leave_its_directory_is_refused(user: str) -> None:
    with pytest.raises(ValueError, match="refused"):
        r.RoutingSet(pilots=frozenset({user}))


EMPTY = r.State("clinic")
STABLE = r.adopt(EMPTY, r.Placed("blue", "1.0.0"))
OPEN = r.weigh(r.stage(STABLE, "1.1.0"), 10)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: r.stage(EMPTY, "1.0.0"), "nothing of clinic is released yet"),
        (lambda: r.stage(STABLE, "1.0.0"), "is the stable version of clinic already"),
        (lambda: r.stage(OPEN, "1.2.0"), "candidate 1.1.0 is open at 10 %"),
        (lambda: r.weigh(STABLE, 10), "no open candidate of clinic to widen"),
        (lambda: r.weigh(OPEN, 20, version="1.2.0"), "is 1.1.0, not 1.2.0"),
        (lambda: r.weigh(OPEN, 5), "roll back instead"),
        (lambda: r.weigh(OPEN, 101), "percentage from 0 to 100"),
        (lambda: r.promote(STABLE), "no open candidate of clinic to promote"),
        (lambda: r.promote(STABLE, "1.1.0"), "no open candidate of clinic to promote"),
        (lambda: r.abort(STABLE), "no open candidate of clinic to abort"),
        (lambda: r.rollback(EMPTY), "nothing to take back"),
        (lambda: r.close(OPEN), "nothing to close: no version of clinic is kept warm"),
        (lambda: r.rollback(r.close(r.promote(OPEN))), "slot of 1.0.0 was stopped when its window closed"),
        (lambda: r.adopt(OPEN, r.Placed("blue", "1.0.0")), "stable version of clinic already"),
        (lambda: r.adopt(STABLE, r.Placed("green", "1.0.0")), "stable version of clinic already"),
        (lambda: r.advance(OPEN, "1.1.0", weight=50, to_stable=True), "exclude each other"),
        (lambda: r.advance(STABLE, "1.1.0", to_stable=True), "no open candidate"),
        (lambda: r.advance(STABLE, "1.0.0", weight=10), "stable version of clinic already"),
        (lambda: r.advance(EMPTY, "../../etc"), "no usable version"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(act: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        act()  # type: ignore[operator]


def test_the_first_version_is_stable_at_once_and_the_next_one_goes_to_the_other_colour() -> None:
    first = r.advance(EMPTY, "1.0.0", weight=10)
    assert (first.stable, first.candidate) == (r.Placed("blue", "1.0.0"), None)
    second = r.advance(first, "1.1.0", weight=10)
    assert (second.candidate, second.weight) == (r.Placed("green", "1.1.0"), 10)
    third = r.advance(r.promote(second), "1.2.0")
    assert (third.candidate, third.weight, third.previous) == (r.Placed("blue", "1.2.0"), 0, None)


def test_a_step_asked_for_twice_is_the_same_step() -> None:
    assert r.advance(OPEN, "1.1.0", weight=10) == OPEN
    assert r.advance(OPEN, "1.1.0") == OPEN
    promoted = r.promote(OPEN)
    assert r.advance(promoted, "1.1.0", to_stable=True) == promoted


def test_staging_alone_moves_nobody_but_named_pilots_enter() -> None:
    staged = r.advance(STABLE, "1.1.0", weight=0, protected=["vip"])
    assert not {name for name in r.in_colours(staged) if name.startswith("green")}
    piloted = r.advance(staged, "1.1.0", pilots=["dr-house"])
    assert "green-user/dr-house" in r.in_colours(piloted)
    assert piloted.users.protected == {"vip"}


def test_taking_back_a_named_version_twice_takes_back_once() -> None:
    once = r.rollback(OPEN, "1.1.0")
    assert once == STABLE
    assert r.rollback(once, "1.1.0") == STABLE
    assert r.rollback(r.promote(OPEN), "1.1.0") == STABLE
    with pytest.raises(ValueError, match=r"is 1\.1\.0, not 1\.0\.0"):
        r.rollback(OPEN, "1.0.0")


def test_closing_a_window_moves_nobody_and_the_next_version_opens_a_new_one() -> None:
    promoted = r.promote(OPEN)
    closed = r.close(promoted)
    assert r.in_colours(closed) == r.in_colours(promoted)
    assert text.set_id(closed) != text.set_id(promoted)
    assert r.rollback(closed, started=True) == STABLE
    following = r.advance(closed, "1.2.0", weight=10)
    assert (following.previous, following.closed) == (None, False)
    assert not r.promote(following).closed
