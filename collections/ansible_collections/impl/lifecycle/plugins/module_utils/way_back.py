# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether users may go back: which version can live with the database as it is now. Pure, and readable on the edge.

A rollback undoes nothing in the database. So what a release's manifest says about it (`database.oldest_compatible`)
stays true after that release is gone, and stands in the state of the edge as long as the database does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, Mapping, Optional

from ansible_collections.impl.lifecycle.plugins.module_utils.versions import older

WAY_OUT = (
    "accept_unsafe=REASON does it all the same and is kept on record "
    "(`--accept-unsafe REASON`, or `-e accept_unsafe=REASON` with the playbook)"
)


class Unsafe(ValueError):
    """Users would come to a version that cannot live with the database."""


@dataclass(frozen=True)
class OldestCompatible:
    """The oldest version that can live with the database. `where` names the manifest's line.

    `accepted`: why a person sent users to an older one all the same.
    """

    version: str
    where: str = ""
    accepted: str = ""

    def excludes(self, version: str) -> str:
        """Why `version` cannot live with the database; empty when it can."""
        if not older(version, self.version):
            return ""
        told = f" ({self.where}: database.oldest_compatible)" if self.where else ""
        return f"{version} cannot live with the database: the oldest version that can is {self.version}{told}"


def from_data(data: Optional[Mapping[str, Any]]) -> Optional[OldestCompatible]:
    """What `as_data` described."""
    return None if data is None else OldestCompatible(data["version"], data["where"], data["accepted"])


def as_data(oldest: OldestCompatible) -> Dict[str, str]:
    """The bound as plain data for set.json."""
    return {"version": oldest.version, "where": oldest.where, "accepted": oldest.accepted}


def raised(present: Optional[OldestCompatible], said: Optional[OldestCompatible]) -> Optional[OldestCompatible]:
    """The bound after a release said its own: it never falls, because nothing takes the expansion back."""
    if present is None or said is None:
        return present or said
    return said if older(present.version, said.version) else present


def unsafe_back(state: Any) -> str:
    """Why a rollback from this `routing.State` would do harm; empty when it would not, or would move nobody."""
    if state.oldest_compatible is None:
        return ""
    if state.candidate is None:
        goal = state.previous
    else:
        goal = state.stable if state.users.buckets or state.users.pilots or state.users.departments else None
    return "" if goal is None else state.oldest_compatible.excludes(goal.version)


def admit(state: Any, version: str, said: Optional[OldestCompatible], accept_unsafe: str = "") -> Any:
    """The state in which a release of `version` may begin, its bound taken in.

    Raises Unsafe when the version itself or the one that serves cannot live with the database; not for a version that
    is on its way or serves already: then the harm is done, and what is known about it is only kept.
    """
    bound = raised(state.oldest_compatible, said)
    placed = {place.version for place in (state.candidate, state.stable) if place is not None}
    if bound is not None and version not in placed:
        serves = [] if state.stable is None else [state.stable.version]
        reasons = [reason for one in (version, *serves) if (reason := bound.excludes(one))]
        if reasons and not accept_unsafe:
            raise Unsafe(f"{version} is not started: {'; '.join(reasons)}. {WAY_OUT}")
        bound = replace(bound, accepted=accept_unsafe) if reasons else bound
    return replace(state, oldest_compatible=bound)


def leave(state: Any, accept_unsafe: str = "") -> Optional[OldestCompatible]:
    """The bound that stands after the way back was taken. Raises Unsafe when it may not be."""
    reason = unsafe_back(state)
    if reason and not accept_unsafe:
        raise Unsafe(f"taking back is refused: {reason}. {WAY_OUT}")
    return replace(state.oldest_compatible, accepted=accept_unsafe) if reason else state.oldest_compatible
