"""How far each source was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "event_positions",
        sa.Column("source", sa.String(128), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
