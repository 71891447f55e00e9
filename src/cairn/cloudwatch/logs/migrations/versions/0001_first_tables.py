"""Log groups, streams, batches and chunks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(512).with_variant(sa.String(512, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "log_batches",
        sa.Column("seq", _ID, autoincrement=False, nullable=False),
        sa.Column("log_group", _ID, nullable=False),
        sa.Column("log_stream", _ID, nullable=False),
        sa.Column("ingestion_ms", sa.BigInteger(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("log_batches_end", "log_batches", ["log_group", "end_ms", "start_ms"], unique=False)
    op.create_index("log_batches_start", "log_batches", ["log_group", "start_ms", "end_ms"], unique=False)
    op.create_table(
        "log_chunks",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("log_group", _ID, nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("log_chunks_end", "log_chunks", ["log_group", "end_ms", "start_ms"], unique=False)
    op.create_index("log_chunks_start", "log_chunks", ["log_group", "start_ms", "end_ms"], unique=False)
    op.create_table(
        "log_graves",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("log_group", _ID, nullable=False),
        sa.Column("log_stream", _ID, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "log_groups",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("kms_key", sa.String(length=256), nullable=False),
        sa.Column("log_class", sa.String(length=32), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("chunk_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("log_groups_name", "log_groups", ["account", "region", "name"], unique=True)
    op.create_table(
        "log_query_keys",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("kms_key", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("account", "region"),
    )
    op.create_table(
        "log_readers",
        sa.Column("reader", sa.String(length=512), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reader"),
    )
    op.create_table(
        "log_resource_policies",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("resource", sa.String(length=600), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "resource", "name"),
    )
    op.create_table(
        "log_chunk_streams",
        sa.Column("log_stream", _ID, nullable=False),
        sa.Column("chunk", _ID, nullable=False),
        sa.ForeignKeyConstraint(["chunk"], ["log_chunks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("log_stream", "chunk"),
    )
    op.create_index("log_chunk_streams_chunk", "log_chunk_streams", ["chunk"], unique=False)
    op.create_table(
        "log_group_tags",
        sa.Column("log_group", _ID, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.ForeignKeyConstraint(["log_group"], ["log_groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("log_group", "key"),
    )
    op.create_table(
        "log_streams",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("log_group", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("first_event_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_event_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ingestion_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["log_group"], ["log_groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("log_streams_last", "log_streams", ["log_group", "last_event_ms", "name"], unique=False)
    op.create_index("log_streams_name", "log_streams", ["log_group", "name"], unique=True)
    op.execute("INSERT INTO log_readers (reader, position) VALUES ('', 1)")
