"""What each process leaves of its metrics."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "process_metrics",
        sa.Column("process", sa.String(length=64), nullable=False),
        sa.Column("written", sa.Float(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("process"),
    )
