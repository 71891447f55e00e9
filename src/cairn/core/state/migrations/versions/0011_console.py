"""Sessions of the console, guesses at passwords, and codes that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "console_sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("role", sa.Text),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
    )
    op.create_index("console_sessions_expires", "console_sessions", ["expires"])
    op.create_table(
        "console_guesses",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("minute", sa.BigInteger, primary_key=True),
        sa.Column("guesses", sa.Integer, nullable=False),
    )
    op.create_table(
        "console_used_codes",
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("step", sa.BigInteger, nullable=False),
    )
