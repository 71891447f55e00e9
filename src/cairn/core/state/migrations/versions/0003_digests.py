"""Digest files: the periods that they prove, the files themselves, the keys that sign them, requests for them now."""

import json

import sqlalchemy as sa
from alembic import op

from cairn.core.clock import SystemClock

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "digest_periods",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("trail", number, nullable=False),
        sa.Column("began", sa.Float(), nullable=False),
        sa.Column("after_file", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.Float(), nullable=True),
        sa.Column("last_file", sa.BigInteger(), nullable=True),
        sa.Column("finished", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["trail"], ["trails.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("digest_periods_trail", "digest_periods", ["trail"], unique=False)
    op.create_index("digest_periods_finished", "digest_periods", ["finished"], unique=False)
    op.create_table(
        "digests",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("period", number, nullable=False),
        sa.Column("trail", number, nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("after_file", sa.BigInteger(), nullable=False),
        sa.Column("last_file", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=1024), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("previous", number, nullable=True),
        sa.Column("staged", sa.Float(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("delivered", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["period"], ["digest_periods.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["trail"], ["trails.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("digests_chain", "digests", ["period", "account", "region"], unique=False)
    op.create_index("digests_trail", "digests", ["trail", "end"], unique=False)
    op.create_index("digests_outcome", "digests", ["outcome"], unique=False)
    op.create_table(
        "digest_keys",
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.Float(), nullable=False),
        sa.Column("valid_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint"),
    )
    op.create_index("digest_keys_region", "digest_keys", ["region", "valid_until"], unique=False)
    op.create_table(
        "digest_requests",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("trail_arn", sa.String(length=300), nullable=False),
        sa.Column("requested", sa.Float(), nullable=False),
        sa.Column("after_digest", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("delivered_files_trail", "delivered_files", ["trail", "id"], unique=False)
    _begin_periods()


def _begin_periods() -> None:
    """Trails that log with validation on, which had no digests before, have them from now on."""
    connection = op.get_bind()
    last = connection.scalar(sa.text("SELECT max(id) FROM delivered_files")) or 0
    rows = connection.execute(sa.text("SELECT id, settings FROM trails WHERE logging AND deleted IS NULL")).all()
    begin = sa.text("INSERT INTO digest_periods (trail, began, after_file) VALUES (:trail, :began, :last)")
    for row in rows:
        if json.loads(row.settings).get("validation"):
            connection.execute(begin, {"trail": row.id, "began": SystemClock().now(), "last": last})
