"""What is left of the version before, once a release is promoted: going back to it, and closing its window."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from orchestrator.errors import ReleaseError
from orchestrator.languages import _
from orchestrator.records.entities import Release, ReleaseState
from orchestrator.release import window
from orchestrator.release.journal import Journal

ROLL_BACK: Final = _("roll back")


def promoted_with_a_way_back(journal: Journal, what: str = ROLL_BACK) -> Release:
    """The stable version, when the edge said last that there is one before it to go back to."""
    told = journal.last_truth() or {}
    stable, previous = told.get("stable") or {}, told.get("previous")
    promoted = [release for release in journal.all() if release.state is ReleaseState.PROMOTED]
    release = next((r for r in promoted if r.version == stable.get("version")), None)
    if release is None:
        raise ReleaseError(
            _("nothing to %(what)s") % {"what": what}, remedy=_("`lifecycle release status --live` asks the edge")
        )
    if previous is None:
        raise ReleaseError(
            _("nothing to %(what)s: no version before %(version)s is kept")
            % {"what": what, "version": release.version},
            remedy=_("start the older version as a release"),
        )
    return release


def promoted_to_close(journal: Journal, minutes: float, moment: datetime, *, at_once: bool) -> Release:
    """The stable version whose window may be closed. Raises ReleaseError while it is open, unless `at_once`."""
    present = journal.open()
    if present:
        raise ReleaseError(
            _("%(version)s is on its way in the slot of the version before") % {"version": present.version},
            remedy=_("there is nothing to close until it is promoted"),
        )
    release = promoted_with_a_way_back(journal, _("close"))
    told = journal.last_truth() or {}
    until = window.end(told, minutes)
    if until and until > moment and not at_once:
        raise ReleaseError(
            _("%(version)s is kept warm until %(until)s")
            % {"version": told["previous"]["version"], "until": f"{until.astimezone():%Y-%m-%d %H:%M}"},
            remedy=_("`lifecycle release close --now` closes the window at once"),
        )
    return release
