"""Topics, subscriptions, messages and their deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "sns_topics",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("arn", sa.String(330), nullable=False, unique=True),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("data_protection", sa.Text(), nullable=False, server_default=""),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
    )
    op.create_index("sns_topics_account", "sns_topics", ["account", "region"])
    op.create_table(
        "sns_tags",
        sa.Column("topic", _ID, _of("sns_topics"), primary_key=True),
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("value", sa.String(256), nullable=False),
    )
    op.create_table(
        "sns_subscriptions",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("topic", _ID, _of("sns_topics"), nullable=False),
        sa.Column("arn", sa.String(370), nullable=False, unique=True),
        sa.Column("owner", sa.String(12), nullable=False),
        sa.Column("principal", sa.String(2048), nullable=False),
        sa.Column("protocol", sa.String(16), nullable=False),
        sa.Column("endpoint", sa.String(2048), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("authenticated", sa.Boolean(), nullable=False),
        sa.Column("guarded", sa.Boolean(), nullable=False),
        sa.Column("token", sa.String(300), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
    )
    op.create_index("sns_subscriptions_topic", "sns_subscriptions", ["topic", "state"])
    op.create_index("sns_subscriptions_owner", "sns_subscriptions", ["owner"])
    op.create_index("sns_subscriptions_token", "sns_subscriptions", ["token"])
    op.create_table(
        "sns_messages",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("topic", _ID, _of("sns_topics"), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_index("sns_messages_topic", "sns_messages", ["topic"])
    op.create_table(
        "sns_deliveries",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("message", _ID, _of("sns_messages"), nullable=False),
        sa.Column("subscription", _ID, _of("sns_subscriptions"), nullable=False),
        sa.Column("group_id", sa.String(128), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.Float(), nullable=False),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
    )
    op.create_index("sns_deliveries_subscription", "sns_deliveries", ["subscription", "due"])
    op.create_index("sns_deliveries_due", "sns_deliveries", ["due"])
    op.create_index("sns_deliveries_message", "sns_deliveries", ["message"])
    op.create_table(
        "sns_published",
        sa.Column("topic", _ID, _of("sns_topics"), primary_key=True),
        sa.Column("key", sa.String(300), primary_key=True),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
    )
    op.create_index("sns_published_until", "sns_published", ["until"])
