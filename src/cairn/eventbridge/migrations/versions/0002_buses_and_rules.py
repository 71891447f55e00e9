"""Buses, rules, targets, and their tags."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cairn.eventbridge.schema import ID

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "event_buses",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("modified", sa.Float, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("archives", sa.Integer, nullable=False),
        sa.UniqueConstraint("account", "region", "name", name="event_buses_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event_rules",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("bus", ID, sa.ForeignKey("event_buses.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("arn", sa.String(400), nullable=False, unique=True),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("schedule", sa.String(256), nullable=False),
        sa.Column("description", sa.String(512), nullable=False),
        sa.Column("role", sa.String(1600), nullable=False),
        sa.Column("managed_by", sa.String(128), nullable=False),
        sa.Column("created_by", sa.String(12), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.UniqueConstraint("bus", "name", name="event_rules_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("event_rules_schedule", "event_rules", ["schedule"])
    op.create_table(
        "event_targets",
        sa.Column("rule", ID, sa.ForeignKey("event_rules.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("arn", sa.String(1600), nullable=False),
        sa.Column("role", sa.String(1600), nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
    )
    op.create_index("event_targets_arn", "event_targets", ["arn"])
    op.create_table(
        "event_tags",
        sa.Column("arn", sa.String(512), primary_key=True),
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("value", sa.String(256), nullable=False),
    )
