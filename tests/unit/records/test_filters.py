"""Runs on record are found by what they did, to whom, when and by whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from orchestrator.records import Store
from orchestrator.records.entities import ResultStatus, Status, now
from orchestrator.records.filters import runs_query
from orchestrator.records.questions import RunFilter

OK, CHANGED, FAILED = ResultStatus.OK, ResultStatus.CHANGED, ResultStatus.FAILED


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [4, 3, 2, 1]),
        ({"phase": "tune"}, [3]),
        ({"host": "db1"}, [3, 1]),
        ({"status": Status.FAILED}, [2]),
        ({"changed": True}, [3]),
        ({"changed": False}, [4, 2, 1]),
        ({"check": True}, [4]),
        ({"check": False}, [3, 2, 1]),
        ({"operator": "bob"}, [4, 2]),
        ({"operator": "bob@desk"}, [2]),
        ({"operator": "b%"}, []),
        ({"since": timedelta(days=2)}, [4, 3]),
        ({"until": timedelta(days=2)}, [2, 1]),
        ({"since": timedelta(days=8), "until": timedelta(days=2)}, [2]),
        ({"host": "db1", "operator": "ann", "changed": True}, [3]),
    ],
)
def test_a_run_is_found_by_what_is_asked_for(
    store: Store, ran: Callable[..., int], wanted: dict[str, object], found: list[int]
) -> None:
    present = now()
    ran({"app1": OK, "db1": OK}, started=present - timedelta(days=10))
    ran({"app1": FAILED}, status=Status.FAILED, operator="bob@desk", started=present - timedelta(days=5))
    ran({"db1": CHANGED}, phase="tune", started=present - timedelta(days=1))
    ran({"app1": OK}, status=Status.RUNNING, operator="bob@laptop", check=True)
    times = {key: present - value if isinstance(value, timedelta) else value for key, value in wanted.items()}
    assert [run.id for run in store.list_runs(wanted=RunFilter(**times))] == found  # type: ignore[arg-type]
    assert store.list_runs("another", wanted=RunFilter(**times)) == []  # type: ignore[arg-type]


def test_an_environment_and_a_limit_go_with_every_condition(store: Store, ran: Callable[..., int]) -> None:
    runs = [ran({"app1": OK}, environment=environment) for environment in ("a", "b", "a", "a")]
    assert [run.id for run in store.list_runs("a", 2, RunFilter(host="app1"))] == [runs[3], runs[2]]


@pytest.mark.parametrize(
    "wanted",
    [
        RunFilter(host="app1"),
        RunFilter(phase="provision"),
        RunFilter(changed=True),
        RunFilter(status=Status.FAILED),
        RunFilter(phase="tune", host="db1", changed=False, status=Status.LOST, operator="ann", since=now()),
    ],
)
def test_no_condition_reads_all_results_or_all_steps(store: Store, wanted: RunFilter) -> None:
    with store.transaction() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            # A table of no rows is read whole, unless that is made to look dear.
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        query = runs_query("client-lab", 20, wanted).compile(connection, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        steps = [str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {query}".replace("%", "%%"))]
    whole = ("SCAN result", "SCAN step", "Seq Scan on result", "Seq Scan on step")
    assert not [step for step in steps if any(sign in step for sign in whole)], steps
