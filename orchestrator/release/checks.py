"""What is asked of a release's files, and of the hosts, before anything is done."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from orchestrator.delivery import Environment, artifact_path, load_manifest
from orchestrator.delivery.manifest import Manifest
from orchestrator.errors import LifecycleError, ReleaseError
from orchestrator.languages import _
from orchestrator.records.entities import Release, ReleaseState

IN_TURN: Final = _(
    "application.slots_at_once is 1: the hosts change to it one after another, drained before; a rollback sends users"
    " back at once, to the hosts that still run the version before, and takes minutes for the others"
)


def right_artifact(environment: Environment, manifest: Manifest) -> None:
    """Refuse a file on the controller that is not the one the manifest means, before any host is touched."""
    file = artifact_path(environment, manifest)
    if file is None:
        return
    with file.open("rb") as artifact:
        found = hashlib.file_digest(artifact, "sha256").hexdigest()
    if found != manifest.artifact.sha256:
        raise ReleaseError(
            _("the artifact has sha256 %(found)s, but the manifest says %(sha256)s")
            % {"found": found, "sha256": manifest.artifact.sha256},
            where=str(file),
            remedy=_("fetch the right file, or correct the manifest if this is the one that was approved"),
        )


def same_artifact(environment: Environment, release: Release) -> None:
    """Refuse to widen something else than what was staged."""
    sha256 = load_manifest(environment, release.version).artifact.sha256
    if release.artifact_sha256 and sha256 != release.artifact_sha256:
        raise ReleaseError(
            _("the manifest of %(version)s names another artifact than the one that was staged")
            % {"version": release.version},
            where=str(environment.manifest_path(release.version)),
            remedy=_("give the other artifact a version of its own"),
        )


def worth_knowing(environment: Environment, manifest: Manifest) -> tuple[str, ...]:
    """What a person should know before the version starts. Raises ReleaseError for what would do harm."""
    # Imported here: the SQL parser takes half a second to load, and only a start needs it.
    from orchestrator.delivery.scripts import check_scripts, mixing

    in_turn = (IN_TURN,) if environment.delivery.application.slots_at_once == 1 else ()
    return (*in_turn, *check_scripts(environment, manifest), *mixing(environment, manifest))


def has_contract(environment: Environment, version: str) -> bool:
    """Whether scripts wait for the window to close. A version found on the edge may have no manifest here."""
    try:
        return bool(load_manifest(environment, version).database.contract)
    except LifecycleError:
        return False


def refuse_to_start_before(release: Release, edge: Mapping[str, Any] | None) -> None:
    """Where hosts run one slot at a time, a version that has no host any more comes back as a release, host by host."""
    told = edge or {}
    if release.state is ReleaseState.PROMOTED and told.get("closed") and told.get("previous"):
        before = told["previous"]["version"]
        raise ReleaseError(
            _("no host runs %(before)s any more, and a host runs one slot at a time: going back takes minutes")
            % {"before": before},
            remedy=_("`lifecycle release start %(before)s` brings it in host by host") % {"before": before},
        )
