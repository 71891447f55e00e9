"""Which spans go to their trail's log group. Trails that log now and have one begin where their span stands."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "trail_log_spans",
        sa.Column("span", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["span"], ["trail_spans.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("span"),
    )
    op.execute(
        """INSERT INTO trail_log_spans (span, "cursor")
        SELECT trail_spans.id, trail_spans."cursor" FROM trail_spans JOIN trails ON trails.id = trail_spans.trail
        WHERE trails.logging AND trail_spans.stop IS NULL AND trail_spans."end" IS NULL
        AND trails.settings LIKE '%"log_group":"arn%'"""
    )
