"""A plan comes back with those who approved it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.errors import UsageError
from orchestrator.records import Store
from orchestrator.records.entities import Approval, NewRun, StoredPlan, now
from orchestrator.records.liveness import this_actor


def test_a_plan_and_its_approvals_come_back_the_newest_first(store: Store) -> None:
    run_id = store.begin_run(NewRun("client-lab", "/x", ("p",), this_actor(), check=True))
    with pytest.raises(UsageError, match="made no plan"):
        store.get_plan(run_id)
    store.add_plan(StoredPlan(run_id, "d" * 64, 3))
    said = [Approval(run_id, "d" * 64, who, now(), now() + timedelta(hours=1), "seen") for who in ("ann@a", "bob@b")]
    for approval in said:
        store.add_approval(approval)
    assert store.get_plan(run_id) == StoredPlan(run_id, "d" * 64, 3, tuple(reversed(said)))
    assert store.applied_by(run_id) is None
    applied = store.begin_run(NewRun("client-lab", "/x", ("p",), this_actor(), applies=run_id))
    assert store.applied_by(run_id) == applied
