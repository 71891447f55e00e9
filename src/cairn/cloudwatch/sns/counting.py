"""What SNS counts of a topic: the metrics of the namespace AWS/SNS with the dimension TopicName.

It is written with what is counted (`core.tallies`) and belongs to the topic's account, whoever publishes or subscribes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cairn.cloudwatch.sns.arns import TopicId
from cairn.cloudwatch.sns.message import Message, size
from cairn.cloudwatch.sns.subscription import Rejection
from cairn.core.tallies import Tally

NAMESPACE = "AWS/SNS"
DELIVERED = "NumberOfNotificationsDelivered"
FAILED = "NumberOfNotificationsFailed"
REDRIVEN = "NumberOfNotificationsRedrivenToDlq"
NOT_REDRIVEN = "NumberOfNotificationsFailedToRedriveToDlq"

_PUBLISHED = "NumberOfMessagesPublished"
_SIZE = "PublishSize"
_FILTERED = "NumberOfNotificationsFilteredOut"


def one(topic: TopicId, name: str) -> Tally:
    """Something happened once."""
    return Tally(topic.account, topic.region, name, (("TopicName", topic.name),))


def published(topic: TopicId, message: Message) -> Iterator[Tally]:
    """A message was published."""
    yield one(topic, _PUBLISHED)
    length = sum(size(text, {}) for text in message.bodies.values()) + size("", message.attributes)
    yield one(topic, _SIZE)._replace(value=float(length), unit="Bytes")


def filtered(topic: TopicId, rejections: Iterable[Rejection]) -> Iterator[Tally]:
    """Filter policies kept a message from subscribers: the sum of all, and why."""
    for why in rejections:
        yield one(topic, _FILTERED)
        yield one(topic, f"{_FILTERED}-{why}")
