# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What fits the state of a release but not the world: a cold way back, an open window, a version the guard holds."""

from __future__ import annotations

import datetime
from typing import Any, Dict, Mapping

from ansible_collections.impl.lifecycle.plugins.module_utils import routing, routing_hold, warmth
from ansible_collections.impl.lifecycle.plugins.module_utils.routing_store import Store


class Refused(ValueError):
    """The action does not fit what is in force."""


class Cold(Refused):
    """The version before is not warm any more; its slot has to be started on the hosts `cold`."""

    def __init__(self, version: str, cold: Dict[str, str]) -> None:
        self.cold = cold
        told = "; ".join(f"{host}: {why}" for host, why in sorted(cold.items()))
        super().__init__(f"the previous version {version} is not warm any more ({told})")


def cold(before: routing.State, options: Mapping[str, Any]) -> Dict[str, str]:
    """Where the slot of the version before has to be started, if everybody is to go back to it."""
    back = routing.goes_back(before)
    if back is None or before.stable is None:
        return {}
    warm, status = options["warm"], options["warm_status"]
    return warmth.to_start(warm.get(back.colour, {}), warm.get(before.stable.colour, {}), status)


def require_fit(store: Store, before: routing.State, options: Mapping[str, Any]) -> None:
    """Refuse what fits the state but not the world: a way back that is cold, a window that is still open."""
    if options["action"] == "rollback" and routing.goes_back(before, options["version"]):
        stopped = cold(before, options)
        if stopped:
            raise Cold(before.previous.version, stopped)
    if options["action"] == "close" and before.previous and not before.closed and options["window_minutes"] > 0:
        until = warmth.window_end(store.flipped_at(), options["window_minutes"])
        if until > datetime.datetime.now(datetime.timezone.utc):
            raise Refused(f"{before.previous.version} is kept warm until {until:%Y-%m-%d %H:%M} UTC")


def require_free(store: Store, before: routing.State, version: str) -> None:
    """Refuse to send users to a version that the guard took back here."""
    version = version or (before.candidate.version if before.candidate else "")
    held = routing_hold.read(store.root).get(version)
    if held is not None:
        when = datetime.datetime.fromtimestamp(held.at, datetime.timezone.utc).isoformat(" ", "minutes")
        raise Refused(
            f"the guard took {version} back on {when}: {held.reason}. It stays back until a person lets it go"
            " (release.yml with -e again=true, or routing_set with `action: let_go`)"
        )
