"""Export tasks."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.cloudwatch.logs.tables import LOGS

tasks = sa.Table(
    "log_export_tasks",
    LOGS.metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", sa.String(512), nullable=False, doc="empty: none"),
    sa.Column("group_name", sa.String(512), nullable=False),
    sa.Column("stream_prefix", sa.String(512), nullable=False),
    sa.Column("from_ms", sa.BigInteger, nullable=False),
    sa.Column("to_ms", sa.BigInteger, nullable=False),
    sa.Column("bucket", sa.String(512), nullable=False),
    sa.Column("prefix", sa.String(1024), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("completed_ms", sa.BigInteger),
    sa.Index("log_export_tasks_created", "account", "region", "created_ms"),
    sa.Index("log_export_tasks_status", "status", "created_ms"),
)
