"""What one version consists of: `releases/<version>.yml` as models."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from orchestrator.delivery.shapes import Name, RelativePath, Section, Sha256, Text, Url, Version, mistake
from orchestrator.languages import _


class Sessions(StrEnum):
    """What becomes of a user's session when the user changes to another version."""

    SHARED = "shared"
    ISOLATED = "isolated"
    FINISH_ON_OLD = "finish_on_old"


class BackgroundJobs(StrEnum):
    """When a version may do work that no request asked for."""

    PROMOTED = "promoted"
    ALWAYS = "always"


class Artifact(Section):
    """The packaged file and its fingerprint."""

    path: RelativePath | None = Field(default=None, description="The file on the controller, relative to the manifest.")
    url: Url | None = Field(default=None, description="Where the app hosts fetch the file from, instead of `path`.")
    sha256: Sha256 = Field(description="Fingerprint of the file, as printed by `sha256sum`; checked on every host.")

    @model_validator(mode="after")
    def one_source(self) -> Artifact:
        if self.path and self.url:
            raise mistake("two_sources", _("'path' and 'url' are both given; keep the one the file comes from"))
        if not self.path and not self.url:
            raise mistake("no_source", _("neither 'path' nor 'url' says where the file comes from"))
        return self


class Review(Section):
    """A person's word for scripts that cannot be checked here."""

    by: Text = Field(description="Who read the scripts.")
    reason: Text = Field(description="Why what they do is harmless to the version before.")


class Database(Section):
    """Scripts that change the database for this version."""

    expand: Annotated[tuple[RelativePath, ...], Field(strict=False)] = Field(
        default=(),
        description="Scripts run before the version starts; the version before must be able to live with what they do.",
    )
    oldest_compatible: Version | None = Field(
        default=None,
        description="Oldest version of the application that can live with the database after `expand`; "
        "users are not sent to an older one.",
    )
    reviewed: Review | None = Field(
        default=None, description="Who answers for the parts of `expand` that are not understood and so not checked."
    )
    backup_before_expand: bool = Field(
        default=False, description="Whether the database is backed up, once for this version, before `expand` is run."
    )
    contract: Annotated[tuple[RelativePath, ...], Field(strict=False)] = Field(
        default=(),
        description="Scripts that remove what only older versions need; run by `lifecycle release close --contract`, "
        "each once, when the window after the promotion is closed. Nobody goes back after that.",
    )


class Manifest(Section):
    """`releases/<version>.yml`: what one version consists of."""

    schema_version: Literal[1] = Field(alias="schema", description="Version of this file's format; 1.")
    application: Name = Field(description="The application this is a version of; the same as in delivery.yml.")
    version: Version = Field(description="The version; the file is called after it.")
    artifact: Artifact = Field(description="The packaged file and its fingerprint.")
    database: Database = Field(default=Database(), description="Scripts that change the database for this version.")
    sessions: Annotated[Sessions, Field(strict=False)] = Field(
        default=Sessions.SHARED,
        description="What becomes of sessions between versions: `shared` (both read them), `isolated` (each its own), "
        "`finish_on_old` (a session ends on the version it began on).",
    )
    background_jobs: Annotated[BackgroundJobs, Field(strict=False)] = Field(
        default=BackgroundJobs.PROMOTED,
        description="When the version may do work that no request asked for: `promoted` (as the stable version only), "
        "`always` (as the candidate too).",
    )
