"""No step is wider than what the hosts carry that run the version well."""

from __future__ import annotations

from ansible_collections.impl.lifecycle.plugins.filter.release_capacity import release_capacity
from ansible_collections.impl.lifecycle.plugins.module_utils.capacity import carried, is_sound, refusal
from hypothesis import given
from hypothesis import strategies as st

HOSTS = ["app1", "app2", "app3"]


@given(st.integers(1, 50), st.data(), st.floats(100, 1000))
def test_hosts_never_carry_more_than_their_share(hosts: int, data: st.DataObject, percent: float) -> None:
    well = data.draw(st.integers(0, hosts))
    can = carried(hosts, well, percent)
    assert 0 <= can <= 100
    assert can <= well / hosts * percent + 1e-6
    assert carried(hosts, hosts, percent) == 100
    assert well == 0 or carried(hosts, well - 1, percent) <= can


def test_no_host_carries_nobody() -> None:
    assert carried(0, 0) == carried(3, 0, 1000) == 0


def test_a_step_within_the_share_is_taken() -> None:
    assert refusal("1.1.0", 66, HOSTS, {"app3": "no answer"}) == ""


def test_a_step_beyond_it_is_refused_with_hosts_and_numbers() -> None:
    assert refusal("1.1.0", 67, HOSTS, {"app3": "no answer"}) == (
        "1.1.0 runs well on 2 of 3 application hosts, which carry 66 % of the users; 67 % are asked for. "
        "Not well: app3: no answer"
    )


def test_hosts_with_room_carry_more_than_their_share() -> None:
    assert refusal("1.1.0", 100, HOSTS, {"app3": "no answer"}, 150) == ""


def test_users_stay_only_where_they_are_carried() -> None:
    assert is_sound(50, hosts=2, not_well=1)
    assert not is_sound(51, hosts=2, not_well=1)
    assert not is_sound(0, hosts=2, not_well=2), "pilots may be on it"


def test_the_playbook_is_told_who_does_not_count() -> None:
    told = release_capacity({"app1": "", "app2": "its slot green holds 1.0.0"}, version="1.1.0", asked=50, present=10)
    assert told == {"refusal": "", "sound": True, "not_well": {"app2": "its slot green holds 1.0.0"}}
