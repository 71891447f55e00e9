"""Plans whose files are to be announced on their trail's topic."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "delivery_notices",
        sa.Column("plan", _ID, nullable=False),
        sa.Column("trail", _ID, nullable=False),
        sa.Column("owed", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["delivery_plans.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["trail"], ["trails.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan"),
    )
