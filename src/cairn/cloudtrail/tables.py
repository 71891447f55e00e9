"""Trails and what was delivered for them, as they stand in the saved state."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.core.state import metadata

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in INTEGER columns

trails = sa.Table(
    "trails",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("home_region", sa.String(32), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("arn", sa.String(300), nullable=False),
    sa.Column("settings", sa.Text, nullable=False, doc="TrailSettings as JSON"),
    sa.Column("started", sa.Float, doc="time of the last StartLogging"),
    sa.Column("stopped", sa.Float, doc="time of the last StopLogging"),
    sa.Column("logging", sa.Boolean, nullable=False),
    sa.Column("deleted", sa.Float, doc="time of DeleteTrail; the row stays for delivery and for proof"),
    sa.Column("organization", sa.String(34), nullable=False, server_default="", doc="as in the settings"),
    sa.Index(
        "trails_arn",
        "arn",
        unique=True,
        sqlite_where=sa.text("deleted IS NULL"),
        postgresql_where=sa.text("deleted IS NULL"),
    ),
    sa.Index("trails_account", "account"),
)

copies = sa.Table(
    "trail_copies",
    metadata,
    sa.Column("trail", _ID, sa.ForeignKey("trails.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("account", sa.String(12), primary_key=True, doc="a member, as in the settings of the trail"),
    sa.Index("trail_copies_account", "account"),
)

tags = sa.Table(
    "trail_tags",
    metadata,
    sa.Column("trail", _ID, sa.ForeignKey("trails.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("value", sa.String(256), nullable=False),
)

spans = sa.Table(
    "trail_spans",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("trail", _ID, sa.ForeignKey("trails.id", ondelete="CASCADE"), nullable=False),
    sa.Column("selection", sa.Text, nullable=False, doc="Selection as JSON: what was logged throughout the span"),
    sa.Column("start", sa.BigInteger, nullable=False, doc="first journal position"),
    sa.Column("stop", sa.BigInteger, doc="position at StopLogging; late events may stand behind it"),
    sa.Column("stop_time", sa.Float),
    sa.Column("end", sa.BigInteger, doc="one past the last journal position, once it is known"),
    sa.Column("cursor", sa.BigInteger, nullable=False, doc="the next position to deliver"),
    sa.Index("trail_spans_trail", "trail"),
)

log_spans = sa.Table(
    "trail_log_spans",
    metadata,
    sa.Column("span", _ID, sa.ForeignKey("trail_spans.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("cursor", sa.BigInteger, nullable=False, doc="the next position to send to the trail's log group"),
)

plans = sa.Table(
    "delivery_plans",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("trail", _ID, sa.ForeignKey("trails.id", ondelete="CASCADE"), nullable=False),
    sa.Column("span", _ID, sa.ForeignKey("trail_spans.id", ondelete="CASCADE"), nullable=False),
    sa.Column("slot", sa.BigInteger, nullable=False, doc="end of the collection slot, seconds since the epoch"),
    sa.Column("first", sa.BigInteger, nullable=False),
    sa.Column("next", sa.BigInteger, nullable=False),
    sa.Column("file_bytes_max", sa.BigInteger, nullable=False),
    sa.Column("recorded", sa.Float, nullable=False, doc="when the journal took the oldest of its batches"),
    sa.Column("outcome", sa.String(10), nullable=False, doc="staged, delivered or abandoned"),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("ended", sa.Float, doc="when it was delivered or abandoned"),
    sa.Index("delivery_plans_trail", "trail", "outcome"),
    sa.Index("delivery_plans_outcome", "outcome"),
)

delivered_files = sa.Table(
    "delivered_files",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("trail", _ID, sa.ForeignKey("trails.id", ondelete="CASCADE"), nullable=False),
    sa.Column("plan", _ID, sa.ForeignKey("delivery_plans.id", ondelete="CASCADE"), nullable=False),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("bucket", sa.String(63), nullable=False),
    sa.Column("key", sa.String(1024), nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False, doc="before compression"),
    sa.Column("sha256", sa.String(64), nullable=False, doc="of the bytes before compression, hex"),
    sa.Column("oldest", sa.BigInteger, nullable=False, doc="eventTime of its oldest record"),
    sa.Column("newest", sa.BigInteger, nullable=False),
    sa.Column("delivered", sa.Float, nullable=False),
    sa.Index("delivered_files_when", "trail", "delivered"),
    sa.Index("delivered_files_plan", "plan"),
    sa.Index("delivered_files_trail", "trail", "id"),
)

notices = sa.Table(
    "delivery_notices",
    metadata,
    sa.Column("plan", _ID, sa.ForeignKey("delivery_plans.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("trail", _ID, sa.ForeignKey("trails.id", ondelete="CASCADE"), nullable=False),
    sa.Column("owed", sa.Float, nullable=False, doc="since when its files are to be announced"),
)

status = sa.Table(
    "trail_status",
    metadata,
    sa.Column("trail", _ID, sa.ForeignKey("trails.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("region", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True, doc="what was delivered: see status.Kind"),
    sa.Column("succeeded", sa.Float, doc="time of the last success"),
    sa.Column("attempted", sa.Float, nullable=False, doc="time of the last attempt"),
    sa.Column(
        "error", sa.String(200), nullable=False, doc="the destination's code; empty after a success or a timeout"
    ),
    sa.Column("failed", sa.Boolean, nullable=False, doc="whether the last attempt failed"),
)

flushes = sa.Table(
    "delivery_flushes",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("trail_arn", sa.String(300), nullable=False, doc="empty: all trails"),
    sa.Column("requested", sa.Float, nullable=False),
    sa.Column("upto", sa.BigInteger, nullable=False, doc="the journal's end when it was requested"),
    sa.Column("after_file", sa.BigInteger, nullable=False, doc="the last row of delivered_files at that time"),
    sa.Column("answer", sa.Text, doc="FlushOutcome as JSON, once it is done"),
)
