"""Alarms, their history and what they owe."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "alarm_actions",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("resource", sa.String(length=1024), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("changed", sa.Double(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("alarm_actions_due", "alarm_actions", ["service", "due"], unique=False)
    op.create_table(
        "alarm_history",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("alarm_history_alarm", "alarm_history", ["account", "region", "name", "time", "id"], unique=False)
    op.create_index("alarm_history_all", "alarm_history", ["account", "region", "time", "id"], unique=False)
    op.create_index("alarm_history_time", "alarm_history", ["time"], unique=False)
    op.create_table(
        "alarm_positions",
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("evaluated", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("step"),
    )
    op.create_table(
        "alarms",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("namespace", sa.String(length=255), nullable=False),
        sa.Column("metric", sa.String(length=255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("configured", sa.Double(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("updated", sa.Double(), nullable=False),
        sa.Column("transitioned", sa.Double(), nullable=False),
        sa.Column("evaluation", sa.String(length=32), nullable=False),
        sa.Column("due", sa.Double(), nullable=True),
        sa.Column("defined", sa.String(length=8), nullable=False),
        sa.Column("suppressed_by", sa.String(length=16), nullable=False),
        sa.Column("suppressed_until", sa.Double(), nullable=False),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("alarms_due", "alarms", ["due"], unique=False)
    op.create_index("alarms_metric", "alarms", ["account", "region", "namespace", "metric"], unique=False)
    op.create_index("alarms_name", "alarms", ["account", "region", "name"], unique=True)
    op.create_table(
        "alarm_references",
        sa.Column("parent", _ID, nullable=False),
        sa.Column("child", _ID, nullable=False),
        sa.Column("in_rule", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["child"],
            ["alarms.id"],
        ),
        sa.ForeignKeyConstraint(["parent"], ["alarms.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("parent", "child"),
    )
    op.create_index("alarm_references_child", "alarm_references", ["child"], unique=False)
    op.create_table(
        "alarm_tags",
        sa.Column("alarm", _ID, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.ForeignKeyConstraint(["alarm"], ["alarms.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alarm", "key"),
    )
