"""What was deleted stays until it was read; regular expressions of subscription filters; saved query definitions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NAME = sa.String(512).with_variant(sa.String(512, collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("log_groups", sa.Column("gone_ms", sa.BigInteger(), nullable=True))
    op.drop_index("log_groups_name", table_name="log_groups")
    op.create_index(
        "log_groups_name",
        "log_groups",
        ["account", "region", "name"],
        unique=True,
        sqlite_where=sa.text("gone_ms IS NULL"),
        postgresql_where=sa.text("gone_ms IS NULL"),
    )
    op.add_column("log_graves", sa.Column("stream_name", _NAME, nullable=True))
    op.create_index("log_graves_stream", "log_graves", ["log_stream"], unique=False)
    op.add_column("log_subscription_filters", sa.Column("regexes", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "log_query_definitions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("token", sa.String(128), nullable=False),
        sa.Column("modified_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("log_query_definitions_name", "log_query_definitions", ["account", "region", "name"], unique=False)
