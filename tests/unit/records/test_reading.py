"""What a report asks of the store, on both databases."""

from __future__ import annotations

from datetime import timedelta

from orchestrator.records import Store
from orchestrator.records.contents import digest
from orchestrator.records.entities import (
    Evidence,
    NewRun,
    Release,
    ReleaseState,
    ReleaseStep,
    ResultRecord,
    ResultStatus,
    Status,
    TaskRecord,
    now,
)
from orchestrator.records.liveness import this_actor


def begun(store: Store, environment: str = "client-lab") -> tuple[int, int]:
    run_id = store.begin_run(NewRun(environment, "/inventories/client-lab", ("release",), this_actor()))
    return run_id, store.begin_step(run_id, "release", "impl.lifecycle.release")


def test_outcomes_come_in_order_without_texts_which_come_by_digest(store: Store) -> None:
    run_id, step_id = begun(store)
    other, other_step = begun(store)
    task = TaskRecord(run_id, step_id, "t", "Write it", "copy", "p.yml:3", "play", "- name: Write it\n  copy: ü")
    results = [
        ResultRecord(run_id, 2, step_id, "t", "b", ResultStatus.FAILED, now(), 1.5, "no", output='{"rc": 3}', cut=True),
        ResultRecord(run_id, 1, step_id, "t", "a", ResultStatus.CHANGED, now(), diff="+ü"),
        ResultRecord(other, 1, other_step, "t", "c", ResultStatus.OK, now()),
    ]
    store.add_results([task], results)
    first, second = store.list_outcomes(run_id)
    assert (first.host, first.status, first.diff, first.output) == ("a", ResultStatus.CHANGED, digest("+ü"), None)
    assert (second.host, second.seconds, second.message, second.cut) == ("b", 1.5, "no", True)
    assert store.list_tasks(run_id) == [task]
    wanted = [str(first.diff), str(second.output), "0" * 64]
    assert store.texts(wanted) == {first.diff: "+ü", second.output: '{"rc": 3}'}
    assert store.sizes(wanted) == {first.diff: 3, second.output: 9}


def test_more_digests_are_asked_for_than_one_query_takes(store: Store) -> None:
    run_id, step_id = begun(store)
    texts = [f"+{number}" for number in range(1100)]
    rows = [
        ResultRecord(run_id, number, step_id, "t", "a", ResultStatus.CHANGED, now(), diff=text)
        for number, text in enumerate(texts)
    ]
    store.add_results([], rows)
    found = store.texts([str(digest(text)) for text in texts])
    assert sorted(found.values()) == sorted(texts)


def test_a_run_knows_its_release_and_what_it_found_out(store: Store) -> None:
    run_id, _ = begun(store)
    made = store.create_release(Release(0, "client-lab", "clinic", "1.1.0", ReleaseState.WIDENING, 10, "ann", now()))
    step = store.add_release_step(ReleaseStep(0, made.id, "widen", 10, Status.SUCCESSFUL, now(), "ann", run_id))
    store.add_release_step(ReleaseStep(0, made.id, "hold", 10, Status.SUCCESSFUL, now(), "ann", run_id))
    kept = store.add_evidence(Evidence(0, step.id, "guard", "HARM", "edge1: too many", now(), run_id, '{"odds": 9}'))
    assert store.releases_of_run(run_id) == [made]
    assert store.evidence_of_run(run_id) == [kept]
    assert (store.releases_of_run(run_id + 1), store.evidence_of_run(run_id + 1)) == ([], [])


def test_what_was_told_under_a_key_comes_by_environment_and_time(store: Store) -> None:
    began = now()
    ids = []
    for environment, data in (
        ("client-lab", {"lifecycle_guard": {"edge1": {"x": 1}}}),
        ("client-lab", {"lifecycleXguard": 1}),
        ("other", {"lifecycle_guard": {}}),
    ):
        run_id, step_id = begun(store, environment)
        store.end_step(step_id, Status.SUCCESSFUL, {}, data)
        ids.append(run_id)
    (told,) = store.told("client-lab", "lifecycle_guard", began, now())
    assert (told.run_id, told.data) == (ids[0], {"lifecycle_guard": {"edge1": {"x": 1}}})
    assert began <= told.at <= now()
    assert store.told("client-lab", "lifecycle_guard", began - timedelta(hours=2), began - timedelta(hours=1)) == []
