# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that is found in one database, and what cannot be judged in it. Pure."""

from __future__ import annotations

from typing import Any, List, Mapping

from ansible_collections.impl.lifecycle.plugins.module_utils import index_judging, table_judging
from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import Catalog, Finding

# What the report modules are asked for, whatever the server.
ARGUMENTS = {
    "databases": {"type": "list", "elements": "str", "default": []},
    "unused_after_days": {"type": "float", "default": 30},
    "bloat_percent": {"type": "float", "default": 40},
    "bloat_mb": {"type": "float", "default": 16},
    "statements": {"type": "int", "default": 10},
}


def found_in(catalog: Catalog, dialect: Any, params: Mapping[str, Any], reads_elsewhere: bool) -> List[Finding]:
    """Everything that is found in one database, the most urgent first. `params` as in ARGUMENTS."""
    return [
        *index_judging.missing(catalog, dialect),
        *index_judging.invalid(catalog, dialect),
        *index_judging.duplicates(catalog, dialect),
        *index_judging.unused(catalog, dialect, params["unused_after_days"], reads_elsewhere),
        *table_judging.keyless(catalog, dialect),
        *table_judging.bloated(catalog, dialect, params["bloat_percent"], int(params["bloat_mb"] * 1024**2)),
    ]


def notes_on(catalog: Catalog, params: Mapping[str, Any]) -> List[str]:
    """What cannot be judged in this database yet; nothing about one without tables."""
    if not catalog.tables:
        return []
    notes, after_days = [], params["unused_after_days"]
    if catalog.days is None:
        notes.append(f"{catalog.database}: nobody knows since when reads are counted, so no index is called unused")
    elif catalog.days < after_days:
        notes.append(
            f"{catalog.database}: reads have been counted for {catalog.days:.1f} days; which index is unused is said "
            f"after {after_days:g}"
        )
    tables = [one for one in catalog.tables if not one.partitioned and one.bytes >= params["bloat_mb"] * 1024**2]
    unknown = [one.name for one in tables if one.heap is None and one.spare is None and one.rows != 0]
    if unknown:
        named = ", ".join(unknown[:5]) + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else "")
        notes.append(f"{catalog.database}: how much of {named} is bloat is said after an ANALYZE")
    return notes
