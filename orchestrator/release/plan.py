"""The steps in which a version reaches the users. Pure: percents in, percents out."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.errors import ReleaseError
from orchestrator.languages import _

ALL_USERS = 100


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Rising percents that end in 100, as `release.steps` of delivery.yml has them."""

    steps: tuple[int, ...]

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip((0, *self.steps), self.steps, strict=False))
        if not rising or self.steps[-1:] != (ALL_USERS,):
            raise ValueError(f"steps must rise from above 0 to 100, not {self.steps}")

    def done(self, weight: int) -> tuple[int, ...]:
        """The steps that `weight` has reached."""
        return tuple(step for step in self.steps if step <= weight)

    def next_after(self, weight: int) -> int | None:
        """The step that follows `weight`; None when all users are reached."""
        return next((step for step in self.steps if step > weight), None)

    def target(self, present: int, wanted: int | None) -> int:
        """The weight to go to from `present`: the one `wanted`, else the next step.

        Raises ReleaseError when that would not be wider: taking users back is a rollback, not a step.
        """
        weight = self.next_after(present) if wanted is None else wanted
        if weight is None:
            raise ReleaseError(_("all users already have it"), remedy=_("promote it, or roll it back"))
        if not 1 <= weight <= ALL_USERS:
            raise ReleaseError(_("a weight is a percent from 1 to 100, not %(weight)s") % {"weight": weight})
        if weight == present:
            raise ReleaseError(
                _("%(present)s %% of the users already have it") % {"present": present}, remedy=self._wider(present)
            )
        if weight < present:
            raise ReleaseError(
                _("%(weight)s %% is less than the %(present)s %% who have it now")
                % {"weight": weight, "present": present},
                remedy=_("to take users back, use `lifecycle release rollback`; %(wider)s")
                % {"wider": self._wider(present)},
            )
        return weight

    def _wider(self, present: int) -> str:
        following = self.next_after(present)
        return _("the next step is %(following)s %%") % {"following": following} if following else _("promote it")
