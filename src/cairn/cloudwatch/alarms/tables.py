"""Alarms, their history and what they owe, as they stand in `alarms.db`."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from cairn.core.state import Schema

ALARMS = Schema("alarms", sa.MetaData(), Path(__file__).parent / "migrations")

_metadata = ALARMS.metadata
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in INTEGER columns
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")  # in the order of ASCII
_TIME = sa.Double
"""Seconds since the epoch."""

alarms = sa.Table(
    "alarms",
    _metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False, doc="MetricAlarm or CompositeAlarm"),
    sa.Column("settings", sa.Text, nullable=False, doc="alarm.Settings as JSON"),
    sa.Column("namespace", sa.String(255), nullable=False, doc="empty: not on a single metric"),
    sa.Column("metric", sa.String(255), nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("configured", _TIME, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False, doc="StateReasonData"),
    sa.Column("updated", _TIME, nullable=False),
    sa.Column("transitioned", _TIME, nullable=False),
    sa.Column("evaluation", sa.String(32), nullable=False),
    sa.Column("due", _TIME, doc="a composite alarm: when to ask its rule"),
    sa.Column("defined", sa.String(8), nullable=False),
    sa.Column("suppressed_by", sa.String(16), nullable=False),
    sa.Column("suppressed_until", _TIME, nullable=False),
    sa.Column("owed", sa.Boolean, nullable=False, doc="whether suppressed actions are owed"),
    sa.Index("alarms_name", "account", "region", "name", unique=True),
    sa.Index("alarms_metric", "account", "region", "namespace", "metric"),
    sa.Index("alarms_due", "due"),
    sqlite_autoincrement=True,
)

references = sa.Table(
    "alarm_references",
    _metadata,
    sa.Column("parent", _ID, sa.ForeignKey("alarms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("child", _ID, sa.ForeignKey("alarms.id"), primary_key=True),
    sa.Column("in_rule", sa.Boolean, nullable=False, doc="else it is only the suppressor"),
    sa.Index("alarm_references_child", "child"),
)

tags = sa.Table(
    "alarm_tags",
    _metadata,
    sa.Column("alarm", _ID, sa.ForeignKey("alarms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("value", sa.String(256), nullable=False),
)

history = sa.Table(
    "alarm_history",
    _metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("time", _TIME, nullable=False),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, doc="what EventBridge is to be told of it: the detail of an event, JSON"),
    sa.Index("alarm_history_alarm", "account", "region", "name", "time", "id"),
    sa.Index("alarm_history_all", "account", "region", "time", "id"),
    sa.Index("alarm_history_time", "time"),
    sqlite_autoincrement=True,  # numbers only grow, so that a reader can keep its place
)

actions = sa.Table(
    "alarm_actions",
    _metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", _NAME, nullable=False, doc="of the alarm"),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("service", sa.String(32), nullable=False, doc="of the resource: sns, lambda, others"),
    sa.Column("resource", sa.String(1024), nullable=False, doc="its ARN"),
    sa.Column("content", sa.Text, nullable=False, doc="actions.Content as JSON"),
    sa.Column("changed", _TIME, nullable=False, doc="when the alarm turned"),
    sa.Column("due", _TIME, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Index("alarm_actions_due", "service", "due"),
    sqlite_autoincrement=True,  # a number is never used twice: it is what makes a message the same message
)

positions = sa.Table(
    "alarm_positions",
    _metadata,
    sa.Column("step", sa.Integer, primary_key=True, doc="seconds between the steps of a grid"),
    sa.Column("evaluated", _TIME, nullable=False, doc="up to which step all alarms of the grid are evaluated"),
)
