"""Putting messages where deliveries find them, in the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.sns import counting
from cairn.cloudwatch.sns import subscription as subscribed
from cairn.cloudwatch.sns.message import Message
from cairn.cloudwatch.sns.subscription import Subscription
from cairn.cloudwatch.sns.tables import deliveries, messages, published, subscriptions, topics
from cairn.cloudwatch.sns.topic import Topic
from cairn.core.tallies import Tallies, Tally

DEDUPLICATION_S = 300.0
"""For how long a FIFO topic takes a message of the same MessageDeduplicationId for the same."""
ONCE_S = 14 * 86400.0
"""For how long a message of a service that is published again is the same."""
SEQUENCE_FIRST = 10_000_000_000_000_000_000
"""What a FIFO topic's numbers begin with, all of 20 digits."""

FIFO_PROTOCOLS = frozenset({"sqs"})


class Receipt(msgspec.Struct, frozen=True):
    """What a publisher is told."""

    message_id: str
    sequence: str
    """20 digits; empty where the topic is no FIFO topic."""
    deliveries: int
    """Subscribers that the message is for; 0 too where it had been published already."""


def publish(
    connection: sa.Connection,
    topic: Topic,
    given: Sequence[Message],
    now: float,
    *,
    tallies: Tallies,
    once: str = "",
) -> list[Receipt]:
    """Store messages and who they are for. They are durable once the transaction is.

    Args:
        once: a message that was published under the same id within `ONCE_S` is not published again. For one message.
    """
    hearers = subscribed.select(connection, subscriptions.c.topic == topic.id, subscriptions.c.state == "confirmed")
    counted: list[Tally] = []
    receipts = [_publish(connection, topic, message, hearers, now, once, counted) for message in given]
    tallies.add(connection, counted, now)
    return receipts


def deliver(connection: sa.Connection, topic: int, message: Message, to: Sequence[Subscription], now: float) -> None:
    """Store a message for some subscribers, whatever their filters say."""
    if not to:
        return
    content = msgspec.json.encode(message)
    row = connection.execute(sa.insert(messages).values(topic=topic, content=content)).inserted_primary_key
    assert row is not None
    new: dict[str, Any] = {"message": row[0], "group_id": message.group if message.sequence else "", "attempts": 0}
    new |= {"due": now, "dead": False, "error": ""}
    connection.execute(sa.insert(deliveries), [new | {"subscription": each.id} for each in to])


def _publish(
    connection: sa.Connection,
    topic: Topic,
    message: Message,
    hearers: Sequence[Subscription],
    now: float,
    once: str,
    counted: list[Tally],
) -> Receipt:
    key, until = _key(topic, message), now + DEDUPLICATION_S
    if once:
        key, until = f"once:{hashlib.sha256(once.encode()).hexdigest()}", now + ONCE_S
    if key:
        before = connection.execute(
            sa.select(published).where(published.c.topic == topic.id, published.c.key == key, published.c.until > now)
        ).first()
        if before is not None:
            if not once:  # a publisher's message that is not delivered again; a service's was published before
                counted += counting.published(topic.topic, message)
            return Receipt(before.message_id, _digits(before.sequence), 0)
    if topic.is_fifo:
        message = msgspec.structs.replace(message, sequence=_next(connection, topic))
    if key:
        connection.execute(sa.delete(published).where(published.c.topic == topic.id, published.c.key == key))
        values = {"topic": topic.id, "key": key, "message_id": message.id, "sequence": message.sequence, "until": until}
        connection.execute(sa.insert(published).values(values))
    counted += counting.published(topic.topic, message)
    wanted, rejections = [], []
    for each in hearers:
        why = each.rejection(message)
        if why is None:
            wanted.append(each)
        else:
            rejections.append(why)
    counted += counting.filtered(topic.topic, rejections)
    deliver(connection, topic.id, message, wanted, now)
    return Receipt(message.id, _digits(message.sequence), len(wanted))


def _key(topic: Topic, message: Message) -> str:
    if not topic.is_fifo:
        return ""
    by_group = topic.attributes.get("FifoThroughputScope") == "MessageGroup"
    return f"{message.group if by_group else ''}\n{message.deduplication}"


def _next(connection: sa.Connection, topic: Topic) -> int:
    """The topic's next number. The row's lock puts publishers in order."""
    where = topics.c.id == topic.id
    connection.execute(sa.update(topics).where(where).values(sequence=topics.c.sequence + 1))
    number: int = connection.execute(sa.select(topics.c.sequence).where(where)).scalar_one()
    return number


def _digits(sequence: int) -> str:
    return str(SEQUENCE_FIRST + sequence) if sequence else ""


def sequence_number(message: Message) -> str:
    """A message's number as subscribers see it; empty where it has none."""
    return _digits(message.sequence)
