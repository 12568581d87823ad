"""Run by Alembic: migrate over the connection that orchestrator.records.migrate hands in."""

from __future__ import annotations

from alembic import context

from orchestrator.records.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most things of a table: Alembic copies it instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
