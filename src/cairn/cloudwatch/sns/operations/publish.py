"""Publish and PublishBatch."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.sns import refusals
from cairn.cloudwatch.sns.arns import TopicId
from cairn.cloudwatch.sns.message import (
    MESSAGE_BYTES_MAX,
    Message,
    check_deduplication,
    check_subject,
    read_attributes,
    read_bodies,
    size,
)
from cairn.cloudwatch.sns.operations.arguments import Answer, Params, topic_argument
from cairn.cloudwatch.sns.publishing import Receipt
from cairn.cloudwatch.sns.topic import Topic
from cairn.cloudwatch.sns.topics import Topics
from cairn.core.errors import AwsError
from cairn.wire.operation import Context, Operation

ENTRIES_MAX = 10
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ENDPOINT = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:endpoint/.+")


class PublishOperations:
    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def operations(self) -> dict[str, Operation]:
        return {"Publish": self.publish, "PublishBatch": self.publish_batch}

    def publish(self, context: Context, params: Params) -> Answer:
        named = _target(context, params)
        topic = self._topics.get(named)
        message, length = _read(params, topic)
        if length > MESSAGE_BYTES_MAX:
            raise refusals.invalid("Message too long")
        (receipt,) = self._topics.publish_all(named, [message])
        return _receipt(receipt)

    def publish_batch(self, context: Context, params: Params) -> Answer:
        named = topic_argument(context, params)
        entries: list[dict[str, Any]] = params["PublishBatchRequestEntries"]
        topic = self._topics.get(named)
        _check_entries(entries)
        read = [_read(entry, topic) for entry in entries]
        if sum(length for _, length in read) > MESSAGE_BYTES_MAX:
            text = "The length of all the messages put together is more than the limit."
            raise AwsError("BatchRequestTooLong", text)
        receipts = self._topics.publish_all(named, [message for message, _ in read])
        successful = [
            {"Id": entry["Id"], **_receipt(receipt)} for entry, receipt in zip(entries, receipts, strict=True)
        ]
        return {"Successful": successful, "Failed": []}


def _target(context: Context, params: Params) -> TopicId:
    if params.get("PhoneNumber"):
        raise refusals.unsupported("text messages")
    if _ENDPOINT.fullmatch(params.get("TargetArn", "")):
        raise refusals.invalid("TargetArn Reason: No endpoint found for the target arn specified")
    member = "TopicArn" if params.get("TopicArn") is not None else "TargetArn"
    if params.get(member) is None:
        raise refusals.invalid("TopicArn or TargetArn Reason: no value for required parameter")
    return topic_argument(context, params, member)


def _check_entries(entries: list[dict[str, Any]]) -> None:
    if not entries:
        raise AwsError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > ENTRIES_MAX:
        text = "The batch request contains more entries than permissible."
        raise AwsError("TooManyEntriesInBatchRequest", text)
    if any(not _ENTRY_ID.fullmatch(entry["Id"]) for entry in entries):
        text = "The Id of a batch entry in a batch request doesn't abide by the specification."
        raise AwsError("InvalidBatchEntryId", text)
    if len({entry["Id"] for entry in entries}) < len(entries):
        text = "Two or more batch entries in the request have the same Id."
        raise AwsError("BatchEntryIdsNotDistinct", text)


def _read(given: Mapping[str, Any], topic: Topic) -> tuple[Message, int]:
    """A message as it is published to a topic, and its bytes. Raises `AwsError` where it is none."""
    text: str = given["Message"]
    bodies = read_bodies(text, given.get("MessageStructure"))
    subject = check_subject(given.get("Subject"))
    attributes = read_attributes(given.get("MessageAttributes"))
    group, deduplication = _order(given, topic, text)
    message = Message(
        id=str(uuid.uuid4()),
        published=0.0,
        bodies=bodies,
        subject=subject,
        attributes=attributes,
        group=group,
        deduplication=deduplication,
    )
    return message, size(text, attributes)


def _order(given: Mapping[str, Any], topic: Topic, text: str) -> tuple[str, str]:
    """MessageGroupId and MessageDeduplicationId. Standard topics hand a group on to fair queues."""
    group, deduplication = given.get("MessageGroupId", ""), given.get("MessageDeduplicationId", "")
    if group:
        check_deduplication(group, "MessageGroupId")
    if not topic.is_fifo:
        if deduplication:
            raise refusals.invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not "
                "valid for this topic type"
            )
        return group, ""
    if not group:
        raise refusals.invalid("The MessageGroupId parameter is required for FIFO topics")
    if deduplication:
        check_deduplication(deduplication, "MessageDeduplicationId")
        return group, deduplication
    if topic.attributes.get("ContentBasedDeduplication") != "true":
        raise refusals.invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )
    return group, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _receipt(receipt: Receipt) -> dict[str, str]:
    sequence = {"SequenceNumber": receipt.sequence} if receipt.sequence else {}
    return {"MessageId": receipt.message_id, **sequence}
