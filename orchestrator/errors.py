"""The one family of errors a person sees: what is wrong, where, and what to do.

`orchestrator.cli.main` is the only place that turns one of these into a line and an exit code.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from orchestrator.languages import Phrase, _, flat


class ExitCode(IntEnum):
    """What `lifecycle` tells the shell. Documented in README.md; a new one needs a decision."""

    DONE = 0
    REFUSED = 1
    HOST_FAILED = 2
    TAKEN_BACK = 3
    UNREACHABLE = 4
    DRIFTED = 5
    INTERRUPTED = 99


class LifecycleError(Exception):
    """Something a person can understand and mend.

    `what` is one sentence, `where` is file:line, a host or a variable, `remedy` says what to do next. As a string an
    error is English, in records and for programs; `line` and `lines` are phrases that `cli` tells in other languages.
    """

    exit_code: ExitCode = ExitCode.REFUSED

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(self.line())

    def line(self) -> Phrase:
        """The error as one line: `where: what; remedy`, without the parts that are empty."""
        text: str = self.what
        if self.where:
            text = _("%(where)s: %(what)s") % {"where": self.where, "what": text}
        if self.remedy:
            text = _("%(what)s; %(remedy)s") % {"what": text, "remedy": self.remedy}
        return flat(text)

    def lines(self) -> tuple[Phrase, ...]:
        """What the terminal shows: one line, or one for each mistake where several were found at once."""
        return (self.line(),)


class UsageError(LifecycleError):
    """The command line asks for something that does not exist or does not fit together."""


class DeliveryError(LifecycleError):
    """A delivery.yml or a release manifest that cannot be used. `where` is file:line.

    A file is read to its end before it is refused: `problems` holds one finished line for each mistake.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "", problems: Sequence[Phrase] = ()) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.problems = tuple(problems) or (super().line(),)

    @classmethod
    def of(cls, problems: Sequence[DeliveryError]) -> DeliveryError:
        """One error out of several found in the same file; `problems` is not empty."""
        first = problems[0]
        lines = [line for problem in problems for line in problem.problems]
        return cls(first.what, where=first.where, remedy=first.remedy, problems=lines)

    def line(self) -> Phrase:
        """The first mistake, and how many more there are."""
        more = len(getattr(self, "problems", ())) - 1
        first = super().line()
        return _("%(first)s (and %(more)s more)") % {"first": first, "more": more} if more > 0 else first

    def lines(self) -> tuple[Phrase, ...]:
        return self.problems


class InventoryError(LifecycleError):
    """An environment directory that is missing or incomplete. `where` is the path."""


class EngineError(LifecycleError):
    """A run that could not be carried on for a reason on this machine."""


class PlanError(LifecycleError):
    """A plan that may not be approved or applied as it is."""


class LockedError(LifecycleError):
    """Another run holds this environment."""


class KeptError(LockedError):
    """A lost run's lock, which only a person takes away: waiting for it is in vain."""


class QueueError(LifecycleError):
    """There can be no queue here, or a job of it is not what it was taken for."""


class LabError(LifecycleError):
    """The test hosts cannot be brought up or taken down."""


class ReleaseError(LifecycleError):
    """A release step that is not allowed in the release's present state."""


class ReportError(LifecycleError):
    """A report that cannot be made: nothing is on record for it, its library is missing, or it cannot be written."""


class StoreError(LifecycleError):
    """The records cannot be read or written."""
