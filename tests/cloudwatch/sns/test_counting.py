"""What topics count for their metrics, in the transaction of what is counted."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import sqlalchemy as sa
from tests.cloudwatch.sns.receiver import receiving
from tests.cloudwatch.sns.rig import ACCOUNT, ALARM, REGION, Rig

from cairn.cloudwatch.sns.endpoints import EndpointError
from cairn.cloudwatch.sns.tables import tallies

DEAD = json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"})
OF_BODY = {"FilterPolicy": '{"a":[1]}', "FilterPolicyScope": "MessageBody"}
OF_NAME = {"FilterPolicy": '{"n":["x"]}'}
OTHER = {"n": {"DataType": "String", "StringValue": "y"}}
BROKEN = {"n": {"DataType": "String.Array", "StringValue": "["}}


def counts(rig: Rig, topic: str = "alerts") -> dict[str, int]:
    """How often each metric but PublishSize was counted for a topic, with NumberOf left out."""
    found: Counter[str] = Counter()
    with rig.state.read() as connection:
        for row in connection.execute(sa.select(tallies)):
            assert (row.account, row.region) == (ACCOUNT, REGION)
            if json.loads(row.dimensions) == [["TopicName", topic]] and row.unit == "Count":
                assert row.value == 1.0
                found[row.name.removeprefix("NumberOf")] += row.times
    return dict(found)


def sizes(rig: Rig) -> list[tuple[float, int]]:
    with rig.state.read() as connection:
        rows = connection.execute(sa.select(tallies.c.value, tallies.c.times).where(tallies.c.unit == "Bytes"))
        return sorted((row.value, row.times) for row in rows)


def test_messages_and_their_bytes(rig: Rig) -> None:
    topic = rig.topic()
    rig.call(
        "Publish", TopicArn=topic, Message="ü", MessageAttributes={"n": {"DataType": "Number", "StringValue": "7"}}
    )
    entries = [{"Id": str(number), "Message": "12345"} for number in range(3)]
    rig.call("PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)
    assert counts(rig) == {"MessagesPublished": 4}
    assert sizes(rig) == [(5.0, 3), (10.0, 1)]


def test_what_a_service_publishes_again_counts_once(rig: Rig) -> None:
    topic = rig.topic()
    for _ in range(2):
        rig.topics.publish(topic, "m", source=ALARM, once="change-1")
    assert counts(rig) == {"MessagesPublished": 1}


def test_a_refused_message_counts_nothing(rig: Rig) -> None:
    topic = rig.topic()
    rig.refused("InvalidParameter", "Publish", TopicArn=topic, Message="m" * (256 * 1024 + 1))
    assert counts(rig) == {}


@pytest.mark.parametrize(
    ("attributes", "message", "given", "why"),
    [
        (OF_NAME, "m", {}, "NoMessageAttributes"),
        (OF_NAME, "m", OTHER, "MessageAttributes"),
        (OF_NAME, "m", BROKEN, "InvalidAttributes"),
        (OF_BODY, "no JSON", {}, "InvalidMessageBody"),
        (OF_BODY, "[1]", {}, "InvalidMessageBody"),
        (OF_BODY, '{"a":2}', {}, "MessageBody"),
    ],
)
def test_why_a_filter_policy_kept_a_message(
    rig: Rig, attributes: dict[str, str], message: str, given: dict[str, dict[str, str]], why: str
) -> None:
    topic = rig.topic()
    rig.subscribe(topic, "sqs", rig.queue("q"), attributes)
    rig.call("Publish", TopicArn=topic, Message=message, MessageAttributes=given)
    filtered = {"NotificationsFilteredOut": 1, f"NotificationsFilteredOut-{why}": 1}
    assert counts(rig) == {"MessagesPublished": 1, **filtered}


def test_a_queue_counts_once_whatever_it_took_and_its_dead_letter_queue_too(rig: Rig) -> None:
    topic = rig.topic()
    rig.subscribe(topic, "sqs", rig.queue("good"))
    rig.subscribe(topic, "sqs", rig.queue("bad"), {"RedrivePolicy": DEAD})
    rig.aws.broken = {
        rig.queue("good"): EndpointError("away", unreachable=True),
        rig.queue("bad"): EndpointError("no", final=True),
        rig.queue("dead"): EndpointError("not yet"),
    }
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.run(seconds=60)
    failed = {"MessagesPublished": 1, "NotificationsFailed": 1, "NotificationsFailedToRedriveToDlq": 1}
    assert counts(rig) == failed
    rig.aws.broken = {}
    rig.run(seconds=3600)
    assert counts(rig) == {**failed, "NotificationsDelivered": 1, "NotificationsRedrivenToDlq": 1}


def test_every_attempt_at_a_server_that_fails_counts(rig: Rig) -> None:
    topic = rig.topic()
    with receiving() as receiver:
        rig.subscribe(topic, "http", receiver.url)
        rig.run()
        token = json.loads(receiver.received.pop().body)["Token"]
        rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=token)
        assert counts(rig) == {}, "a question is no notification"
        receiver.answers = [500, 503]
        rig.call("Publish", TopicArn=topic, Message="m")
        rig.run(seconds=120)
    assert counts(rig) == {"MessagesPublished": 1, "NotificationsFailed": 2, "NotificationsDelivered": 1}
