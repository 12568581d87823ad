"""A request from the record of a run, and what has changed since that run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.engine.about import describe
from orchestrator.engine.request import RunRequest
from orchestrator.errors import UsageError
from orchestrator.languages import _
from orchestrator.records.entities import NewRun, Run

if TYPE_CHECKING:
    from orchestrator.delivery import Environment

# What of a run's options comes back as it was. Values of -e and passwords are not on record and are given anew.
AS_IT_WAS = ("limit", "diff", "tags", "skip_tags", "forks", "strategy", "vault_ids")


def request_again(run: Run, environment: Environment, phases: Sequence[str], given: Mapping[str, Any]) -> RunRequest:
    """The request behind `run`, for `phases` of it. `given`: what is not on record; a value there wins over the record.

    Raises UsageError when something is not given that the run had.
    """
    options, playbooks = run.about.options, run.about.options.get("playbooks", {})
    values: dict[str, Any] = {key: options[key] for key in AS_IT_WAS if key in options}
    values |= {key: value for key, value in given.items() if value not in (None, (), {})}
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    values["extra_files"] = tuple(dict.fromkeys((*options.get("extra_files", ()), *given.get("extra_files", ()))))
    request = RunRequest(
        environment=environment,
        phases=tuple(playbooks.get(phase, phase) for phase in phases),
        check=run.about.check,
        **values,
    )
    _refuse_missing(run, request)
    return request


def changed_since(run: Run, request: RunRequest) -> list[str]:
    """What decides how a run turns out and is not what it was at `run`, in words."""
    before, after = run.about, describe(request, run.about.actor, run.about.phases)
    pairs = {
        _("the commit has changed"): (before.git_commit, after.git_commit),
        _("inventory or delivery.yml have changed"): (before.inventory_digest, after.inventory_digest),
        _("the collection has changed"): (before.versions.get("collection"), after.versions.get("collection")),
    }
    return [words for words, (old, new) in pairs.items() if old != new] + _changed_files(before, after)


def _changed_files(before: NewRun, after: NewRun) -> list[str]:
    digests = after.options.get("digests", {})
    given = before.options.get("digests", {}).items()
    return [_("%(file)s has changed") % {"file": file} for file, old in given if digests.get(file, old) != old]


def _refuse_missing(run: Run, request: RunRequest) -> None:
    missing = [name for name in run.about.options.get("extra_vars", ()) if name not in request.extra_vars]
    if missing:
        raise UsageError(
            _("run %(run)s was given %(missing)s with -e, whose values are not on record")
            % {"run": run.id, "missing": ", ".join(missing)},
            remedy=_("give them again with -e"),
        )
    digests = describe(request, run.about.actor, run.about.phases).options.get("digests", {})
    gone = next((file for file, digest in digests.items() if digest is None), None)
    if gone is not None:
        raise UsageError(
            _("there is no such file any more"), where=gone, remedy=_("start where the first run was started")
        )
