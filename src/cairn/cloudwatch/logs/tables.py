"""Log groups, their streams and their events, in a database of their own."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from cairn.core.state import Schema

LOGS = Schema("logs", sa.MetaData(), Path(__file__).parent / "migrations")

_metadata = LOGS.metadata
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in INTEGER columns
_NAME = sa.String(512).with_variant(sa.String(512, collation="C"), "postgresql")  # in the order of ASCII

groups = sa.Table(
    "log_groups",
    _metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("retention_days", sa.Integer, doc="NULL: for ever"),
    sa.Column("kms_key", sa.String(256), nullable=False, doc="its ARN; empty: none"),
    sa.Column("log_class", sa.String(32), nullable=False),
    sa.Column("protected", sa.Boolean, nullable=False, doc="against deletion"),
    sa.Column("chunk_bytes", sa.BigInteger, nullable=False, doc="of its events that are in chunks, as AWS counts"),
    sa.Column("gone_ms", sa.BigInteger, doc="when it was deleted, while sinks have still to read of it; NULL: never"),
    sa.Index(
        "log_groups_name",
        "account",
        "region",
        "name",
        unique=True,
        sqlite_where=sa.text("gone_ms IS NULL"),
        postgresql_where=sa.text("gone_ms IS NULL"),
    ),
    sqlite_autoincrement=True,  # a new group never has the number of a deleted one, whose events may still be there
)

living = groups.c.gone_ms.is_(None)
"""What every look-up of log groups asks for, but those of sinks."""

group_tags = sa.Table(
    "log_group_tags",
    _metadata,
    sa.Column("log_group", _ID, sa.ForeignKey("log_groups.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("value", sa.String(256), nullable=False),
)

streams = sa.Table(
    "log_streams",
    _metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("log_group", _ID, sa.ForeignKey("log_groups.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("first_event_ms", sa.BigInteger, doc="the least timestamp that was put; NULL: nothing was"),
    sa.Column("last_event_ms", sa.BigInteger, nullable=False, doc="the greatest; 0: nothing was"),
    sa.Column("last_ingestion_ms", sa.BigInteger),
    sa.Index("log_streams_name", "log_group", "name", unique=True),
    sa.Index("log_streams_last", "log_group", "last_event_ms", "name"),
    sqlite_autoincrement=True,
)

batches = sa.Table(
    "log_batches",
    _metadata,
    sa.Column("seq", _ID, primary_key=True, autoincrement=False),
    sa.Column("log_group", _ID, nullable=False),
    sa.Column("log_stream", _ID, nullable=False),
    sa.Column("ingestion_ms", sa.BigInteger, nullable=False),
    sa.Column("start_ms", sa.BigInteger, nullable=False, doc="timestamp of its first event"),
    sa.Column("end_ms", sa.BigInteger, nullable=False, doc="of its last"),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False, doc="as AWS counts"),
    sa.Column("content", sa.LargeBinary, nullable=False, doc="events.pack of LogEvents"),
    sa.Index("log_batches_start", "log_group", "start_ms", "end_ms"),
    sa.Index("log_batches_end", "log_group", "end_ms", "start_ms"),
)

chunks = sa.Table(
    "log_chunks",
    _metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("log_group", _ID, nullable=False),
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False, doc="as AWS counts"),
    sa.Column("content", sa.LargeBinary, nullable=False, doc="events.pack of Rows, in order"),
    sa.Index("log_chunks_start", "log_group", "start_ms", "end_ms"),
    sa.Index("log_chunks_end", "log_group", "end_ms", "start_ms"),
    sqlite_autoincrement=True,
)

chunk_streams = sa.Table(
    "log_chunk_streams",
    _metadata,
    sa.Column("log_stream", _ID, primary_key=True),
    sa.Column("chunk", _ID, sa.ForeignKey("log_chunks.id", ondelete="CASCADE"), primary_key=True),
    sa.Index("log_chunk_streams_chunk", "chunk"),
)

graves = sa.Table(
    "log_graves",
    _metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("log_group", _ID, nullable=False),
    sa.Column("log_stream", _ID, doc="NULL: the whole group was deleted"),
    sa.Column("stream_name", _NAME, doc="of a stream, for sinks that have still to read of it"),
    sa.Index("log_graves_stream", "log_stream"),
)

readers = sa.Table(
    "log_readers",
    _metadata,
    sa.Column("reader", sa.String(512), primary_key=True, doc="who puts, once each; empty: the next seq of all"),
    sa.Column("position", sa.BigInteger, nullable=False),
)

policies = sa.Table(
    "log_resource_policies",
    _metadata,
    sa.Column("account", sa.String(12), primary_key=True),
    sa.Column("region", sa.String(32), primary_key=True),
    sa.Column("resource", sa.String(600), primary_key=True, doc="ARN of a log group; empty: the account's"),
    sa.Column("name", sa.String(512), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("revision", sa.String(64), nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
)

query_keys = sa.Table(
    "log_query_keys",
    _metadata,
    sa.Column("account", sa.String(12), primary_key=True),
    sa.Column("region", sa.String(32), primary_key=True),
    sa.Column("kms_key", sa.String(256), nullable=False, doc="ARN of the key for results of queries"),
)
