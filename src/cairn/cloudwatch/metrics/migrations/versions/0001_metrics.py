"""Metrics, their points, and how far those came who write them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "metric_series",
        sa.Column("id", big, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("namespace", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("dimensions", sa.Text, nullable=False),
        sa.Column("active", sa.BigInteger, nullable=False),
    )
    op.create_index("metric_series_name", "metric_series", ["account", "region", "namespace", "name"])
    op.create_table(
        "metric_points",
        sa.Column("series", big, sa.ForeignKey("metric_series.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("resolution", sa.Integer, primary_key=True),
        sa.Column("unit", sa.String(20), primary_key=True),
        sa.Column("count", sa.Float, nullable=False),
        sa.Column("sum", sa.Float, nullable=False),
        sa.Column("min", sa.Float, nullable=False),
        sa.Column("max", sa.Float, nullable=False),
        sa.Column("spread", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_index("metric_points_age", "metric_points", ["resolution", "start"])
    op.create_table(
        "metric_positions",
        sa.Column("reader", sa.String(200), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
