"""What the playbooks `tune` and `tune_plan` told of one host, as the records hold it. Pure.

Records outlive versions: what a later version tells in addition has a default here, and what is not needed is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from orchestrator.errors import ReportError
from orchestrator.languages import _
from orchestrator.reports.words import clean

# Everything that is shown passes through `clean` here, so that no later place can forget it.
Text = Annotated[str, BeforeValidator(clean)]
Tuned = Mapping[Text, Mapping[Text, Text]]
Told = TypeVar("Told")


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Machine(Part):
    """`disk_mb`: size of the file system with the data, None when it is not known. `disk_source`: who says so."""

    ram_mb: int = Field(gt=0)
    cores: int
    disk: Text
    profile: Text
    disk_mb: int | None = None
    disk_source: Text = ""


class Share(Part):
    mb: int = Field(ge=0)
    why: Text = ""
    source: Text = ""
    arithmetic: Text = ""


class Budget(Part):
    ram_mb: int = Field(gt=0)
    reserve_mb: int = Field(ge=0)
    reserve_why: Text = ""
    unassigned_mb: int = Field(ge=0)
    arithmetic: Text
    shares: Mapping[Text, Share]


class Setting(Part):
    name: Text
    value: Text
    why: Text
    source: Text
    given: bool = False


class Plan(Part):
    """lifecycle_tuning of one host."""

    machine: Machine
    budget: Budget
    settings: Mapping[Text, tuple[Setting, ...]]


class Series(Part):
    before: tuple[FiniteFloat, ...] = ()
    after: tuple[FiniteFloat, ...] = ()


class Evidence(Part):
    """lifecycle_evidence of one service on one host. Medians and rounds are of the unit's kind.

    `broken`: why it could not be measured with the new values, which is why they are worse.
    """

    verdict: Text
    before: FiniteFloat
    after: FiniteFloat
    ratio: FiniteFloat | None = None
    p: FiniteFloat
    series: Series
    tool: Text = ""
    unit: Text = ""
    higher_is_better: bool | None = None
    broken: Text = ""

    @property
    def rises(self) -> bool:
        """Whether more is better. Records before there was `higher_is_better` say it by their unit."""
        return not self.unit.startswith("ms") if self.higher_is_better is None else self.higher_is_better


def read(kind: type[Told] | Any, found: Any, run_id: int, what: str) -> Told:
    """`found` as `kind`. Raises ReportError with the run and the first thing that is wrong."""
    try:
        told: Told = TypeAdapter(kind).validate_python(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(clean(part) for part in first["loc"])
        raise ReportError(
            _("what it told as %(what)s cannot be read: %(place)s: %(msg)s")
            % {"what": what, "place": place, "msg": first["msg"]},
            where=f"run {run_id}",
            remedy=_("run `lifecycle run tune` again"),
        ) from error
    return told
