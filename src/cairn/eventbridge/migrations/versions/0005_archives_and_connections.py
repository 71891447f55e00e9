"""Archives, what they hold, replays, connections and API destinations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cairn.eventbridge.schema import ID

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _archives()
    _replays()
    _connections()


def _archives() -> None:
    op.create_table(
        "event_archives",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("bus", sa.String(256), nullable=False),
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("description", sa.String(512), nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("kms_key", sa.String(2048), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.UniqueConstraint("account", "region", "name", name="event_archives_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("event_archives_bus", "event_archives", ["account", "region", "bus"])
    op.create_table(
        "event_archived",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("archive", ID, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("taken", sa.Float, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )
    op.create_index("event_archived_time", "event_archived", ["archive", "time", "id", "size"])
    op.create_index("event_archived_taken", "event_archived", ["archive", "taken"])
    op.create_table(
        "event_deleted_archives",
        sa.Column("archive", ID, primary_key=True, autoincrement=False),
    )


def _replays() -> None:
    op.create_table(
        "event_replays",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("description", sa.String(512), nullable=False),
        sa.Column("archive", ID, nullable=False),
        sa.Column("archive_arn", sa.String(1600), nullable=False),
        sa.Column("bus", sa.String(256), nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("event_start", sa.Float, nullable=False),
        sa.Column("event_end", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        sa.Column("last_time", sa.BigInteger),
        sa.Column("last_id", ID),
        sa.UniqueConstraint("account", "region", "name", name="event_replays_name"),
    )
    op.create_index("event_replays_state", "event_replays", ["state"])


def _connections() -> None:
    op.create_table(
        "event_connections",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("arn", sa.String(200), nullable=False, unique=True),
        sa.Column("description", sa.String(512), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("shown", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("secret_arn", sa.String(300), nullable=False),
        sa.Column("kms_key", sa.String(2048), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("modified", sa.Float, nullable=False),
        sa.Column("authorized", sa.Float, nullable=False),
        sa.UniqueConstraint("account", "region", "name", name="event_connections_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("event_connections_state", "event_connections", ["state"])
    op.create_table(
        "event_api_destinations",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("arn", sa.String(200), nullable=False, unique=True),
        sa.Column("description", sa.String(512), nullable=False),
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("endpoint", sa.String(2048), nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("rate", sa.Integer, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("modified", sa.Float, nullable=False),
        sa.UniqueConstraint("account", "region", "name", name="event_api_destinations_name"),
    )
    op.create_index("event_api_destinations_connection", "event_api_destinations", ["connection"])
