"""What is owed to targets, and what is counted of events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cairn.eventbridge.schema import ID

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "event_deliveries",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("owner", sa.String(90), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.Float, nullable=False),
        sa.Column("dead", sa.Boolean, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("event_deliveries_owner", "event_deliveries", ["owner", "due", "id"])
    op.create_index("event_deliveries_due", "event_deliveries", ["due"])
    op.create_table(
        "event_tallies",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("dimensions", sa.Text, nullable=False),
        sa.Column("unit", sa.String(20), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("batch", sa.BigInteger),
    )
    op.create_index("event_tallies_batch", "event_tallies", ["batch", "id"])
