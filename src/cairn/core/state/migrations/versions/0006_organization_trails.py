"""Trails know their organization, and which accounts have copies of them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("trails") as table:
        table.add_column(sa.Column("organization", sa.String(34), nullable=False, server_default=""))
    op.create_table(
        "trail_copies",
        sa.Column(
            "trail",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.ForeignKey("trails.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("account", sa.String(12), primary_key=True),
    )
    op.create_index("trail_copies_account", "trail_copies", ["account"])
