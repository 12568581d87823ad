"""which run a run resumes, and whether a step ran through

Revision: 0003
Follows: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE run ADD COLUMN resumes INTEGER")
    op.execute("ALTER TABLE step ADD COLUMN ran_through BOOLEAN")


def downgrade() -> None:
    op.execute("ALTER TABLE step DROP COLUMN ran_through")
    op.execute("ALTER TABLE run DROP COLUMN resumes")
