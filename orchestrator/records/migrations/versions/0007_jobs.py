"""the job of the queue that a run carries out, and locks that are kept when their run is lost

Revision: 0007
Follows: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE run ADD COLUMN job INTEGER")
    op.execute("ALTER TABLE lock ADD COLUMN kept BOOLEAN")


def downgrade() -> None:
    op.execute("ALTER TABLE lock DROP COLUMN kept")
    op.execute("ALTER TABLE run DROP COLUMN job")
