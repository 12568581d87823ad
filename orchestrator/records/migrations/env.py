"""Run by Alembic: migrate over the connection that orchestrator.records.migrate hands in."""

from __future__ import annotations

from alembic import context

from orchestrator.records.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most things of a table: Alembic copies it instead. Never do that to a table that others refer
    # to: foreign keys are on, and dropping the old copy would delete every row that hangs on it. Add columns by SQL.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
