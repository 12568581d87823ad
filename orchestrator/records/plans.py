"""Plans, and who approved them."""

from __future__ import annotations

import dataclasses

import sqlalchemy as sa

from orchestrator.errors import UsageError
from orchestrator.languages import _
from orchestrator.records import schema
from orchestrator.records.entities import Approval, StoredPlan
from orchestrator.records.gateway import Gateway


class Plans(Gateway):
    """Runs in check mode that may be approved and applied."""

    def add_plan(self, plan: StoredPlan) -> None:
        values = {"run_id": plan.run_id, "digest": plan.digest, "changes": plan.changes}
        with self.transaction() as connection:
            connection.execute(schema.plan.insert().values(values))

    def find_plan(self, run_id: int) -> StoredPlan | None:
        """The plan that this run made, with its approvals, the newest first; None when it made none."""
        table, said = schema.plan, schema.approval
        with self.transaction() as connection:
            row = connection.execute(sa.select(table).where(table.c.run_id == run_id)).mappings().first()
            query = sa.select(said).where(said.c.run_id == run_id).order_by(said.c.id.desc())
            approvals = connection.execute(query).mappings().all()
        if row is None:
            return None
        return StoredPlan(**row, approvals=tuple(_approval(each) for each in approvals))

    def get_plan(self, run_id: int) -> StoredPlan:
        found = self.find_plan(run_id)
        if found is None:
            raise UsageError(
                _("run %(run)s made no plan") % {"run": run_id},
                remedy=_("lifecycle run PHASE -i ENV --plan makes one"),
            )
        return found

    def add_approval(self, approval: Approval) -> None:
        with self.transaction() as connection:
            connection.execute(schema.approval.insert().values(dataclasses.asdict(approval)))

    def applied_by(self, run_id: int) -> int | None:
        """The run that applied this plan."""
        query = sa.select(sa.func.max(schema.run.c.id)).where(schema.run.c.applies == run_id)
        with self.transaction() as connection:
            found: int | None = connection.execute(query).scalar()
        return found


def _approval(row: sa.RowMapping) -> Approval:
    return Approval(**{key: value for key, value in row.items() if key != "id"})
