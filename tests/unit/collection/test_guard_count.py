"""Ticks: one event per user, route and minute, in bounded memory, and nothing is lost over a restart."""

from __future__ import annotations

import json

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import guard_count
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_baseline import ALL
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_count import CANDIDATE, OTHER, STABLE, Counter
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_log import Entry, parse
from guard_lines import PORTS, line

TAUS = {ALL: (0.010, 0.100, 1.0), "/slow/": (1.0, 2.0, 3.0)}


def entry(
    user: int = 1, colour: str = "blue", status: str = "200", seconds: str = "0.005", route: str = "/a/"
) -> Entry:
    made = parse(line(user=user, colour=colour, status=status, seconds=seconds, route=route), PORTS)
    assert made is not None
    return made


@pytest.fixture
def counter() -> Counter:
    made = Counter()
    made.begin({"blue": STABLE, "green": CANDIDATE}, TAUS, [])
    made.open(600)
    return made


def test_requests_are_counted_by_slot_and_route(counter: Counter) -> None:
    for _ in range(3):
        counter.add(entry())
    counter.add(entry(colour="green"))
    counter.add(entry(colour="green", route="/b/"))
    assert counter.close() == (600, {"/a/": ([3, 0, 0, 0, 0], [1, 0, 0, 0, 0]), "/b/": ([0] * 5, [1, 0, 0, 0, 0])})


def test_one_user_who_keeps_pressing_f5_is_one_event(counter: Counter) -> None:
    for _ in range(40):
        counter.add(entry(status="500"))
    assert counter.arms["/a/"][STABLE][:2] == [40, 1]


def test_another_user_another_route_and_another_slot_are_events_of_their_own(counter: Counter) -> None:
    for one in (
        entry(status="500"),
        entry(2, status="500"),
        entry(status="500", route="/b/"),
        entry(colour="green", status="500"),
    ):
        counter.add(one)
    assert counter.arms["/a/"] == ([2, 2, 0, 0, 0], [1, 1, 0, 0, 0])
    assert counter.arms["/b/"][STABLE][1] == 1


def test_the_next_tick_of_the_same_minute_remembers_and_the_next_minute_forgets(counter: Counter) -> None:
    failed = []
    for at in (600, 610, 650, 660):
        counter.open(at)
        counter.add(entry(status="500"))
        failed.append(counter.close()[1]["/a/"][STABLE][1])
    assert failed == [1, 0, 0, 1]


def test_slow_is_slower_than_the_stable_versions_own_quantiles_of_that_route(counter: Counter) -> None:
    counter.add(entry(1, seconds="0.010"))  # not slower than p50
    counter.add(entry(2, seconds="0.011"))
    counter.add(entry(3, seconds="0.101"))
    counter.add(entry(4, seconds="1.001"))
    counter.add(entry(5, seconds="1.001", route="/slow/"))
    assert counter.arms["/a/"][STABLE] == [4, 0, 3, 2, 1]
    assert counter.arms["/slow/"][STABLE] == [1, 0, 1, 0, 0]


def test_without_taus_nothing_is_slow(counter: Counter) -> None:
    counter.taus = {}
    counter.add(entry(seconds="9.0"))
    assert counter.arms["/a/"][STABLE] == [1, 0, 0, 0, 0]


def test_more_routes_than_it_remembers_are_one_group_and_it_says_so(counter: Counter) -> None:
    for number in range(1000):
        counter.add(entry(route=f"/route{'x' * number}"[:100] + str(number)))
    assert len(counter.arms) == guard_count.MOST_ROUTES
    assert counter.arms[OTHER][STABLE][0] == 1000 - guard_count.MOST_ROUTES + 1
    assert counter.routes_beyond


def test_more_events_than_it_remembers_are_too_few_and_never_too_many(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard_count, "MOST_FAILURES", 10)
    for user in range(500):
        counter.add(entry(user, status="500"))
    assert counter.arms["/a/"][STABLE] == [500, 11, 0, 0, 0]
    assert counter.events_beyond


def test_users_are_counted_once_and_exactly_up_to_the_bound(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_count, "MOST_USERS", 50)
    for user in [*range(50), *range(50)]:
        counter.add(entry(user))
    assert (len(counter.step.users[STABLE]), counter.step.users_beyond[STABLE]) == (50, False)
    counter.add(entry(51))
    assert (len(counter.step.users[STABLE]), counter.step.users_beyond[STABLE]) == (50, True)


def test_a_slot_that_is_neither_is_not_counted(counter: Counter) -> None:
    counter.sides = {"green": CANDIDATE}
    assert not counter.add(entry())
    assert counter.arms == {}


def test_buckets_of_the_stable_side_are_counted_with_the_same_rule(counter: Counter) -> None:
    for user in (7, 7, 107):
        counter.add(entry(user, status="500"))
    counter.add(entry(7, seconds="0.2"))
    assert counter.buckets == {7: [4, 2, 1]}


def test_a_restart_between_two_ticks_counts_on_as_if_nothing_had_happened(counter: Counter) -> None:
    for user in range(300):
        counter.add(entry(user, status="500" if user % 3 else "200", seconds="0.2", route=f"/{'abc'[user % 3]}/"))
    counter.close()
    again = Counter.from_data(json.loads(json.dumps(counter.as_data())), TAUS)
    for one in (counter, again):
        one.open(610)
        for user in range(0, 600, 2):
            one.add(entry(user, status="500", seconds="0.2", route="/b/"))
    assert again.close() == counter.close()
    assert again.as_data() == counter.as_data()


@pytest.mark.parametrize(
    "broken", [{}, {"sides": 7}, {"routes": ["/a/"]}, {"failures": "!"}, {"failures": "AAAA"}, {"step": {}}]
)
def test_what_is_no_count_is_refused(counter: Counter, broken: dict[str, object]) -> None:
    data = {**counter.as_data(), **broken} if broken else {}
    with pytest.raises(ValueError):
        Counter.from_data(data, TAUS)


def test_begin_keeps_the_known_routes_first_and_forgets_the_rest(counter: Counter) -> None:
    counter.add(entry(route="/stranger/"))
    counter.begin({"blue": STABLE}, TAUS, ["/known/"])
    assert list(counter.routes) == [OTHER, "/known/"]
    assert counter.step.requests == [0, 0]
