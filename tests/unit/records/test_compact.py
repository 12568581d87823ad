"""What is stored in few bytes comes back as it was given, and is few bytes."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.records import Store, open_store
from orchestrator.records.compact import Duration, Instant, packed_id, shown_id
from orchestrator.records.entities import NewRun, ResultRecord, ResultStatus, TaskRecord, now
from orchestrator.records.gateway import connect
from orchestrator.records.liveness import this_actor

DIALECT = connect("sqlite:////dev/null").dialect
# What a result took when its ids and times were written out: 208.
LIMIT_BYTES = 135


@given(st.text().filter(lambda text: not text.startswith("\0")) | st.uuids().map(str) | st.uuids().map(lambda u: u.hex))
def test_every_id_comes_back_as_it_was_given(text: str) -> None:
    assert shown_id(packed_id(text)) == text
    assert shown_id(packed_id(text.upper())) == text.upper()


def test_an_id_as_ansible_makes_it_is_17_bytes() -> None:
    assert len(packed_id(str(uuid.uuid4()))) == 17


@given(st.datetimes(min_value=datetime(1970, 1, 1)), st.timedeltas(timedelta(0), timedelta(days=365)))
def test_times_come_back_to_the_microsecond(moment: datetime, took: timedelta) -> None:
    instant, duration = Instant(), Duration()
    at, seconds = moment.replace(tzinfo=UTC), took.total_seconds()
    assert instant.process_result_value(instant.process_bind_param(at, DIALECT), DIALECT) == at
    assert duration.process_result_value(duration.process_bind_param(seconds, DIALECT), DIALECT) == seconds


def test_a_result_takes_few_bytes(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/lifecycle.db")
    run_id = store.begin_run(NewRun("client-lab", "/x", ("p",), this_actor()))
    step_id = store.begin_step(run_id, "p", "p.yml")
    # The second and the third thousand: what a database has once is in none of them.
    sizes = [recorded(store, run_id, step_id, thousand).size().bytes for thousand in range(3)]
    assert (sizes[2] - sizes[0]) / 2000 < LIMIT_BYTES


def recorded(store: Store, run_id: int, step_id: int, thousand: int) -> Store:
    """One task of a thousand hosts, all of which say the same."""
    task = f"0242ac11-0002-5c3e-91f4-{thousand:012x}"
    results = [
        ResultRecord(
            *(run_id, thousand * 1001 + host, step_id, task, f"host{host}", ResultStatus.OK, now()),
            seconds=0.012345,
            output='{"msg": "said"}',
        )
        for host in range(1000)
    ]
    store.add_results([TaskRecord(run_id, step_id, task, "Say", "debug", "p:1", "Play")], results)
    with store.transaction() as connection:
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]
    return store
