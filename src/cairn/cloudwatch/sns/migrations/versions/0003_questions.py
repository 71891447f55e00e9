"""When addresses were asked whether they want mail."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sns_questions",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("mailbox", sa.String(2048), nullable=False),
        sa.Column("asked", sa.Float(), nullable=False),
    )
    op.create_index("sns_questions_mailbox", "sns_questions", ["mailbox", "asked"])
