"""How a new version comes to the users: `release` in delivery.yml as models."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler, field_validator, model_validator
from pydantic_core import CoreSchema

from orchestrator.delivery.shapes import (
    CookieName,
    DepartmentName,
    HeaderName,
    HeaderValue,
    Percent,
    Section,
    UserId,
    mistake,
)
from orchestrator.languages import _


class Mode(StrEnum):
    """Who decides that a step is over."""

    AUTO = "auto"
    GATED = "gated"
    OBSERVE = "observe"


class Step(Section):
    """One share of the users, and what it has to show before the next one."""

    weight: Percent = Field(description="Percent of the users who get the candidate in this step.")
    soak_minutes: Annotated[float, Field(ge=0, le=10080)] = Field(
        default=10, description="Minutes the step lasts at least."
    )
    requests: Annotated[int, Field(ge=0)] = Field(
        default=200, description="Requests the candidate must have answered in this step."
    )
    users: Annotated[int, Field(ge=0)] = Field(
        default=3, description="Different users the candidate must have served in this step."
    )
    longest_minutes: Annotated[float, Field(gt=0, le=43200)] = Field(
        default=240, description="Minutes after which a person is asked if the evidence is still not enough."
    )

    @model_validator(mode="before")
    @classmethod
    def percent_alone(cls, value: Any) -> Any:
        """`10` is short for `{weight: 10}`."""
        return value if isinstance(value, dict | list | None | Step) else {"weight": value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        whole = handler.resolve_ref_schema(handler(core))
        return {"description": cls.__doc__, "anyOf": [{"type": "integer", "minimum": 1, "maximum": 100}, whole]}

    @model_validator(mode="after")
    def time_to_soak(self) -> Step:
        if self.longest_minutes < self.soak_minutes:
            raise mistake(
                "times",
                _("longest_minutes is %(longest)s, which is less than soak_minutes %(soak)s")
                % {"longest": f"{self.longest_minutes:g}", "soak": f"{self.soak_minutes:g}"},
            )
        return self


class Identity(Section):
    """How the edge tells one user from another. At most one is given; none means the edge's own cookie."""

    cookie: CookieName | None = Field(default=None, description="The application's own cookie that names the user.")
    header: HeaderName | None = Field(
        default=None, description="A request header, set by a trusted proxy, that names the user."
    )

    @model_validator(mode="after")
    def one_source(self) -> Identity:
        if self.cookie and self.header:
            raise mistake("two_identities", _("a user is named by a cookie or by a header, not by both"))
        return self


class Department(Section):
    """Users who belong together: those whose request carries a header, or who come from a network."""

    name: DepartmentName = Field(description="What people call it; shown in status and log.")
    header: HeaderName | None = Field(
        default=None, description="Request header, set by a trusted proxy, that tells it."
    )
    value: HeaderValue | None = Field(default=None, description="The header's value for this department.")
    networks: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="Client networks of this department, such as `10.20.0.0/16`."
    )

    @field_validator("networks")
    @classmethod
    def are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            try:
                ip_network(network)
            except ValueError as error:
                raise mistake(
                    "network", _("must be networks such as 10.20.0.0/16, not '%(value)s'") % {"value": network}
                ) from error
        return networks

    @model_validator(mode="after")
    def one_sign(self) -> Department:
        if (self.header is None) != (self.value is None):
            raise mistake("department", _("'header' and 'value' go together"))
        if (self.header is None) == (not self.networks):
            raise mistake("department", _("a department is told by 'header' and 'value', or by 'networks'"))
        return self

    def parsed(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks, as the validator has accepted them."""
        return tuple(ip_network(network) for network in self.networks)


class GuardPolicy(Section):
    """How a candidate is judged: by a guard on the edge, and by `lifecycle release replay`."""

    false_alarm_percent: Annotated[float, Field(gt=0, le=10)] = Field(
        default=1, description="Chance, in percent a release, that a harmless version is taken back."
    )
    margin: Annotated[float, Field(ge=1, le=10)] = Field(
        default=1.5,
        description="The candidate is harmful when it fails more than so many times as often. Meant for ten users, who "
        "may just be unlucky ones; with more of them what is above 1 shrinks as their number grows.",
    )
    lease_minutes: Annotated[float, Field(ge=0, le=43200)] = Field(
        default=0,
        description="An open step falls back when no controller has looked after it for so long; 0 waits for ever.",
    )


class ReleasePolicy(Section):
    """How a new version comes to the users."""

    mode: Annotated[Mode, Field(strict=False)] = Field(
        default=Mode.GATED,
        description="Who ends a step: `gated` (a person approves each), `auto` (the evidence does), `observe` (the "
        "guard judges and never acts; a person approves).",
    )
    steps: Annotated[tuple[Step, ...], Field(strict=False, min_length=1)] = Field(
        default=(Step(weight=10), Step(weight=50), Step(weight=100)),
        description="The shares in which the users get the candidate; a percent alone is short for its `weight`. The "
        "last is 100.",
    )
    pilots: Annotated[tuple[UserId, ...], Field(strict=False)] = Field(
        default=(), description="Users who get the candidate from the first step on."
    )
    departments: Annotated[tuple[Department, ...], Field(strict=False)] = Field(
        default=(), description="Departments that get the candidate from the first step on."
    )
    protected: Annotated[tuple[UserId, ...], Field(strict=False)] = Field(
        default=(), description="Users who keep the stable version until promotion."
    )
    identity: Identity = Field(default=Identity(), description="How the edge tells one user from another.")
    guard: GuardPolicy = Field(default=GuardPolicy(), description="How the guard on the edge judges.")
    bad_feedback: Annotated[int, Field(ge=1)] = Field(
        default=2, description="Bad verdicts of pilot users or the client that hold the release."
    )
    keep: Annotated[int, Field(ge=2, le=50)] = Field(
        default=3, description="Versions kept on the app hosts; at least the stable one and the one before it."
    )
    capacity_percent: Annotated[float, Field(ge=100, le=1000)] = Field(
        default=100,
        description="Percent of the users that all app hosts together can carry: at 100 a step's weight may not exceed "
        "the share of the hosts that run the candidate well, at 150 two of three hosts carry everybody.",
    )
    window_minutes: Annotated[float, Field(ge=0, le=525600)] = Field(
        default=1440,
        description="Minutes after a promotion in which the version before stays warm, so that going back is a rename.",
    )
    mix_versions: bool = Field(
        default=True,
        description="Whether the other colour may answer when a slot is down; "
        "false when two versions must never serve the same user.",
    )

    @field_validator("steps")
    @classmethod
    def rising_to_all(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        for before, after in pairwise(step.weight for step in steps):
            if after <= before:
                raise mistake(
                    "steps",
                    _("each step must be larger than the one before it, but %(after)s follows %(before)s")
                    % {"before": before, "after": after},
                )
        if steps[-1].weight != 100:
            raise mistake("steps", _("the last step must be 100, not %(last)s") % {"last": steps[-1].weight})
        return steps

    @model_validator(mode="after")
    def pilots_are_not_protected(self) -> ReleasePolicy:
        both = sorted(set(self.pilots) & set(self.protected))
        if both:
            raise mistake("cohorts", _("%(users)s cannot be both pilot and protected") % {"users": ", ".join(both)})
        names = [department.name for department in self.departments]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise mistake("departments", _("two departments are called %(name)s") % {"name": twice})
        return self
