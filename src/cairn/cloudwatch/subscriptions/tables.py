"""Subscription filters, and what waits to be delivered for them."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.cloudwatch.logs.tables import LOGS

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(512).with_variant(sa.String(512, collation="C"), "postgresql")

filters = sa.Table(
    "log_subscription_filters",
    LOGS.metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("log_group", _ID, sa.ForeignKey("log_groups.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("pattern", sa.String(1024), nullable=False),
    sa.Column("regexes", sa.Integer, nullable=False, server_default="0", doc="regular expressions in the pattern"),
    sa.Column("destination", sa.String(2048), nullable=False, doc="its ARN"),
    sa.Column("role", sa.String(2048), nullable=False, doc="its ARN; empty: none"),
    sa.Column("distribution", sa.String(16), nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("first_seq", sa.BigInteger, nullable=False, doc="the first put that it sees"),
    sa.Column("dropped", sa.BigInteger, nullable=False, doc="events that its destination refused for too long"),
    sa.Index("log_subscription_filters_name", "log_group", "name", unique=True),
    sqlite_autoincrement=True,
)

messages = sa.Table(
    "log_subscription_messages",
    LOGS.metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("filter", _ID, sa.ForeignKey("log_subscription_filters.id", ondelete="CASCADE"), nullable=False),
    sa.Column("stream", sa.String(512), nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("bytes", sa.Integer, nullable=False, doc="of the content"),
    sa.Column("owed_ms", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False, doc="the payload as destinations get it: gzip of JSON"),
    sa.Index("log_subscription_messages_filter", "filter", "id"),
    sqlite_autoincrement=True,
)
