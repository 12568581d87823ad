"""ids and times of results in few bytes

What is on record is carried over as it is; what is no digest or no time, because the file was damaged, becomes one that
refers to nothing, or the first moment of 1970. The way back is a copy of the database from before.

Revision: 0009
Follows: 0008
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alembic import op

from orchestrator.records.compact import SECOND, microseconds, packed_id

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# 1,000 years: a number that is larger was never measured, and may not fit.
MOST_SECONDS = 1 << 35

# In PostgreSQL each table is written anew once, with the same meaning as the functions for SQLite below.
DIGEST = "CASE WHEN {0} ~ '^[0-9a-f]{{64}}$' THEN decode({0}, 'hex') ELSE convert_to({0}, 'UTF8') END"
TASK_ID = """CASE WHEN {0} ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
    THEN decode('00' || replace({0}, '-', ''), 'hex') ELSE convert_to({0}, 'UTF8') END"""
POSTGRESQL = {
    "evidence": {"content": ("BYTEA", DIGEST)},
    "content": {"digest": ("BYTEA", DIGEST)},
    "task": {"uuid": ("BYTEA", TASK_ID), "source": ("BYTEA", DIGEST)},
    "result": {
        "task_uuid": ("BYTEA", TASK_ID),
        "at": ("BIGINT", "round(extract(epoch FROM {0}) * 1000000)::bigint"),
        "seconds": ("BIGINT", "round({0} * 1000000)::bigint"),
        "diff": ("BYTEA", DIGEST),
        "output": ("BYTEA", DIGEST),
    },
}
EVIDENCE_KEY = "FOREIGN KEY (content) REFERENCES content (digest)"

# SQLite cannot change a column. `content` goes while nothing refers to it: `evidence` is put aside meanwhile.
# The checks are for a run that is at work by an older lifecycle: SQLite would store its texts without a word, so, as
# in PostgreSQL, they are refused. It puts them into its spill file, and `records ingest` takes them in.
SQLITE = (
    "CREATE TABLE kept_evidence AS SELECT * FROM evidence",
    "DROP TABLE evidence",
    """CREATE TABLE new_content (
        digest BLOB NOT NULL, size INTEGER NOT NULL, compressed BLOB NOT NULL,
        CONSTRAINT pk_content PRIMARY KEY (digest),
        CONSTRAINT ck_content_digest CHECK (typeof(digest) = 'blob'))""",
    "INSERT INTO new_content SELECT digest_bytes(digest), size, compressed FROM content ORDER BY rowid",
    "DROP TABLE content",
    "ALTER TABLE new_content RENAME TO content",
    f"""CREATE TABLE evidence (
        id INTEGER NOT NULL, run_id INTEGER, requirement_id INTEGER, release_step_id INTEGER,
        kind VARCHAR(50) NOT NULL, verdict VARCHAR(20) NOT NULL, summary TEXT NOT NULL,
        content BLOB, at DATETIME NOT NULL,
        CONSTRAINT pk_evidence PRIMARY KEY (id),
        CONSTRAINT fk_evidence_content {EVIDENCE_KEY},
        CONSTRAINT fk_evidence_release_step_id FOREIGN KEY (release_step_id) REFERENCES release_step (id)
            ON DELETE CASCADE,
        CONSTRAINT fk_evidence_requirement_id FOREIGN KEY (requirement_id) REFERENCES requirement (id)
            ON DELETE CASCADE,
        CONSTRAINT fk_evidence_run_id FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE)""",
    """INSERT INTO evidence SELECT id, run_id, requirement_id, release_step_id, kind, verdict, summary,
        digest_bytes(content), at FROM kept_evidence""",
    "DROP TABLE kept_evidence",
    "CREATE INDEX ix_evidence_run_id ON evidence (run_id)",
    "CREATE INDEX ix_evidence_requirement_id ON evidence (requirement_id)",
    "CREATE INDEX ix_evidence_content ON evidence (content)",
    """CREATE TABLE new_task (
        step_id INTEGER NOT NULL, uuid BLOB NOT NULL, run_id INTEGER NOT NULL, name TEXT NOT NULL,
        action VARCHAR(200) NOT NULL, location TEXT NOT NULL, play TEXT NOT NULL, source BLOB,
        CONSTRAINT pk_task PRIMARY KEY (step_id, uuid),
        CONSTRAINT ck_task_uuid CHECK (typeof(uuid) = 'blob'),
        CONSTRAINT fk_task_run_id FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE,
        CONSTRAINT fk_task_step_id FOREIGN KEY (step_id) REFERENCES step (id) ON DELETE CASCADE)""",
    """INSERT INTO new_task SELECT step_id, task_id_bytes(uuid), run_id, name, action, location, play,
        digest_bytes(source) FROM task ORDER BY rowid""",
    "DROP TABLE task",
    "ALTER TABLE new_task RENAME TO task",
    "CREATE INDEX ix_task_run_id ON task (run_id)",
    """CREATE TABLE new_result (
        run_id INTEGER NOT NULL, counter INTEGER NOT NULL, step_id INTEGER NOT NULL, task_uuid BLOB NOT NULL,
        host VARCHAR(255) NOT NULL, status VARCHAR(20) NOT NULL, at BIGINT NOT NULL, seconds BIGINT NOT NULL,
        message TEXT NOT NULL, diff BLOB, output BLOB, cut BOOLEAN NOT NULL,
        CONSTRAINT pk_result PRIMARY KEY (run_id, counter),
        CONSTRAINT ck_result_at CHECK (typeof(at) = 'integer'),
        CONSTRAINT fk_result_run_id FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE)""",
    """INSERT INTO new_result SELECT run_id, counter, step_id, task_id_bytes(task_uuid), host, status,
        at_microseconds(at), in_microseconds(seconds), message, digest_bytes(diff), digest_bytes(output), cut
        FROM result ORDER BY rowid""",
    "DROP TABLE result",
    "ALTER TABLE new_result RENAME TO result",
    "CREATE INDEX ix_result_run_id_host ON result (run_id, host)",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE evidence DROP CONSTRAINT fk_evidence_content")
        for table, columns in POSTGRESQL.items():
            changes = ", ".join(
                f"ALTER COLUMN {name} TYPE {kind} USING {how.format(name)}" for name, (kind, how) in columns.items()
            )
            op.execute(f"ALTER TABLE {table} {changes}")
        op.execute(f"ALTER TABLE evidence ADD CONSTRAINT fk_evidence_content {EVIDENCE_KEY}")
        return
    driver: Any = op.get_bind().connection.driver_connection
    # Python's driver begins a transaction before a change of rows only. All of this is done, or nothing.
    if not driver.in_transaction:
        op.execute("BEGIN IMMEDIATE")
    for name, function in FUNCTIONS.items():
        driver.create_function(name, 1, function, deterministic=True)
    for statement in SQLITE:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("results are not made longer again: go back to a copy of the database from before")


def _digest_bytes(value: Any) -> bytes | None:
    if value is None:
        return None
    try:
        return bytes.fromhex(value)
    except (TypeError, ValueError):
        return str(value).encode(errors="replace")


def _task_id_bytes(value: Any) -> bytes:
    return packed_id(str(value))


def _at_microseconds(value: Any) -> int:
    try:
        return microseconds(datetime.fromisoformat(value).replace(tzinfo=UTC))
    except (TypeError, ValueError):
        return 0


def _in_microseconds(value: Any) -> int:
    return round(value * SECOND) if isinstance(value, int | float) and abs(value) < MOST_SECONDS else 0


FUNCTIONS = {
    "digest_bytes": _digest_bytes,
    "task_id_bytes": _task_id_bytes,
    "at_microseconds": _at_microseconds,
    "in_microseconds": _in_microseconds,
}
