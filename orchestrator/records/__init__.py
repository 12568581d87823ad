"""Schema, migrations and store: the only gateway to SQLite and PostgreSQL."""

from orchestrator.records.store import Store, default_address, open_store

__all__ = ["Store", "default_address", "open_store"]
