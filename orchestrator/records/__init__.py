"""Schema, migrations and store: the only gateway to SQLite and PostgreSQL."""

from orchestrator.records.store import Store, open_store

__all__ = ["Store", "open_store"]
