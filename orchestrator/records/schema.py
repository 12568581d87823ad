"""The tables. A change here needs a migration beside it; tests/unit/records compares the two."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from orchestrator.records.compact import Digest, Duration, Instant, TaskId

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(sa.types.TypeDecorator[datetime]):
    """A time with its zone. SQLite keeps none, so UTC is what is stored and what comes back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


run = sa.Table(
    "run",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("environment", sa.String(200), nullable=False, index=True),
    sa.Column("environment_path", sa.Text, nullable=False),
    sa.Column("phases", sa.JSON, nullable=False),
    sa.Column("status", sa.String(20), nullable=False, index=True),
    sa.Column("recorded", sa.String(10), nullable=False),
    sa.Column("check_mode", sa.Boolean, nullable=False),
    sa.Column("operator", sa.String(200), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("pid_started", sa.String(80), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("git_commit", sa.String(64)),
    sa.Column("git_dirty", sa.Boolean),
    sa.Column("inventory_digest", sa.String(64)),
    sa.Column("versions", sa.JSON, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    # No foreign keys: they stay true when the run they name is no longer on record.
    sa.Column("resumes", sa.Integer),
    sa.Column("applies", sa.Integer),
    # The number in the queue, which is no table of ours.
    sa.Column("job", sa.Integer),
)

step = sa.Table(
    "step",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("phase", sa.String(100), nullable=False),
    sa.Column("playbook", sa.Text, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("hosts", sa.JSON, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("ran_through", sa.Boolean),
    # What `hosts` says, in a form that can be asked for; none while the step is at work.
    sa.Column("changed", sa.Boolean),
    sa.UniqueConstraint("run_id", "number"),
)

task = sa.Table(
    "task",
    metadata,
    sa.Column("step_id", sa.ForeignKey("step.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("uuid", TaskId, primary_key=True),
    sa.Column("run_id", sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("action", sa.String(200), nullable=False),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("play", sa.Text, nullable=False),
    # Of `content`.
    sa.Column("source", Digest),
)

content = sa.Table(
    "content",
    metadata,
    sa.Column("digest", Digest, primary_key=True),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("compressed", sa.LargeBinary, nullable=False),
)

# Step, task and contents are no foreign keys: a result is worth keeping even when its task's event was lost, and the
# database would read all results for each step and each text that goes. `Pruning` takes contents away.
result = sa.Table(
    "result",
    metadata,
    sa.Column("run_id", sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("counter", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("step_id", sa.Integer, nullable=False),
    sa.Column("task_uuid", TaskId, nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("seconds", Duration, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("diff", Digest),
    sa.Column("output", Digest),
    sa.Column("cut", sa.Boolean, nullable=False),
    sa.Index("ix_result_run_id_host", "run_id", "host"),
)

lock = sa.Table(
    "lock",
    metadata,
    sa.Column("environment", sa.String(200), primary_key=True),
    sa.Column("operator", sa.String(200), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("pid_started", sa.String(80), nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("run_id", sa.ForeignKey("run.id", ondelete="SET NULL")),
    # Whether it stays when its run is lost, until a person takes it away.
    sa.Column("kept", sa.Boolean),
)

lock_release = sa.Table(
    "lock_release",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("environment", sa.String(200), nullable=False, index=True),
    sa.Column("operator", sa.String(200), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("held_by", sa.String(200), nullable=False),
    sa.Column("held_since", Moment, nullable=False),
    sa.Column("held_for", sa.Text, nullable=False),
    sa.Column("run_id", sa.ForeignKey("run.id", ondelete="SET NULL")),
)

approval = sa.Table(
    "approval",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("plan_digest", sa.String(64), nullable=False),
    sa.Column("operator", sa.String(200), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("expires_at", Moment),
)

# A run in check mode that may be approved and applied.
plan = sa.Table(
    "plan",
    metadata,
    sa.Column("run_id", sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("changes", sa.Integer, nullable=False),
)

release = sa.Table(
    "release",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("environment", sa.String(200), nullable=False, index=True),
    sa.Column("application", sa.String(200), nullable=False),
    sa.Column("version", sa.String(100), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("weight", sa.Integer, nullable=False),
    sa.Column("operator", sa.String(200), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("previous", sa.String(100)),
    sa.Column("colour", sa.String(10)),
    sa.Column("artifact_sha256", sa.String(64)),
    sa.Column("reason", sa.Text),
    sa.Column("ended_at", Moment),
)

release_step = sa.Table(
    "release_step",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("release_id", sa.ForeignKey("release.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("action", sa.String(30), nullable=False),
    sa.Column("weight", sa.Integer, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("operator", sa.String(200), nullable=False),
    sa.Column("run_id", sa.ForeignKey("run.id", ondelete="SET NULL")),
    sa.Column("set_id", sa.String(100)),
    sa.Column("reason", sa.Text),
    sa.Column("data", sa.JSON, nullable=False),
)

requirement = sa.Table(
    "requirement",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("environment", sa.String(200), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("wording", sa.Text, nullable=False),
    sa.Column("expected", sa.JSON, nullable=False),
    sa.UniqueConstraint("environment", "name"),
)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.ForeignKey("run.id", ondelete="CASCADE"), index=True),
    sa.Column("requirement_id", sa.ForeignKey("requirement.id", ondelete="CASCADE"), index=True),
    sa.Column("release_step_id", sa.ForeignKey("release_step.id", ondelete="CASCADE")),
    sa.Column("kind", sa.String(50), nullable=False),
    sa.Column("verdict", sa.String(20), nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("content", sa.ForeignKey("content.digest"), index=True),
    sa.Column("at", Moment, nullable=False),
)
