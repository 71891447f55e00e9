"""Topics, subscriptions, and messages that are not delivered yet, in a database of their own."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from cairn.core.state import Schema
from cairn.core.tallies import tallies_table

SNS = Schema("sns", sa.MetaData(), Path(__file__).parent / "migrations")

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in INTEGER columns

topics = sa.Table(
    "sns_topics",
    SNS.metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", sa.String(256), nullable=False),
    sa.Column("arn", sa.String(330), nullable=False, unique=True),
    sa.Column("attributes", sa.Text, nullable=False, doc="those that were set, as JSON"),
    sa.Column("data_protection", sa.Text, nullable=False, server_default=""),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False, doc="of the last message of a FIFO topic"),
    sa.Column("deleted", sa.BigInteger, nullable=False, doc="subscriptions that ended"),
    sa.Index("sns_topics_account", "account", "region"),
)

tags = sa.Table(
    "sns_tags",
    SNS.metadata,
    sa.Column("topic", _ID, sa.ForeignKey("sns_topics.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("value", sa.String(256), nullable=False),
)

subscriptions = sa.Table(
    "sns_subscriptions",
    SNS.metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("topic", _ID, sa.ForeignKey("sns_topics.id", ondelete="CASCADE"), nullable=False),
    sa.Column("arn", sa.String(370), nullable=False, unique=True),
    sa.Column("owner", sa.String(12), nullable=False, doc="the account that subscribed"),
    sa.Column("principal", sa.String(2048), nullable=False, doc="ARN of who subscribed"),
    sa.Column("protocol", sa.String(16), nullable=False),
    sa.Column("endpoint", sa.String(2048), nullable=False),
    sa.Column("attributes", sa.Text, nullable=False, doc="those that were set, as JSON"),
    sa.Column("state", sa.String(10), nullable=False, doc="pending, confirmed, or ended: a farewell is still owed"),
    sa.Column("authenticated", sa.Boolean, nullable=False, doc="whether it was confirmed by a signed call"),
    sa.Column("guarded", sa.Boolean, nullable=False, doc="AuthenticateOnUnsubscribe"),
    sa.Column("token", sa.String(300), nullable=False),
    sa.Column("created", sa.Float, nullable=False, doc="when it was last subscribed"),
    sa.Index("sns_subscriptions_topic", "topic", "state"),
    sa.Index("sns_subscriptions_owner", "owner"),
    sa.Index("sns_subscriptions_token", "token"),
)

messages = sa.Table(
    "sns_messages",
    SNS.metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("topic", _ID, sa.ForeignKey("sns_topics.id", ondelete="CASCADE"), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False, doc="message.Message as JSON"),
    sa.Index("sns_messages_topic", "topic"),
)

deliveries = sa.Table(
    "sns_deliveries",
    SNS.metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("message", _ID, sa.ForeignKey("sns_messages.id", ondelete="CASCADE"), nullable=False),
    sa.Column("subscription", _ID, sa.ForeignKey("sns_subscriptions.id", ondelete="CASCADE"), nullable=False),
    sa.Column("group_id", sa.String(128), nullable=False, doc="within which the order is kept; empty: none is"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due", sa.Float, nullable=False, doc="when it is tried next"),
    sa.Column("dead", sa.Boolean, nullable=False, doc="given up; it is on its way to the dead-letter queue"),
    sa.Column("error", sa.Text, nullable=False, doc="of the last attempt"),
    sa.Index("sns_deliveries_subscription", "subscription", "due"),
    sa.Index("sns_deliveries_due", "due"),
    sa.Index("sns_deliveries_message", "message"),
)

published = sa.Table(
    "sns_published",
    SNS.metadata,
    sa.Column("topic", _ID, sa.ForeignKey("sns_topics.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.String(300), primary_key=True, doc="deduplication id, with its group where that counts"),
    sa.Column("message_id", sa.String(36), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("until", sa.Float, nullable=False, doc="how long the same key stores nothing"),
    sa.Index("sns_published_until", "until"),
)

questions = sa.Table(
    "sns_questions",
    SNS.metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("mailbox", sa.String(2048), nullable=False),
    sa.Column("asked", sa.Float, nullable=False, doc="when it was sent a confirmation mail"),
    sa.Index("sns_questions_mailbox", "mailbox", "asked"),
)

tallies = tallies_table("sns_tallies", SNS.metadata)
