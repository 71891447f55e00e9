"""Digests know whether they were made for a window that was missed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("digests") as table:
        table.add_column(sa.Column("backfill", sa.Boolean, nullable=False, server_default=sa.false()))
