"""Two runs side by side: what each task came to on each host. Pure: results in, differences out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.records.entities import NewRun, ResultRecord, ResultStatus, Run

# What is compared of a task on a host, in this order.
ASPECTS = ("status", "message", "diff")


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A task on a host. Ansible's own ids of a task differ from run to run; a name that comes again is counted."""

    phase: str
    host: str
    task: str
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class Difference:
    """A task which came to something else on a host. A side that is None: it was not carried out in that run."""

    spot: Spot
    before: ResultRecord | None
    after: ResultRecord | None

    @property
    def what(self) -> tuple[str, ...]:
        """Which of ASPECTS differ; none when one side is missing."""
        if self.before is None or self.after is None:
            return ()
        pairs = {
            "status": (self.before.status, self.after.status),
            "message": (self.before.message, self.after.message),
            "diff": (self.before.lasting_diff, self.after.lasting_diff),
        }
        return tuple(name for name in ASPECTS if pairs[name][0] != pairs[name][1])


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two runs. Hosts and phases that only one of them had are named once, not task by task."""

    about: Mapping[str, tuple[Any, Any]]
    phases: tuple[tuple[str, ...], tuple[str, ...]]
    hosts: tuple[tuple[str, ...], tuple[str, ...]]
    differences: tuple[Difference, ...]
    same: int


def compare(before: Run, earlier: Iterable[ResultRecord], after: Run, later: Iterable[ResultRecord]) -> Comparison:
    """Compare `after` with its results `later` to `before` with its results `earlier`."""
    left, right = spots(before, earlier), spots(after, later)
    phases = _alone({spot.phase for spot in left}, {spot.phase for spot in right})
    hosts = _alone({spot.host for spot in left}, {spot.host for spot in right})
    lonely_phases, lonely_hosts = {*phases[0], *phases[1]}, {*hosts[0], *hosts[1]}
    # In the order of the later run; what only the earlier one did comes behind.
    both = [
        Difference(spot, left.get(spot), right.get(spot))
        for spot in {**right, **left}
        if spot.phase not in lonely_phases and spot.host not in lonely_hosts
    ]
    different = tuple(each for each in both if each.what or None in (each.before, each.after))
    return Comparison(dict(_about(before.about, after.about)), phases, hosts, different, len(both) - len(different))


def spots(run: Run, results: Iterable[ResultRecord]) -> dict[Spot, ResultRecord]:
    """The last result of every task on every host. A try that was repeated, and an item of a loop, is not the last."""
    phases = {step.id: step.phase for step in run.steps}
    last: dict[tuple[int, str, str], ResultRecord] = {}
    for result in results:
        if result.status is not ResultStatus.RETRIED:
            last[result.step_id, result.host, result.task_uuid] = result
    found: dict[Spot, ResultRecord] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for result in last.values():
        name = phases.get(result.step_id, ""), result.host, result.task
        seen[name] = seen.get(name, 0) + 1
        found[Spot(*name, seen[name])] = result
    return found


def _alone(left: set[str], right: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is on one side only."""
    return tuple(sorted(left - right)), tuple(sorted(right - left))


def _about(before: NewRun, after: NewRun) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """What the runs were made from, where it differs."""
    for name in ("environment", "check", "git_commit", "git_dirty", "inventory_digest"):
        left, right = getattr(before, name), getattr(after, name)
        if left != right:
            yield name, (left, right)
    for kind, old, new in (("version", before.versions, after.versions), ("option", before.options, after.options)):
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                yield f"{kind} {key}", (old.get(key), new.get(key))
