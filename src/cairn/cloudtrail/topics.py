"""The topic that a trail announces delivered files on: how it is named, and what it answers."""

from __future__ import annotations

import re
from typing import Protocol

from cairn.cloudtrail import refusals
from cairn.cloudtrail.trail import TrailId, partition
from cairn.core.errors import AwsError, CairnError

TOPIC_CHARACTERS_MAX = 256
VALIDATION_MESSAGE = "CloudTrail validation message."
"""What a topic is sent when a trail is given it (spec 3)."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")


class TopicError(CairnError):
    """A topic took no message. `code` is SNS's (`AuthorizationError`, `NotFound`), empty if it did not answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Topics(Protocol):
    """Topics of any account and region."""

    def publish(self, topic: str, message: str, source: str) -> None:
        """Publish to the topic of this ARN as CloudTrail, for the trail whose ARN is `source`.

        Raises:
            TopicError: the topic does not take it.
        """


def check_topic_name(topic: str) -> None:
    """Raise InvalidSnsTopicNameException unless it may be a topic's name or ARN. FIFO topics cannot be used."""
    if len(topic) > TOPIC_CHARACTERS_MAX or not (_ARN if topic.startswith("arn:") else _NAME).fullmatch(topic):
        raise refusals.invalid_topic_name(topic)


def topic_arn(trail: TrailId, topic: str) -> str:
    """The ARN of a trail's topic: a bare name is one of the trail's own account in its home region."""
    if topic.startswith("arn:"):
        return topic
    return f"arn:{partition(trail.home_region)}:sns:{trail.home_region}:{trail.account}:{topic}"


def check_topic(topics: Topics, trail: TrailId, topic: str) -> None:
    """Raise unless the topic takes a message of the trail's; it is sent one.

    Raises:
        AwsError: InsufficientSnsTopicPolicyException, KmsKeyNotFoundException; ServiceUnavailable where SNS does not
            answer.
    """
    try:
        topics.publish(topic_arn(trail, topic), VALIDATION_MESSAGE, trail.arn)
    except TopicError as error:
        if not error.code:
            raise AwsError("ServiceUnavailable", f"SNS does not answer: {error.message}", 503) from error
        if error.code == "KMSNotFound":
            raise refusals.topic_key_not_found(topic_arn(trail, topic)) from error
        raise refusals.insufficient_topic_policy() from error
