"""Delivery: what subscribers get, and what becomes of what they do not take."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.cloudwatch.sns.receiver import Receiver, receiving
from tests.cloudwatch.sns.rig import ACCOUNT, REGION, URL, Rig

from cairn.cloudwatch.sns import delivery
from cairn.cloudwatch.sns.endpoints import EndpointError

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/s"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
DEAD = json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"})
ATTRIBUTES = {
    "text": {"DataType": "String", "StringValue": "ü"},
    "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def verified(rig: Rig, message: dict[str, str]) -> None:
    """Check a message's signature as its receiver would, from nothing but the message and the certificate."""
    assert message["SigningCertURL"] == URL + rig.signer.certificate_path
    certificate = x509.load_pem_x509_certificate(rig.signer.certificate)
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    if message["Type"] != "Notification":
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}[message["SignatureVersion"]]
    key.verify(base64.b64decode(message["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)


def confirmed(rig: Rig, topic: str, receiver: Receiver, path: str = "/hook", **attributes: str) -> str:
    """A server that confirmed its subscription; its ARN."""
    scheme = receiver.url.partition(":")[0]
    arn = rig.subscribe(topic, scheme, receiver.url + path, attributes)
    rig.run()
    asked = json.loads(receiver.received.pop().body)
    rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=asked["Token"])
    return arn


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_server_gets_signed_messages_after_it_confirmed(rig: Rig, receiver: Receiver, version: str) -> None:
    topic = rig.topic(SignatureVersion=version)
    arn = rig.subscribe(topic, "http", receiver.url + "/hook?a=b")
    rig.run()
    (asked,) = receiver.received
    assert asked.path == "/hook?a=b"
    assert asked.headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert asked.headers["content-type"] == "text/plain; charset=UTF-8"
    body = json.loads(asked.body)
    verified(rig, body)
    assert body["SubscribeURL"].startswith(URL + "/?Action=ConfirmSubscription&")
    rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=body["Token"])
    sent = rig.call("Publish", TopicArn=topic, Message="héllo\n", Subject="s", MessageAttributes=ATTRIBUTES)
    rig.call("Publish", TopicArn=topic, Message="bare")
    rig.run()
    _, told, bare = receiver.received
    assert {name: told.headers[name] for name in told.headers if name.startswith("x-amz-sns-")} == {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": sent["MessageId"],
        "x-amz-sns-topic-arn": topic,
        "x-amz-sns-subscription-arn": arn,
    }
    body = json.loads(told.body)
    verified(rig, body)
    verified(rig, json.loads(bare.body))
    assert list(body) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
        "MessageAttributes",
    ]
    assert (body["Message"], body["SignatureVersion"]) == ("héllo\n", version)
    assert body["MessageAttributes"] == {
        "text": {"Type": "String", "Value": "ü"},
        "bytes": {"Type": "Binary", "Value": "AP8="},
    }
    assert "Subject" not in json.loads(bare.body)
    assert (rig.waiting(), rig.stored()) == (0, 0)


def test_links_may_lead_to_the_name_that_aws_has_in_the_region_of_the_topic(rig: Rig, receiver: Receiver) -> None:
    deliveries = rig.deliverer(url="https://sns.{region}.amazonaws.com")
    topic = rig.topic()
    rig.subscribe(topic, "http", receiver.url)
    rig.run(deliveries)
    asked = json.loads(receiver.received.pop().body)
    rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=asked["Token"])
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.run(deliveries)
    told = json.loads(receiver.received.pop().body)
    deliveries.close()
    # what SDKs' validators look for
    assert re.fullmatch(
        r"https://sns\.eu-west-2\.amazonaws\.com/SimpleNotificationService-\w{32}\.pem", told["SigningCertURL"]
    )
    for url in (asked["SubscribeURL"], told["UnsubscribeURL"]):
        assert url.startswith(f"https://sns.{REGION}.amazonaws.com/?Action=")


def test_raw_messages_come_as_they_are(rig: Rig, receiver: Receiver) -> None:
    topic = rig.topic()
    policy = json.dumps({"requestPolicy": {"headerContentType": "application/json"}})
    confirmed(rig, topic, receiver, RawMessageDelivery="true", DeliveryPolicy=policy)
    rig.subscribe(topic, "sqs", rig.queue("q"), {"RawMessageDelivery": "true"})
    rig.call("Publish", TopicArn=topic, Message="{}", MessageAttributes=ATTRIBUTES)
    rig.run()
    (told,) = receiver.received
    assert (told.body, told.headers["x-amz-sns-rawdelivery"]) == ("{}", "true")
    assert told.headers["content-type"] == "application/json"
    ((_, message),) = rig.aws.sent
    assert message.body == "{}"
    assert {name: each.value for name, each in message.attributes.items()} == {"text": "ü", "bytes": "AP8="}


def test_each_protocol_has_its_own_text_and_filter(rig: Rig) -> None:
    topic = rig.topic()
    rig.subscribe(topic, "sqs", rig.queue("all"))
    rig.subscribe(topic, "sqs", rig.queue("some"), {"FilterPolicy": '{"text":["ü"]}'})
    rig.subscribe(topic, "sqs", rig.queue("none"), {"FilterPolicy": '{"text":["other"]}'})
    rig.subscribe(
        topic, "sqs", rig.queue("body"), {"FilterPolicy": '{"a":{"b":[1]}}', "FilterPolicyScope": "MessageBody"}
    )
    rig.subscribe(topic, "lambda", FUNCTION)
    rig.subscribe(topic, "firehose", STREAM, {"SubscriptionRoleArn": ROLE})
    text = json.dumps({"default": "x", "sqs": '{"a":{"b":1}}', "lambda": "for functions"})
    rig.call("Publish", TopicArn=topic, Message=text, MessageStructure="json", MessageAttributes=ATTRIBUTES)
    rig.run()
    assert sorted(to for to, _ in rig.aws.sent) == [rig.queue(name) for name in ("all", "body", "some")]
    ((_, event),) = rig.aws.invoked
    (record,) = json.loads(event)["Records"]
    assert record["Sns"]["Message"] == "for functions"
    assert record["Sns"]["Subject"] is None
    assert record["EventSource"] == "aws:sns"
    ((_, role, data),) = rig.aws.put_records
    assert (role, json.loads(data)["Message"]) == (ROLE, "x")


def test_a_server_that_fails_is_tried_again_by_its_policy(rig: Rig, receiver: Receiver) -> None:
    topic = rig.topic()
    phases = {"numRetries": 6, "numNoDelayRetries": 1, "numMinDelayRetries": 2, "numMaxDelayRetries": 1}
    policy = {"healthyRetryPolicy": phases | {"minDelayTarget": 10, "maxDelayTarget": 30}}
    confirmed(rig, topic, receiver, DeliveryPolicy=json.dumps(policy), RedrivePolicy=DEAD)
    receiver.answers = [500, 503, 429, 302, 500, 500, 500]
    rig.call("Publish", TopicArn=topic, Message="m")
    tried: list[tuple[float, int]] = []
    start = rig.clock.now()
    for _ in range(300):
        rig.run(seconds=1)
        if len(receiver.received) > (tried[-1][1] if tried else 0):
            tried.append((round(rig.clock.now() - start), len(receiver.received)))
    # at once twice, 10 s apart twice, from 10 s to 30 s twice, 30 s once
    assert [number for _, number in tried] == [2, 3, 4, 5, 6, 7]
    waits = [after[0] - before[0] for before, after in itertools.pairwise(tried)]
    assert waits == pytest.approx([10, 10, 10, 30, 30], abs=2)
    assert json.loads(rig.aws.bodies(rig.queue("dead"))[0])["Message"] == "m"
    assert (rig.waiting(), rig.stored()) == (0, 0)


def test_a_server_that_says_that_it_is_wrong_is_not_asked_again(
    rig: Rig, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    topic = rig.topic()
    confirmed(rig, topic, receiver)
    receiver.answers = [404, 500]
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.run(seconds=600)
    assert len(receiver.received) == 1
    assert rig.waiting() == 0
    assert "(1 in a row), not tried again: " in caplog.messages[-1]
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.run()
    assert "(2 in a row), next in 20 s: " in caplog.messages[-1], "as its delivery policy says"


def test_a_message_that_is_lost_is_told_of_for_an_hour(rig: Rig, receiver: Receiver) -> None:
    topic = rig.topic()
    arn = confirmed(rig, topic, receiver)
    receiver.answers = [404]
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.run()
    assert (rig.waiting(), list(rig.deliveries.troubles())) == (0, [arn])
    rig.run(seconds=3601)
    assert rig.deliveries.troubles() == {}
    receiver.answers = [404]
    for expected in ([arn], []):
        rig.call("Publish", TopicArn=topic, Message="m")
        rig.run()
        assert list(rig.deliveries.troubles()) == expected


def test_a_queue_that_is_away_gets_what_was_published_meanwhile(rig: Rig) -> None:
    topic = rig.topic()
    rig.subscribe(topic, "sqs", rig.queue("q"))
    rig.aws.broken = {rig.queue("q"): EndpointError("away", unreachable=True)}
    for number in range(150):
        rig.call("Publish", TopicArn=topic, Message=str(number))
    rig.run(seconds=900)
    assert rig.waiting() == 150
    assert len(rig.aws.tries) < 300, "one connection a round, whatever waits"
    assert list(rig.deliveries.troubles()) == [rig.call("ListSubscriptions")["Subscriptions"][0]["SubscriptionArn"]]
    rig.aws.broken = {}
    rig.run(seconds=30)
    assert sorted(int(json.loads(body)["Message"]) for body in rig.aws.bodies(rig.queue("q"))) == list(range(150))
    assert rig.deliveries.troubles() == {}


def test_a_queue_that_does_not_let_us_in_loses_to_its_dead_letter_queue(rig: Rig) -> None:
    topic = rig.topic()
    rig.subscribe(topic, "sqs", rig.queue("q"), {"RedrivePolicy": DEAD})
    rig.aws.broken = {
        rig.queue("q"): EndpointError("no", final=True),
        rig.queue("dead"): EndpointError("not yet", final=True),
    }
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.run(seconds=60)
    assert rig.aws.tries.count(rig.queue("q")) == 1
    assert rig.waiting() == 1
    rig.aws.broken = {}
    rig.run(seconds=600)
    assert len(rig.aws.bodies(rig.queue("dead"))) == 1
    assert rig.aws.bodies(rig.queue("q")) == []


def test_a_fifo_topic_keeps_the_order_of_each_group(rig: Rig) -> None:
    topic = rig.topic("orders.fifo", FifoTopic="true", ContentBasedDeduplication="true")
    rig.subscribe(topic, "sqs", rig.queue("q.fifo"))
    for number in range(12):
        group = "even" if number % 2 == 0 else "odd"
        rig.call("Publish", TopicArn=topic, Message=str(number), MessageGroupId=group)
        if number == 5:
            rig.aws.broken = {rig.queue("q.fifo"): EndpointError("one")}
            rig.run()
            rig.aws.broken = {}
    rig.run(seconds=60)
    sent = [(message.group, json.loads(message.body)) for _, message in rig.aws.sent]
    for group, expected in (("even", [0, 2, 4, 6, 8, 10]), ("odd", [1, 3, 5, 7, 9, 11])):
        bodies = [body for to, body in sent if to == group]
        assert [int(body["Message"]) for body in bodies] == expected
        numbers = [body["SequenceNumber"] for body in bodies]
        assert numbers == sorted(numbers)
    assert all(message.deduplication for _, message in rig.aws.sent)
    assert "Signature" not in sent[0][1]


def test_a_server_that_hangs_delays_nobody_else(rig: Rig, receiver: Receiver) -> None:
    topic = rig.topic()
    confirmed(rig, topic, receiver)
    rig.subscribe(topic, "sqs", rig.queue("q"))
    receiver.hold.clear()
    for number in range(3):
        rig.call("Publish", TopicArn=topic, Message=str(number))
        while len(rig.aws.sent) <= number:
            rig.deliveries.step()
    assert receiver.received == []
    receiver.hold.set()
    rig.run()
    assert len(receiver.received) == 3


def test_many_queues_that_hang_hide_no_other(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them are due, for longer, than a step looks at."""
    monkeypatch.setattr(delivery, "SUBSCRIPTIONS_A_STEP", 2)
    first, then = rig.topic("first"), rig.topic("then")
    rig.aws.hanging = frozenset(rig.queue(f"h{number}") for number in range(5))
    for queue in rig.aws.hanging:
        rig.subscribe(first, "sqs", queue)
    rig.subscribe(then, "sqs", rig.queue("well"))
    rig.call("Publish", TopicArn=first, Message="m")
    rig.clock.advance(1.0)
    rig.call("Publish", TopicArn=then, Message="m")
    try:
        for _ in range(20):
            rig.deliveries.step()
        assert len(rig.aws.bodies(rig.queue("well"))) == 1
    finally:
        rig.aws.hold.set()
    rig.run()
    assert rig.waiting() == 0


def test_a_server_gets_no_more_a_second_than_it_wants(rig: Rig, receiver: Receiver) -> None:
    topic = rig.topic()
    confirmed(rig, topic, receiver, DeliveryPolicy='{"throttlePolicy":{"maxReceivesPerSecond":2}}')
    for number in range(6):
        rig.call("Publish", TopicArn=topic, Message=str(number))
    seen = []
    for _ in range(4):
        rig.clock.advance(0.5)
        rig.run()
        seen.append(len(receiver.received))
    assert seen == [1, 2, 3, 4]


def test_what_waits_is_forgotten_with_the_subscription(rig: Rig) -> None:
    topic = rig.topic()
    arn = rig.subscribe(topic, "sqs", rig.queue("q"))
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.call("Unsubscribe", SubscriptionArn=arn)
    assert (rig.waiting(), rig.stored()) == (0, 0)
    rig.run()
    assert rig.aws.sent == []


@pytest.mark.parametrize(
    ("host", "private"),
    [("127.0.0.1", True), ("localhost", True), ("[::1]", True), ("169.254.169.254", True), ("10.0.0.1", True)],
)
def test_private_addresses_are_asked_only_where_that_is_allowed(
    rig: Rig, receiver: Receiver, host: str, private: bool
) -> None:
    port = receiver.url.rpartition(":")[2]
    topic = rig.topic()
    rig.subscribe(topic, "http", f"http://{host}:{port}/")
    strict = rig.deliverer(allow_private=False)
    rig.run(strict)
    assert receiver.received == []
    assert rig.waiting() == 0, "given up at once"
    strict.close()


def test_a_loop_that_begins_anew_delivers_what_the_one_before_left(rig: Rig) -> None:
    topic = rig.topic()
    rig.subscribe(topic, "sqs", rig.queue("q"))
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.deliveries.close()
    rig.deliveries = rig.deliverer()
    rig.run()
    assert len(rig.aws.sent) == 1


def test_an_error_of_ours_is_retried_and_told(rig: Rig, monkeypatch: Any) -> None:
    topic = rig.topic()
    rig.subscribe(topic, "sqs", rig.queue("q"))
    monkeypatch.setattr(rig.aws, "send", lambda *_: 1 / 0)
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.run(seconds=1)
    (trouble,) = rig.deliveries.troubles().values()
    assert "ZeroDivisionError" in trouble.error
    monkeypatch.undo()
    rig.run(seconds=30)
    assert len(rig.aws.sent) == 1
