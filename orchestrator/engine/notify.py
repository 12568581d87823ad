"""Tell receivers how a run ended. Whatever becomes of that, the run stays what it was."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from orchestrator.engine.request import RunOutcome
from orchestrator.engine.scrub import Scrubber
from orchestrator.languages import _
from orchestrator.records.entities import Actor, NewRun

# How many failed hosts are named; the rest is on record.
NAMED = 20
# Most runs tell nobody: what it takes to is imported where somebody is told.
TOLD_BY = ("LIFECYCLE_NOTIFY_URL", "LIFECYCLE_NOTIFY_FILE")


def notify(
    about: NewRun, outcome: RunOutcome, scrubber: Scrubber | None = None, settings: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Tell whom the environment variables name, if any. Returns a note for a person for each who could not be told."""
    given = os.environ if settings is None else settings
    if not any(given.get(name) for name in TOLD_BY):
        return ()
    scrub = scrubber or Scrubber(())
    end = _("how run %(run)s ended") % {"run": outcome.run_id}
    try:
        from orchestrator.receivers.settings import receivers
        from orchestrator.receivers.tell import tell

        told: dict[str, Any] = scrub.tree(body(about, outcome))
        found, wrong = receivers(given)
        wanted = [one for one in found if one.wants(told)]
        answers = zip(wanted, tell(wanted, told), strict=True)
        notes = [
            _("not everybody was told %(end)s: %(error)s") % {"end": end, "error": error.line()} for error in wrong
        ]
        notes += [
            _("%(name)s was not told %(end)s: it %(why)s") % {"name": one.name, "end": end, "why": why}
            for one, why in answers
            if why is not None
        ]
        return tuple(note.mapped(scrub.text) for note in notes)
    except (Exception, KeyboardInterrupt) as error:
        # A run must not come to another end because nobody could be told of it, or because a person would not wait.
        return (_("nobody may have been told %(end)s (%(name)s)") % {"end": end, "name": type(error).__name__},)


def body(about: NewRun, outcome: RunOutcome) -> dict[str, Any]:
    """What is told. Keys are an interface: add, never rename."""
    return {
        "event": "run_ended",
        "run": outcome.run_id,
        "environment": about.environment,
        "phases": list(about.phases),
        "check": about.check,
        "operator": about.actor.operator,
        "controller": about.actor.host,
        "reason": about.reason,
        "status": str(outcome.status),
        "changed": outcome.changed,
        "exit_code": int(outcome.exit_code),
        "failures": [asdict(failure) for failure in outcome.failures[:NAMED]],
        "failures_in_all": len(outcome.failures),
    }


def trial(actor: Actor, settings: Mapping[str, str] | None = None) -> list[tuple[str, str, str | None]]:
    """Send everybody a trial message. Name, format, and why it could not be told; a mistake in the settings is one."""
    from orchestrator.receivers.settings import receivers
    from orchestrator.receivers.tell import tell

    found, wrong = receivers(os.environ if settings is None else settings)
    told = {"event": "trial", "operator": actor.operator, "controller": actor.host}
    answers = zip(found, tell(found, told), strict=True)
    return [
        *(("settings", "", error.line()) for error in wrong),
        *((one.name, one.format, why) for one, why in answers),
    ]
