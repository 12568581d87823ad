"""What the last run left of each host."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.records import Store
from orchestrator.records.entities import ResultStatus, Status

OK, CHANGED, FAILED, UNREACHABLE = (
    ResultStatus.OK,
    ResultStatus.CHANGED,
    ResultStatus.FAILED,
    ResultStatus.UNREACHABLE,
)


def states(store: Store, environment: str | None = None) -> list[tuple[str, str, int, str, str]]:
    return [
        (each.environment, each.host, each.run_id, each.phase, each.status) for each in store.latest_hosts(environment)
    ]


def test_each_host_has_the_state_of_the_last_phase_that_took_it_in(store: Store, ran: Callable[..., int]) -> None:
    assert states(store) == []
    ran({"app1": CHANGED, "app2": OK, "old": UNREACHABLE})
    ran({"app2": FAILED}, phase="tune", status=Status.FAILED)
    ran({"app1": OK}, environment="other-lab")
    ran({"app1": FAILED}, check=True)
    assert states(store) == [
        ("client-lab", "app1", 1, "provision", "changed"),
        ("client-lab", "app2", 2, "tune", "failed"),
        ("client-lab", "old", 1, "provision", "unreachable"),
        ("other-lab", "app1", 3, "provision", "ok"),
    ]
    assert states(store, "other-lab") == [("other-lab", "app1", 3, "provision", "ok")]


def test_a_host_of_a_run_whose_end_was_not_seen_is_not_called_well(store: Store, ran: Callable[..., int]) -> None:
    ran({"app1": OK, "app2": OK})
    run_id = ran({"app1": OK}, phase="tune", status=Status.RUNNING)
    assert states(store)[0] == ("client-lab", "app1", 2, "tune", "running")
    store.mark_lost([run_id])
    assert states(store) == [
        ("client-lab", "app1", 2, "tune", "lost"),
        ("client-lab", "app2", 1, "provision", "ok"),
    ]
    (lost, well) = store.latest_hosts()
    assert lost.at >= well.at


def test_the_newest_run_that_applied_a_phase_is_known(store: Store, ran: Callable[..., int]) -> None:
    ran({"app1": OK}, phase="tune")
    ran({"app1": OK})
    ran({"app1": OK}, phase="tune", check=True)
    ran({"app1": OK}, phase="site")
    ran({"app1": FAILED}, status=Status.FAILED)
    ran({"app1": OK}, environment="other-lab")
    ran({"app1": OK})
    assert list(store.applied_phases("client-lab").items()) == [("tune", 1), ("site", 4), ("provision", 7)]
