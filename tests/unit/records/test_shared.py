"""What stands beside records that several controllers share."""

from __future__ import annotations

import sqlalchemy as sa

from orchestrator.records import Store, open_store
from orchestrator.records.gateway import connect


def test_records_are_known_to_be_the_same_by_all_who_share_them(store: Store, url: str) -> None:
    other = open_store(url)
    if not store.is_shared:
        assert store.identity() is None
        return
    assert store.identity() == other.identity()
    maintenance = sa.make_url(url).set(database="template1").render_as_string()
    assert Store(connect(maintenance)).identity() != store.identity()


def test_a_schema_beside_the_records_is_made_once_and_says_what_made_it(store: Store, url: str) -> None:
    if not store.is_shared:
        return
    asked: list[str] = []

    def tables() -> str:
        asked.append("now")
        return "CREATE TABLE thing (id int); COMMENT ON TABLE thing IS '100 % of it'"

    assert store.prepare_schema("beside", "thing 1", tables) == "thing 1"
    assert open_store(url).prepare_schema("beside", "thing 2", tables) == "thing 1"
    assert asked == ["now"]


def test_one_process_at_a_time_does_a_thing_alone(store: Store, url: str) -> None:
    other = open_store(url)
    with store.alone("sweep") as first, other.alone("sweep") as second, other.alone("else") as third:
        assert (first, second, third) == (True, False, True)
    with other.alone("sweep") as again:
        assert again


def test_a_held_environment_is_seen_by_others(store: Store, url: str) -> None:
    other = open_store(url)
    assert not other.is_held("client-lab")
    with store.system_lock("client-lab"):
        assert other.is_held("client-lab")
    assert not other.is_held("client-lab")
