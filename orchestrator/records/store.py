"""The store: open it, and everything on record is read and written through it."""

from __future__ import annotations

import os

from orchestrator.errors import StoreError
from orchestrator.languages import _
from orchestrator.paths import state_dir
from orchestrator.records.evidence import Evidences
from orchestrator.records.gateway import connect, told
from orchestrator.records.latest import Latest
from orchestrator.records.liveness import is_dead_here
from orchestrator.records.locks import Locks
from orchestrator.records.migrate import upgrade
from orchestrator.records.plans import Plans
from orchestrator.records.pruning import Pruning
from orchestrator.records.reading import Reading
from orchestrator.records.releases import Releases
from orchestrator.records.shared import Shared

ELSEWHERE = _("name another directory in LIFECYCLE_VAR")


class Store(Locks, Shared, Plans, Releases, Evidences, Latest, Pruning, Reading):
    """Runs, results, locks, plans, releases, evidence and what is known of hosts, in SQLite or PostgreSQL."""

    def settle(self) -> list[int]:
        """Mark the runs whose process on this host is dead as lost, and say which: nothing stays `running` for ever."""
        lost = [run.id for run in self.running() if is_dead_here(run.about.actor)]
        if lost:
            self.mark_lost(lost)
        return lost


def open_store(url: str | None = None) -> Store:
    """Open the records at `url`, else where they are by default.

    Brings the schema to this version's, and settles what a killed process left open.
    """
    store = Store(connect(url or default_address()))
    with told(store.address):
        upgrade(store._engine)
    store.settle()
    return store


def default_address() -> str:
    """Where the records are: LIFECYCLE_DATABASE_URL, else SQLite in the state directory."""
    given = os.environ.get("LIFECYCLE_DATABASE_URL")
    if given:
        return given
    file = state_dir() / "lifecycle.db"
    if "?" in str(file):
        # There an address ends, and the records would be made somewhere else.
        raise StoreError(_("no records can be kept below a name with '?'"), where=str(file), remedy=ELSEWHERE)
    return f"sqlite:///{file}"
