"""From what was asked for to the steps of a run. Pure: no files, no database, no clock."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from orchestrator.errors import UsageError
from orchestrator.languages import Phrase, _
from orchestrator.phases.catalogue import PHASES, Phase

PLAYBOOK_SUFFIXES = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class Plan:
    """The phases in the order they will run, and what a person should know before."""

    phases: tuple[Phase, ...]
    notices: tuple[str, ...] = ()


def plan(asked: Sequence[str], passed: Collection[str], catalogue: Sequence[Phase] = PHASES) -> Plan:
    """Turn names into phases, in the order they were asked for.

    A name that ends in .yml is a playbook of the client's own. `passed` are the phases that have succeeded in this
    environment before; a missing one is told, not enforced: whether it matters is for a human to decide.
    Raises UsageError for an unknown phase and for one that is asked for twice.
    """
    if not asked:
        raise UsageError(_("no phase was asked for"), remedy=_known(catalogue))
    phases = tuple(_phase(name, catalogue) for name in asked)
    names = [phase.name for phase in phases]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(_("phase '%(twice)s' is asked for twice") % {"twice": twice}, remedy=_("name it once"))
    return Plan(phases, tuple(_notices(phases, passed)))


def _phase(name: str, catalogue: Sequence[Phase]) -> Phase:
    if name.endswith(PLAYBOOK_SUFFIXES):
        return Phase(PurePath(name).stem, playbook=name, summary="a playbook of the client's own", idempotent=False)
    for phase in catalogue:
        if phase.name == name:
            return phase
    close = difflib.get_close_matches(name, [phase.name for phase in catalogue], n=1)
    remedy = _("did you mean '%(close)s'?") % {"close": close[0]} if close else _known(catalogue)
    raise UsageError(_("there is no phase '%(name)s'") % {"name": name}, remedy=remedy)


def _known(catalogue: Sequence[Phase]) -> str:
    return _("phases: %(phases)s") % {"phases": ", ".join(phase.name for phase in catalogue)}


def _notices(phases: Sequence[Phase], passed: Collection[str]) -> list[Phrase]:
    notices: list[Phrase] = []
    before = set(passed)
    for phase in phases:
        notices += [
            _("%(need)s has never passed here before %(phase)s") % {"need": need, "phase": phase.name}
            for need in phase.needs
            if need not in before
        ]
        before.add(phase.name)
    return notices
