"""Connections and API destinations."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.eventbridge.schema import EVENTS, ID

connections = sa.Table(
    "event_connections",
    EVENTS.metadata,
    sa.Column("id", ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("arn", sa.String(200), nullable=False, unique=True),
    sa.Column("description", sa.String(512), nullable=False),
    sa.Column("type", sa.String(32), nullable=False, doc="AuthorizationType"),
    sa.Column("shown", sa.Text, nullable=False, doc="AuthParameters as DescribeConnection answers them, as JSON"),
    sa.Column("sealed", sa.LargeBinary, nullable=False, doc="AuthParameters as they were put, sealed; empty: removed"),
    sa.Column("secret_arn", sa.String(300), nullable=False),
    sa.Column("kms_key", sa.String(2048), nullable=False, doc="as it was put"),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("reason", sa.String(512), nullable=False),
    sa.Column("version", sa.Integer, nullable=False, doc="grows with each change of the parameters"),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("modified", sa.Float, nullable=False),
    sa.Column("authorized", sa.Float, nullable=False),
    sa.UniqueConstraint("account", "region", "name", name="event_connections_name"),
    sa.Index("event_connections_state", "state"),
    sqlite_autoincrement=True,  # a token is held by this number
)

destinations = sa.Table(
    "event_api_destinations",
    EVENTS.metadata,
    sa.Column("id", ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("arn", sa.String(200), nullable=False, unique=True),
    sa.Column("description", sa.String(512), nullable=False),
    sa.Column("connection", sa.String(200), nullable=False, doc="ARN"),
    sa.Column("endpoint", sa.String(2048), nullable=False),
    sa.Column("method", sa.String(8), nullable=False),
    sa.Column("rate", sa.Integer, nullable=False, doc="calls a second at most"),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("modified", sa.Float, nullable=False),
    sa.UniqueConstraint("account", "region", "name", name="event_api_destinations_name"),
    sa.Index("event_api_destinations_connection", "connection"),
)
