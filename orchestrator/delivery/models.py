"""What a client asked for: `delivery.yml` as models.

Every field says in its description what it means: docs/delivery.md and the published JSON Schema are made from these.
The playbooks read the same file without these models: a default here is the one they take, and what they take none for
is required.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from orchestrator.delivery.indexes import DatabasePolicy
from orchestrator.delivery.policy import ReleasePolicy
from orchestrator.delivery.shapes import (
    ContextPath,
    CookieName,
    Count,
    GroupName,
    Name,
    OsName,
    Port,
    Section,
    SlotPort,
    UrlPath,
    mistake,
)
from orchestrator.languages import _


class Health(Section):
    """How the application says that it is well."""

    path: UrlPath = Field(description="Path below the application's own address that answers when it is well.")
    status: Annotated[int, Field(ge=100, le=599)] = Field(default=200, description="HTTP status that means well.")
    timeout: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=60, description="Seconds a starting slot has to become well before the release is refused."
    )


class Slots(Section):
    """The two ports on every app host."""

    blue: SlotPort = Field(description="Port of the blue slot.")
    green: SlotPort = Field(description="Port of the green slot.")

    @model_validator(mode="after")
    def two_ports(self) -> Slots:
        if self.blue == self.green:
            raise mistake(
                "same_port", _("both slots use port %(port)s; the two versions run side by side") % {"port": self.blue}
            )
        return self


class Application(Section):
    """The packaged software that is delivered."""

    name: Name = Field(
        description="Name of the application; becomes part of units, directories and addresses on the hosts."
    )
    context_path: ContextPath = Field(description="Where the application lives below the site: `/` or `/clinic`.")
    health: Health = Field(description="How the application says that it is well.")
    slots: Slots = Field(description="The ports of the two slots on every app host.")
    slots_at_once: Literal[1, 2] = Field(
        default=2,
        description="How many slots an app host has memory for. With 1 the hosts change one after another during a "
        "release, and taking it back takes minutes for all of them.",
    )
    session_cookie: CookieName = Field(default="JSESSIONID", description="Cookie that carries the session.")


class GroupMinimum(Section):
    """The least a host of a group must have."""

    cpus: Count | None = Field(default=None, description="Processors a host must have.")
    memory_mb: Count | None = Field(default=None, description="RAM in MB a host must have.")
    disk_free_mb: Count | None = Field(default=None, description="Free MB needed where the service keeps its data.")
    ports_free: Annotated[tuple[Port, ...], Field(strict=False)] = Field(
        default=(), description="Ports nobody but this delivery may be listening on."
    )


class Reach(Section):
    """A connection that must be possible between two groups of hosts."""

    source: GroupName = Field(alias="from", description="Inventory group the connection starts from.")
    target: GroupName = Field(alias="to", description="Inventory group that is connected to.")
    port: Port = Field(description="TCP port that must answer.")


class Requirements(Section):
    """What `lifecycle run preflight` checks on every host."""

    os: Annotated[tuple[OsName, ...], Field(strict=False, min_length=1)] = Field(
        default=("Debian 12", "Debian 13"), description="Operating systems that are accepted."
    )
    time_offset_seconds: Annotated[float, Field(gt=0)] = Field(
        default=2, description="Largest accepted difference between a host's clock and the controller's."
    )
    groups: dict[GroupName, GroupMinimum] = Field(
        default={}, description="Per inventory group, the least each host must have."
    )
    reach: Annotated[tuple[Reach, ...], Field(strict=False)] = Field(
        default=(), description="Connections that must be possible between hosts."
    )


class Capacity(Section):
    """The load the client expects."""

    users: Count | None = Field(default=None, description="Users at work at the same time.")
    requests_per_second: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Requests a second at the busiest hour."
    )


class ServiceLevels(Section):
    """What was promised to the client."""

    availability_percent: Annotated[float, Field(gt=0, le=100)] | None = Field(
        default=None, description="Share of requests that must be answered without an error."
    )
    p95_ms: Count | None = Field(
        default=None, description="95 of 100 requests are answered within so many milliseconds."
    )


class Delivery(Section):
    """`delivery.yml`: what the client asked for."""

    schema_version: Literal[1] = Field(alias="schema", description="Version of this file's format; 1.")
    client: Name = Field(description="The client's short name.")
    stage: Name = Field(description="Which of the client's environments this is: test, production, ...")
    application: Application = Field(description="The packaged software that is delivered.")
    requirements: Requirements = Field(
        default=Requirements(), description="What `lifecycle run preflight` checks on every host."
    )
    capacity: Capacity = Field(default=Capacity(), description="The load the client expects.")
    service_levels: ServiceLevels = Field(default=ServiceLevels(), description="What was promised to the client.")
    database: DatabasePolicy = Field(default=DatabasePolicy(), description="What is asked of the database.")
    release: ReleasePolicy = Field(default=ReleasePolicy(), description="How a new version comes to the users.")
