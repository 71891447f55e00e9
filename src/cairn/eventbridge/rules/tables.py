"""Rules and their targets."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.eventbridge.schema import EVENTS, ID

rules = sa.Table(
    "event_rules",
    EVENTS.metadata,
    sa.Column("id", ID, primary_key=True, autoincrement=True),
    sa.Column("bus", ID, sa.ForeignKey("event_buses.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("arn", sa.String(400), nullable=False, unique=True),
    sa.Column("state", sa.String(64), nullable=False),
    sa.Column("pattern", sa.Text, nullable=False, doc="empty: it has none"),
    sa.Column("schedule", sa.String(256), nullable=False, doc="empty: it has none"),
    sa.Column("description", sa.String(512), nullable=False),
    sa.Column("role", sa.String(1600), nullable=False),
    sa.Column("managed_by", sa.String(128), nullable=False, doc="the service that made it; empty: a user"),
    sa.Column("created_by", sa.String(12), nullable=False, doc="account"),
    sa.Column("created", sa.Float, nullable=False),
    sa.UniqueConstraint("bus", "name", name="event_rules_name"),
    sa.Index("event_rules_schedule", "schedule"),
    sqlite_autoincrement=True,  # a rule that is made again is another one to what is owed to its targets
)

targets = sa.Table(
    "event_targets",
    EVENTS.metadata,
    sa.Column("rule", ID, sa.ForeignKey("event_rules.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True, doc="given by who put it"),
    sa.Column("arn", sa.String(1600), nullable=False),
    sa.Column("role", sa.String(1600), nullable=False),
    sa.Column("settings", sa.Text, nullable=False, doc="the rest of it as it was put, as JSON"),
    sa.Index("event_targets_arn", "arn"),
)
