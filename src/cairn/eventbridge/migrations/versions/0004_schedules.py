"""When rules on a schedule are due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cairn.eventbridge.schema import ID

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "event_schedules",
        sa.Column("rule", ID, sa.ForeignKey("event_rules.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("expression", sa.String(256), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger),
    )
    op.create_index("event_schedules_due", "event_schedules", ["due"])
