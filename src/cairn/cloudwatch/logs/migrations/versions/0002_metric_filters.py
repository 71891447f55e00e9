"""Metric filters."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(512).with_variant(sa.String(512, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "metric_filters",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("log_group", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("pattern", sa.String(length=1024), nullable=False),
        sa.Column("regexes", sa.Integer(), nullable=False),
        sa.Column("namespace", sa.String(length=255), nullable=False),
        sa.Column("metric", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("default_value", sa.Float(), nullable=True),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.Column("system_fields", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["log_group"], ["log_groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("metric_filters_metric", "metric_filters", ["namespace", "metric"], unique=False)
    op.create_index("metric_filters_name", "metric_filters", ["log_group", "name"], unique=True)
