"""A topic of the account hears of every delivered file, and a queue that is subscribed to it receives that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.contract.recipients import make_bucket, make_queue, make_topic, topic_policy, trail_arn
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

REGION = "eu-west-2"
NAME = "announced"
BUCKET = "announced-logs"
SOURCE = trail_arn(NAME, REGION)


class Subscriber:
    """A queue that is subscribed to a topic, which announces the files of one bucket."""

    def __init__(self, cairn: Cairn, topic: str, bucket: str = BUCKET, region: str = REGION) -> None:
        self._bucket = bucket
        self._sqs = cairn.client("sqs", region=region)
        self._url, arn = make_queue(cairn, "announced", topic, region)
        cairn.client("sns", region=region).subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        self.received: list[str] = []

    def messages(self) -> list[str]:
        """All that came so far."""
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        for message in found.get("Messages", []):
            self.received.append(json.loads(message["Body"])["Message"])
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self.received

    def keys(self) -> list[str]:
        """Keys that were announced so far."""
        told = [json.loads(message) for message in self.messages() if message.startswith("{")]
        assert all(each["s3Bucket"] == self._bucket for each in told)
        return [key for each in told for key in each["s3ObjectKey"]]


@pytest.fixture
def trail(cairn: Cairn) -> Iterator[Any]:
    """CloudTrail's client in the region of these tests; the trail is gone afterwards."""
    client = cairn.client("cloudtrail", region=REGION)
    yield client
    client.delete_trail(Name=NAME)


def deliver(cairn: Cairn, user: str) -> None:
    cairn.client("sns", region=REGION).create_topic(Name=user)
    cairn.cairn("flush", "--trail", SOURCE)


def delivered(cairn: Cairn) -> set[str]:
    listed = cairn.client("s3", region=REGION).list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {item["Key"] for item in listed}


def test_files_are_announced_and_a_topic_that_refuses_catches_up(cairn: Cairn, trail: Any) -> None:
    make_bucket(cairn, BUCKET, REGION)
    sns = cairn.client("sns", region=REGION)
    topic = make_topic(cairn, "announced", SOURCE, REGION)
    subscriber = Subscriber(cairn, topic)
    made = trail.create_trail(Name=NAME, S3BucketName=BUCKET, SnsTopicName="announced")
    assert (made["SnsTopicName"], made["SnsTopicARN"]) == ("announced", topic)
    wait_until(lambda: subscriber.messages() == ["CloudTrail validation message."])
    assert "LatestNotificationTime" not in trail.get_trail_status(Name=NAME)
    trail.start_logging(Name=NAME)
    deliver(cairn, "first")
    wait_until(lambda: subscriber.keys() and set(subscriber.keys()) == delivered(cairn))
    wait_until(
        lambda: (now := trail.get_trail_status(Name=NAME))["LatestNotificationTime"] >= now["LatestDeliveryTime"]
    )
    assert "LatestNotificationError" not in trail.get_trail_status(Name=NAME)

    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=topic_policy(topic, SOURCE + "-2"))
    deliver(cairn, "second")
    wait_until(lambda: trail.get_trail_status(Name=NAME).get("LatestNotificationError") == "AuthorizationError")
    assert delivered(cairn) > set(subscriber.keys()), "delivery waited for the topic"
    wait_until(lambda: f"{SOURCE} (notices)" in cairn.cairn("status", code=None))
    cairn.cairn("status", code=1)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=topic_policy(topic, SOURCE))
    wait_until(lambda: set(subscriber.keys()) == delivered(cairn))
    assert "LatestNotificationError" not in trail.get_trail_status(Name=NAME)
    shown = cairn.aws("cloudtrail", "get-trail-status", "--name", SOURCE, "--region", REGION)
    assert shown["LatestNotificationAttemptSucceeded"] and shown["TimeLoggingStarted"]

    sns.delete_topic(TopicArn=topic)
    deliver(cairn, "third")
    wait_until(lambda: trail.get_trail_status(Name=NAME).get("LatestNotificationError") == "NotFound")
    bare = trail.update_trail(Name=NAME, SnsTopicName="")
    assert not {"SnsTopicName", "SnsTopicARN"} & set(bare)
    assert "LatestNotificationError" not in trail.get_trail_status(Name=NAME)
