"""whether a step changed anything, as a column

Revision: 0005
Follows: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STEP = sa.table("step", sa.column("id", sa.Integer), sa.column("hosts", sa.JSON), sa.column("changed", sa.Boolean))


def upgrade() -> None:
    op.execute("ALTER TABLE step ADD COLUMN changed BOOLEAN")
    connection = op.get_bind()
    for row in connection.execute(sa.select(STEP.c.id, STEP.c.hosts)).all():
        changed = any(totals.get("changed") for totals in row.hosts.values())
        connection.execute(STEP.update().where(STEP.c.id == row.id).values(changed=changed))


def downgrade() -> None:
    op.execute("ALTER TABLE step DROP COLUMN changed")
