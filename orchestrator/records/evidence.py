"""Evidence: stored results tied to a release. Each says what kind it is, what it came to, and in one sentence why."""

from __future__ import annotations

import dataclasses
import hashlib
import zlib

import sqlalchemy as sa

from orchestrator.records import schema
from orchestrator.records.entities import Evidence
from orchestrator.records.gateway import Gateway


class Evidences(Gateway):
    """What was found out about a release, by people and by guards."""

    def add_evidence(self, evidence: Evidence) -> Evidence:
        """Store it; the id of the argument is ignored. Equal contents are kept once."""
        digest = None
        with self.transaction() as connection:
            if evidence.content is not None:
                raw = evidence.content.encode()
                digest = hashlib.sha256(raw).hexdigest()
                known = sa.select(schema.content.c.digest).where(schema.content.c.digest == digest)
                if connection.execute(known).first() is None:
                    row = {"digest": digest, "size": len(raw), "compressed": zlib.compress(raw, 6)}
                    connection.execute(schema.content.insert().values(row))
            values = {
                "release_step_id": evidence.release_step_id,
                "run_id": evidence.run_id,
                "kind": evidence.kind,
                "verdict": evidence.verdict,
                "summary": evidence.summary,
                "content": digest,
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
        return [
            Evidence(
                id=row["id"],
                release_step_id=row["release_step_id"],
                run_id=row["run_id"],
                kind=row["kind"],
                verdict=row["verdict"],
                summary=row["summary"],
                at=row["at"],
                content=None if row["compressed"] is None else zlib.decompress(row["compressed"]).decode(),
            )
            for row in rows
        ]
