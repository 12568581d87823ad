"""locks that a person took away

Revision: 0002
Follows: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lock_release",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("environment", sa.String(length=200), nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("held_by", sa.String(length=200), nullable=False),
        sa.Column("held_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_for", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_lock_release_run_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lock_release")),
    )
    with op.batch_alter_table("lock_release", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lock_release_environment"), ["environment"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("lock_release", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lock_release_environment"))

    op.drop_table("lock_release")
