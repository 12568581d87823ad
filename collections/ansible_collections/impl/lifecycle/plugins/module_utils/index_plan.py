# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to be done so that an index which is asked for is there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence

from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import Index

PRESENT, CREATE, MEND = "present", "create", "mend"


class Refused(ValueError):
    """The index cannot be had as it is asked for; why, and what to do, in one sentence."""


@dataclass(frozen=True)
class Step:
    """`action`: PRESENT (`index` is it already), CREATE, or MEND (drop what is left of `index` and build it again)."""

    action: str
    index: Optional[Index] = None


def step_for(name: str, asked: Index, existing: Sequence[Index], holder: str = "") -> Step:
    """What to do for the index `name`, which the server would write as `asked`.

    `existing`: the indexes of its table. `holder`: the table whose index has this name, or what else has it; "" when
    the name is free. An index that is the same under another name is enough. What an interrupted build has left under
    this name is dropped and built again, unless it is being built now. Raises Refused.
    """
    found = next((index for index in existing if index.valid and same(index, asked)), None)
    if found is not None:
        return Step(PRESENT, found)
    named = next((index for index in existing if index.name == name), None)
    if named is None:
        if holder:
            raise Refused(f"the name {name} is taken by {holder}; give this index another one")
        return Step(CREATE)
    if named.building:
        raise Refused(f"{name} is being built at this moment; run this again when that has ended")
    if not same(named, asked):
        state = "" if named.valid else " and not finished"
        raise Refused(f"there is another index {name} on {_keys(named)}{state}; drop it, or give this one another name")
    return Step(MEND, named)


def same(index: Index, asked: Index) -> bool:
    """Whether an index does what is asked for: the same keys and rows, and unique where that is asked."""
    alike = index.method == asked.method and index.keys == asked.keys and index.predicate == asked.predicate
    return alike and (index.unique or not asked.unique)


def _keys(index: Index) -> str:
    listed = ", ".join(column or "an expression" for column in index.columns)
    return f"({listed}) where {index.predicate}" if index.predicate else f"({listed})"
