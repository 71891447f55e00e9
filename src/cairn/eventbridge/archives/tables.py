"""Archives, the events that they hold, and replays."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.eventbridge.schema import EVENTS, ID

archives = sa.Table(
    "event_archives",
    EVENTS.metadata,
    sa.Column("id", ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("bus", sa.String(256), nullable=False, doc="name"),
    sa.Column("name", sa.String(48), nullable=False),
    sa.Column("description", sa.String(512), nullable=False),
    sa.Column("pattern", sa.Text, nullable=False, doc="empty: it takes everything"),
    sa.Column("retention_days", sa.Integer, nullable=False, doc="0: for ever"),
    sa.Column("kms_key", sa.String(2048), nullable=False, doc="as it was put"),
    sa.Column("created", sa.Float, nullable=False),
    sa.UniqueConstraint("account", "region", "name", name="event_archives_name"),
    sa.Index("event_archives_bus", "account", "region", "bus"),
    sqlite_autoincrement=True,  # what a deleted archive held is no other's
)

archived = sa.Table(
    "event_archived",
    EVENTS.metadata,
    sa.Column("id", ID, primary_key=True, autoincrement=True),
    sa.Column("archive", ID, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False, doc="of the event, in seconds"),
    sa.Column("taken", sa.Float, nullable=False, doc="when it was taken in"),
    sa.Column("size", sa.Integer, nullable=False, doc="bytes that it counts for"),
    sa.Column("packed", sa.LargeBinary, nullable=False, doc="its envelope, as packing.pack makes it"),
    sa.Index("event_archived_time", "archive", "time", "id", "size"),
    sa.Index("event_archived_taken", "archive", "taken"),
)

deleted_archives = sa.Table(
    "event_deleted_archives",
    EVENTS.metadata,
    sa.Column("archive", ID, primary_key=True, autoincrement=False, doc="some of what it held is still there"),
)

replays = sa.Table(
    "event_replays",
    EVENTS.metadata,
    sa.Column("id", ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("description", sa.String(512), nullable=False),
    sa.Column("archive", ID, nullable=False),
    sa.Column("archive_arn", sa.String(1600), nullable=False),
    sa.Column("bus", sa.String(256), nullable=False, doc="name"),
    sa.Column("rules", sa.Text, nullable=False, doc="ARNs of the only rules that may match, as JSON; []: all"),
    sa.Column("event_start", sa.Float, nullable=False),
    sa.Column("event_end", sa.Float, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(512), nullable=False),
    sa.Column("started", sa.Float, nullable=False),
    sa.Column("ended", sa.Float),
    sa.Column("last_time", sa.BigInteger, doc="of the last event that was replayed"),
    sa.Column("last_id", ID, doc="its row in event_archived"),
    sa.UniqueConstraint("account", "region", "name", name="event_replays_name"),
    sa.Index("event_replays_state", "state"),
)
