"""results without foreign keys that nothing is found by

A step or a text that goes would make the database read all results, a million times over when many go. Nothing refers
to `result`, so SQLite's copy of it loses nothing.

Revision: 0006
Follows: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEYS = (
    ("step_id", "step", "id", "CASCADE"),
    ("diff", "content", "digest", None),
    ("output", "content", "digest", None),
)


def upgrade() -> None:
    with op.batch_alter_table("result", schema=None) as batch_op:
        for column, _, _, _ in KEYS:
            batch_op.drop_constraint(batch_op.f(f"fk_result_{column}"), type_="foreignkey")
    op.create_index(op.f("ix_evidence_content"), "evidence", ["content"])


def downgrade() -> None:
    op.drop_index(op.f("ix_evidence_content"), "evidence")
    with op.batch_alter_table("result", schema=None) as batch_op:
        for column, table, key, on_delete in KEYS:
            name = batch_op.f(f"fk_result_{column}")
            batch_op.create_foreign_key(name, table, [column], [key], ondelete=on_delete)
