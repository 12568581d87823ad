"""Frees addresses that podman holds for containers that do not run.

A host stopped by a podman with another network backend (a plain `podman stop` where the machine's own setting is CNI)
keeps its address reserved: podman looks for the lab's network in the wrong place, and refuses the next start.
"""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.errors import LabError
from orchestrator.lab.podman import Container, Podman
from orchestrator.languages import _

# Where netavark's part of podman keeps its reservations; made anew when missing, emptied by every boot.
RESERVATIONS = Path("/run/containers/networks/ipam.db")
HELD = re.compile(r"requested ip address (\S+) is already allocated to container ID ([0-9a-f]{12,})")


def free(words: str, podman: Podman, reservations: Path = RESERVATIONS) -> bool:
    """Whether podman's `words` told of an address held for a container that does not run, which is free now.

    podman has no verb that gives back one address, only the whole memory can go. Running hosts keep working without
    it, because the lab's addresses are fixed; a stranger's container could lose its address to another one, so none
    may run. Raises LabError if one does.
    """
    told = HELD.search(words)
    if told is None:
        return False
    address, holder = told.groups()
    running = [container for container in podman.containers().values() if container.state in ("running", "paused")]
    if any(matches(container, holder) for container in running):
        return False
    strangers = sorted(container.name for container in running if container.lab is None)
    if strangers:
        raise LabError(
            _("podman still holds %(address)s for a container that does not run") % {"address": address},
            where=str(reservations),
            remedy=_("stop %(strangers)s, remove this file, and run lifecycle lab up again")
            % {"strangers": ", ".join(strangers)},
        )
    reservations.unlink(missing_ok=True)
    return True


def matches(container: Container, holder: str) -> bool:
    """Whether `holder` is the long or the short id of the container."""
    return container.identity.startswith(holder) or holder.startswith(container.identity)
