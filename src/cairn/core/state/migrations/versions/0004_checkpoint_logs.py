"""The checkpoint logs over digests."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "checkpoint_logs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("trail", sa.String(length=300), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("published_size", sa.BigInteger(), nullable=False),
        sa.Column("published_note", sa.Text(), nullable=False),
        sa.Column("published_place", sa.String(length=1300), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trail"),
    )
    op.create_table(
        "checkpoint_entries",
        sa.Column("log", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["log"], ["checkpoint_logs.id"]),
        sa.PrimaryKeyConstraint("log", "number"),
    )
    op.create_table(
        "checkpoint_hashes",
        sa.Column("log", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["log"], ["checkpoint_logs.id"]),
        sa.PrimaryKeyConstraint("log", "level", "number"),
    )
