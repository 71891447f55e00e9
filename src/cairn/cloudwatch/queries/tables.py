"""Queries, their results, and saved query definitions."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.cloudwatch.logs.tables import LOGS

_NAME = sa.String(512).with_variant(sa.String(512, collation="C"), "postgresql")  # in the order of ASCII

queries = sa.Table(
    "log_queries",
    LOGS.metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("groups", sa.Text, nullable=False, doc="names, JSON"),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("row_limit", sa.Integer, doc="NULL: the default"),
    sa.Column("user_arn", sa.String(2048), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger),
    sa.Column("beat_ms", sa.BigInteger, nullable=False, doc="when whoever runs it was last seen"),
    sa.Column("matched", sa.BigInteger, nullable=False),
    sa.Column("scanned", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False, doc="of the messages that were scanned"),
    sa.Column("result_rows", sa.Integer, nullable=False),
    sa.Index("log_queries_created", "account", "region", "created_ms"),
    sa.Index("log_queries_status", "status", "beat_ms"),
)

pages = sa.Table(
    "log_query_pages",
    LOGS.metadata,
    sa.Column("query", sa.String(36), sa.ForeignKey("log_queries.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False, doc="results.PAGE_ROWS rows, the last page the rest"),
)

definitions = sa.Table(
    "log_query_definitions",
    LOGS.metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("groups", sa.Text, nullable=False, doc="names, JSON"),
    sa.Column("parameters", sa.Text, nullable=False, doc="as they were given, JSON"),
    sa.Column("token", sa.String(128), nullable=False, doc="of the call that made it; empty: it had none"),
    sa.Column("modified_ms", sa.BigInteger, nullable=False),
    sa.Index("log_query_definitions_name", "account", "region", "name"),
)
