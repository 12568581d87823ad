"""Evidence: stored results tied to a release. Each says what kind it is, what it came to, and in one sentence why."""

from __future__ import annotations

import dataclasses

import sqlalchemy as sa

from orchestrator.records import schema
from orchestrator.records.contents import Contents, digest, packed, unpacked
from orchestrator.records.entities import Evidence


class Evidences(Contents):
    """What was found out about a release, by people and by guards."""

    def add_evidence(self, evidence: Evidence) -> Evidence:
        """Store it; the id of the argument is ignored. Equal contents are kept once."""
        with self.transaction() as connection:
            self.insert_or_leave(connection, schema.content, packed([evidence.content]))
            values = {
                "release_step_id": evidence.release_step_id,
                "run_id": evidence.run_id,
                "kind": evidence.kind,
                "verdict": evidence.verdict,
                "summary": evidence.summary,
                "content": digest(evidence.content),
                "at": evidence.at,
            }
            key = connection.execute(schema.evidence.insert().values(values)).inserted_primary_key
        assert key is not None, "a single-row insert returns its key"
        return dataclasses.replace(evidence, id=int(key[0]))

    def list_evidence(self, release_id: int) -> list[Evidence]:
        """All evidence of a release, the oldest first."""
        table, content = schema.evidence, schema.content
        query = (
            sa.select(table, content.c.compressed)
            .join(schema.release_step, schema.release_step.c.id == table.c.release_step_id)
            .outerjoin(content, content.c.digest == table.c.content)
            .where(schema.release_step.c.release_id == release_id)
            .order_by(table.c.id)
        )
        with self.transaction() as connection:
            rows = connection.execute(query).mappings().all()
        return [evidence_of(row) for row in rows]


def evidence_of(row: sa.RowMapping) -> Evidence:
    """The evidence of a row of its table, joined with its content."""
    return Evidence(
        id=row["id"],
        release_step_id=row["release_step_id"],
        run_id=row["run_id"],
        kind=row["kind"],
        verdict=row["verdict"],
        summary=row["summary"],
        at=row["at"],
        content=unpacked(row["compressed"]),
    )
