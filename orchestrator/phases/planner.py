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


def refuse_steps_of_others(phases: Sequence[Phase]) -> None:
    """Raises UsageError for a phase that another command starts: `run` would not know what goes with it."""
    for phase in phases:
        if phase.through:
            text = _("%(phase)s is a step of `%(through)s`") % {"phase": phase.name, "through": phase.through}
            raise UsageError(text, remedy=_("use `%(through)s`") % {"through": phase.through})


def _phase(name: str, catalogue: Sequence[Phase]) -> Phase:
    if name.endswith(PLAYBOOK_SUFFIXES):
        return Phase(PurePath(name).stem, playbook=name, summary="a playbook of the client's own", idempotent=False)
    for phase in catalogue:
        if phase.name == name:
            return phase
    raise UsageError(_("there is no phase '%(name)s'") % {"name": name}, remedy=_remedy(name, catalogue))


def _remedy(name: str, catalogue: Sequence[Phase]) -> Phrase:
    close = difflib.get_close_matches(name, [phase.name for phase in catalogue], n=1)
    if not close:
        return _known(catalogue)
    through = next(phase.through for phase in catalogue if phase.name == close[0])
    if through:
        return _("did you mean '%(close)s'? use `%(through)s`") % {"close": close[0], "through": through}
    return _("did you mean '%(close)s'?") % {"close": close[0]}


def _known(catalogue: Sequence[Phase]) -> Phrase:
    """What may be asked for by name; the steps of other commands are not."""
    names = ", ".join(phase.name for phase in catalogue if not phase.through)
    return _("phases: %(phases)s, or a playbook of your own (its path, ending in .yml)") % {"phases": names}


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
