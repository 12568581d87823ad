"""the text of a task, as it stood when it was carried out

A digest of `content`, like the texts of a result; no foreign key, for the same reason.

Revision: 0008
Follows: 0007
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE task ADD COLUMN source VARCHAR(64)")


def downgrade() -> None:
    op.execute("ALTER TABLE task DROP COLUMN source")
