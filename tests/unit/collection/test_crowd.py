"""A crowd is as large as the users it is made of, and no larger for those who are busy."""

from __future__ import annotations

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.crowd import MOST_USERS, Crowd
from hypothesis import given
from hypothesis import strategies as st

users = st.lists(st.integers(0, 2**32 - 1), max_size=60)


@given(users)
def test_a_crowd_is_never_larger_than_the_number_of_its_users(seen: list[int]) -> None:
    crowd = Crowd()
    for user in seen:
        crowd.add(user)
    assert 0 <= crowd.size <= len(set(seen)) + 1e-9
    assert crowd.size == pytest.approx(Crowd.from_data(crowd.as_data()).size)


def test_users_who_are_equally_busy_count_as_many() -> None:
    assert Crowd.of(dict.fromkeys(range(200), 7)).size == pytest.approx(200)
    busy_few = {**dict.fromkeys(range(10), 1000), **dict.fromkeys(range(10, 1000), 1)}
    assert Crowd.of(busy_few).size < 13


def test_its_memory_is_bounded() -> None:
    crowd = Crowd()
    for user in range(2 * MOST_USERS):
        crowd.add(user)
    assert crowd.size == MOST_USERS


@pytest.mark.parametrize("data", ["", "!", "AAAA", None, 7])
def test_anything_else_than_its_own_data_is_refused(data: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        Crowd.from_data(data)
