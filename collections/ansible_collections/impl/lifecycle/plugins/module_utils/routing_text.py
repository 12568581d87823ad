# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A state of a gray release as text and back: what set.json holds. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, Mapping, Optional

from ansible_collections.impl.lifecycle.plugins.module_utils import layout as layouts
from ansible_collections.impl.lifecycle.plugins.module_utils import routing, way_back

SCHEMA = 1


def as_data(state: routing.State) -> Dict[str, Any]:
    """The state as plain data: what set.json holds and modules return."""

    def placed(value: Optional[routing.Placed]) -> Optional[Dict[str, str]]:
        return None if value is None else {"colour": value.colour, "version": value.version}

    data: Dict[str, Any] = {
        "schema": SCHEMA,
        "application": state.application,
        "stable": placed(state.stable),
        "candidate": placed(state.candidate),
        "previous": placed(state.previous),
        "weight": state.weight,
        "buckets": sorted(state.users.buckets),
        "pilots": sorted(state.users.pilots),
        "protected": sorted(state.users.protected),
        "seed": state.seed,
    }
    # Only where there are any: a set without them keeps the name it had before they were known.
    if state.users.departments:
        data["departments"] = sorted(state.users.departments)
    if state.closed:
        data["closed"] = True
    if state.finish_on_old:
        data["finish_on_old"] = True
    if state.oldest_compatible is not None:
        data["oldest_compatible"] = way_back.as_data(state.oldest_compatible)
    if state.layout is not None:
        data["layout"] = layouts.as_data(state.layout)
    return data


def from_data(data: Mapping[str, Any]) -> routing.State:
    """The state that `as_data` described. Raises ValueError for anything else."""

    def placed(name: str) -> Optional[routing.Placed]:
        value = data[name]
        return None if value is None else routing.Placed(value["colour"], value["version"])

    try:
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']} is not the one this version reads ({SCHEMA})")
        users = routing.RoutingSet(
            frozenset(data["buckets"]),
            frozenset(data["pilots"]),
            frozenset(data["protected"]),
            frozenset(data.get("departments", ())),
        )
        places = (placed("stable"), placed("candidate"), placed("previous"))
        bound = way_back.from_data(data.get("oldest_compatible"))
        flags = (bool(data.get("closed", False)), bool(data.get("finish_on_old", False)))
        rows = layouts.from_data(data.get("layout"))
        state = routing.State(data["application"], *places, users, data["seed"], *flags, bound, rows)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a routing set: {error!r}") from error
    if state.weight != data.get("weight"):
        raise ValueError(f"weight {data.get('weight')} does not match its {state.weight} buckets")
    if state.candidate is not None and (state.stable is None or state.stable.colour == state.candidate.colour):
        raise ValueError("the candidate has no slot of its own beside the stable version")
    return state


def serialise(state: routing.State) -> str:
    """set.json: the same state gives the same bytes everywhere."""
    return json.dumps(as_data(state), indent=1, sort_keys=True) + "\n"


def parse(text: str) -> routing.State:
    """The state in a set.json."""
    try:
        return from_data(json.loads(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error


def set_id(state: routing.State) -> str:
    """The set's directory name: the weight for people, the digest so that equal states have equal names."""
    return f"w{state.weight:03d}-{hashlib.sha256(serialise(state).encode()).hexdigest()[:16]}"
