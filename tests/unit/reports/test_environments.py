"""Two environments differ in what their records say, and in nothing else."""

from __future__ import annotations

from typing import Any

from orchestrator.records.entities import NewRun, Recorded, Release, ReleaseState, Run, Status, Step, now
from orchestrator.records.liveness import this_actor
from orchestrator.reports.environments import Unlike, standing, unlike


def run(phase: str, *, commit: str | None = "a", **data: Any) -> Run:
    about = NewRun("x", "/x", (phase,), this_actor(), git_commit=commit, versions={"collection": "1.0"})
    step = Step(1, 3, 1, phase, "p", Status.SUCCESSFUL, now(), data=data)
    return Run(3, about, Status.SUCCESSFUL, Recorded.FULL, now(), steps=(step,))


def report(nginx: str, **more: Any) -> dict[str, Any]:
    packages = [{"name": "nginx", "recorded": "1", "installed": nginx}]
    return {"os": "Debian 12", "kernel": "6.1", "roles": ["nginx"], "packages": packages, "databases": [], **more}


def release(version: str, state: str) -> Release:
    return Release(1, "x", "clinic", version, ReleaseState(state), 100, "ann@desk", now())


def inspected(**hosts: dict[str, Any]) -> Run:
    return run("inspect", lifecycle_inspect={"hosts": hosts, "hosts_missing": []})


def test_what_is_the_same_is_not_told_whatever_hosts_are_called() -> None:
    one = standing(
        "test", {"inspect": inspected(a=report("1.22"))}, [release("2", "widening"), release("1", "promoted")]
    )
    other = standing("prod", {"inspect": inspected(b=report("1.22"), c=report("1.22"))}, [release("1", "promoted")])
    assert unlike(one, other) == []
    assert (one.inspected, one.facts["version of clinic"]) == (3, ("1",))


def test_packages_systems_versions_and_commits_are_told() -> None:
    one = standing(
        "test",
        {"provision": run("provision", commit="b"), "inspect": inspected(a=report("1.26", os="Debian 13"))},
        [release("2", "promoted"), release("1", "promoted")],
    )
    other = standing(
        "prod",
        {"provision": run("provision"), "inspect": inspected(a=report("1.22"), b=report("1.18"))},
        [release("1", "promoted")],
    )
    assert unlike(one, other) == [
        Unlike("commit of provision", ("b",), ("a",)),
        Unlike("operating system", ("Debian 13",), ("Debian 12",)),
        Unlike("package nginx", ("1.26",), ("1.18", "1.22")),
        Unlike("version of clinic", ("2",), ("1",)),
    ]


def test_an_environment_that_was_never_inspected_says_so() -> None:
    bare = standing("prod", {"provision": run("provision")}, [])
    assert (bare.inspected, sorted(bare.facts)) == (None, ["collection of provision", "commit of provision"])
