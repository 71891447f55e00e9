"""Queries of Logs Insights, subscription filters and export tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(512).with_variant(sa.String(512, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "log_queries",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("row_limit", sa.Integer(), nullable=True),
        sa.Column("user_arn", sa.String(2048), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("beat_ms", sa.BigInteger(), nullable=False),
        sa.Column("matched", sa.BigInteger(), nullable=False),
        sa.Column("scanned", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("result_rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("log_queries_created", "log_queries", ["account", "region", "created_ms"], unique=False)
    op.create_index("log_queries_status", "log_queries", ["status", "beat_ms"], unique=False)
    op.create_table(
        "log_query_pages",
        sa.Column("query", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["query"], ["log_queries.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("query", "number"),
    )
    op.create_table(
        "log_subscription_filters",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("log_group", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("pattern", sa.String(1024), nullable=False),
        sa.Column("destination", sa.String(2048), nullable=False),
        sa.Column("role", sa.String(2048), nullable=False),
        sa.Column("distribution", sa.String(16), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("dropped", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["log_group"], ["log_groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("log_subscription_filters_name", "log_subscription_filters", ["log_group", "name"], unique=True)
    op.create_table(
        "log_subscription_messages",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("filter", _ID, nullable=False),
        sa.Column("stream", sa.String(512), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("owed_ms", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["filter"], ["log_subscription_filters.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("log_subscription_messages_filter", "log_subscription_messages", ["filter", "id"], unique=False)
    op.create_table(
        "log_export_tasks",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("group_name", sa.String(512), nullable=False),
        sa.Column("stream_prefix", sa.String(512), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.String(512), nullable=False),
        sa.Column("prefix", sa.String(1024), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("completed_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("log_export_tasks_created", "log_export_tasks", ["account", "region", "created_ms"], unique=False)
    op.create_index("log_export_tasks_status", "log_export_tasks", ["status", "created_ms"], unique=False)
