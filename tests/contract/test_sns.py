"""Topics as stock clients have them: queues, servers and addresses that hear, and what survives kill -9."""

from __future__ import annotations

import base64
import datetime
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.cloudwatch.sns.receiver import receiving
from tests.cloudwatch.sns.relay import Relay, relaying, text_of
from tests.contract.mailed import click, fetch
from tests.contract.recipients import make_queue
from tests.contract.stopping import stop_worker
from tests.contract.test_tutorial import ACCOUNT
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

REGION = "ap-south-1"
ADDRESS = "ops@example.org"
MESSAGES = 40


def received(cairn: Cairn, url: str, most: int = 10) -> list[dict[str, Any]]:
    """What is in a queue, which is empty afterwards."""
    sqs = cairn.client("sqs", region=REGION)
    found: list[dict[str, Any]] = []
    asked = {"MaxNumberOfMessages": most, "MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
    while messages := sqs.receive_message(QueueUrl=url, **asked).get("Messages"):
        found += messages
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_a_topic_s_messages_reach_queues_by_the_stock_command_line(cairn: Cairn) -> None:
    region = ("--region", REGION)
    topic = cairn.aws("sns", "create-topic", "--name", "told", *region)["TopicArn"]
    url, arn = make_queue(cairn, "told", topic, REGION)
    refusing = cairn.client("sqs", region=REGION).create_queue(QueueName="refusing")["QueueUrl"]
    dead_url, dead = make_queue(cairn, "told-dead", topic, REGION)
    wanted = '{"state":[{"prefix":"al"}]}'
    for protocol, endpoint, attributes in (
        ("sqs", arn, {"FilterPolicy": wanted, "RawMessageDelivery": "true"}),
        ("sqs", arn.replace("told", "refusing"), {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead})}),
    ):
        given = ("--topic-arn", topic, "--protocol", protocol, "--notification-endpoint", endpoint)
        made = cairn.aws("sns", "subscribe", *given, "--attributes", json.dumps(attributes), *region)
        assert made["SubscriptionArn"].startswith(topic + ":")
    for state in ("alarm", "ok"):
        values = json.dumps({"state": {"DataType": "String", "StringValue": state}})
        sent = ("--topic-arn", topic, "--message", f"now {state}", "--message-attributes", values)
        cairn.aws("sns", "publish", *sent, *region)
    messages = wait_until(lambda: received(cairn, url))
    assert [(each["Body"], each["MessageAttributes"]["state"]["StringValue"]) for each in messages] == [
        ("now alarm", "alarm")
    ]
    buried: list[dict[str, Any]] = []
    wait_until(lambda: len(buried.extend(received(cairn, dead_url)) or buried) == 2)
    assert {json.loads(each["Body"])["Message"] for each in buried} == {"now alarm", "now ok"}
    assert received(cairn, refusing) == [], "its policy lets no topic in"
    counted = {"MessagesPublished": 2, "NotificationsDelivered": 1, "NotificationsFilteredOut": 1}
    counted |= {"NotificationsFailed": 2, "NotificationsRedrivenToDlq": 2, "NotificationsFailedToRedriveToDlq": 0}
    wait_until(lambda: {name: _metric(cairn, "told", f"NumberOf{name}") for name in counted} == counted)
    assert _metric(cairn, "told", "PublishSize") == len("now alarmnow ok" + 2 * "stateString" + "alarmok")
    listed = cairn.aws("sns", "list-subscriptions-by-topic", "--topic-arn", topic, *region)["Subscriptions"]
    assert len(listed) == 2
    error = cairn.aws("sns", "publish", "--topic-arn", topic + "2", "--message", "m", *region, fails=True)
    assert "(NotFound) when calling the Publish operation: Topic does not exist" in error


def _metric(cairn: Cairn, topic: str, name: str) -> float:
    """The sum of a topic's metric."""
    now = datetime.datetime.now(datetime.UTC)
    found = cairn.client("cloudwatch", region=REGION).get_metric_statistics(
        Namespace="AWS/SNS",
        MetricName=name,
        Dimensions=[{"Name": "TopicName", "Value": topic}],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(minutes=2),
        Period=3600,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])


def test_a_server_confirms_with_the_link_and_checks_signatures_with_the_certificate(cairn: Cairn) -> None:
    sns = cairn.client("sns", region=REGION)
    topic = sns.create_topic(Name="posted", Attributes={"SignatureVersion": "2"})["TopicArn"]
    with receiving() as receiver:
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url)
        asked = json.loads(wait_until(lambda: receiver.received)[0].body)
        fetch(asked["SubscribeURL"])
        sns.publish(TopicArn=topic, Message="hello", Subject="s")
        told = json.loads(wait_until(lambda: receiver.received[1:])[0].body)
        certificate = x509.load_pem_x509_certificate(fetch(told["SigningCertURL"]))
        key = certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        text = "".join(f"{name}\n{told[name]}\n" for name in names)
        key.verify(base64.b64decode(told["Signature"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        fetch(told["UnsubscribeURL"])
        assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
        farewell = json.loads(wait_until(lambda: receiver.received[2:])[0].body)
        assert farewell["Type"] == "UnsubscribeConfirmation"
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(asked["SubscribeURL"].replace("Action=ConfirmSubscription", "Action=DeleteTopic"))
    assert refused.value.code == 403
    refused.value.close()
    key_file = cairn.folder.keys / "sns" / "signing.pem"
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_a_fifo_topic_keeps_order_and_takes_nothing_twice(cairn: Cairn) -> None:
    sns = cairn.client("sns", region=REGION)
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name="orders.fifo", Attributes=attributes)["TopicArn"]
    url, arn = make_queue(cairn, "orders.fifo", topic, REGION, FifoQueue="true")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    for first in (0, 10, 5):
        entries = [
            {"Id": str(number), "Message": f"order {number}", "MessageGroupId": "g"}
            for number in range(first, first + 10)
        ]
        assert len(sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)["Successful"]) == 10
    bodies: list[str] = []
    wait_until(lambda: len(bodies.extend(_messages(cairn, url)) or bodies) == 20)
    assert bodies == [f"order {number}" for number in range(20)]


def _messages(cairn: Cairn, url: str) -> list[str]:
    return [json.loads(each["Body"])["Message"] for each in received(cairn, url)]


def test_another_account_publishes_where_the_policy_lets_it(watched: Cairn) -> None:
    sns = watched.client("sns")
    topic = sns.create_topic(Name="open")["TopicArn"]
    iam = watched.client("iam")
    iam.create_user(UserName="publisher")
    made = iam.create_access_key(UserName="publisher")["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    theirs = watched.client("sns", **keys)
    with pytest.raises(ClientError) as refused:
        theirs.publish(TopicArn=topic, Message="m")
    assert "is not authorized to perform: sns:Publish" in str(refused.value)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/publisher"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert theirs.publish(TopicArn=topic, Message="m")["MessageId"]
    with pytest.raises(ClientError):
        theirs.delete_topic(TopicArn=topic)
    sns.delete_topic(TopicArn=topic)
    iam.delete_access_key(UserName="publisher", AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName="publisher")


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with relaying() as relay:
        yield relay


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory, relay: Relay) -> Iterator[Cairn]:
    """A Cairn with a mail relay."""
    folder: Path = tmp_path_factory.mktemp("mailing") / "data"
    running = Cairn(folder, {"CAIRN_SMTP_HOST": "127.0.0.1", "CAIRN_SMTP_PORT": str(relay.port)})
    running.start()
    yield running
    assert running.stop() == 0


def test_people_confirm_hear_and_unsubscribe_by_mail(mailing: Cairn, relay: Relay) -> None:
    sns = mailing.client("sns")
    topic = sns.create_topic(Name="mailed", Attributes={"DisplayName": "Mailed"})["TopicArn"]
    asked = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADDRESS)
    assert asked["SubscriptionArn"] == "pending confirmation"
    ((to, confirmation),) = wait_until(lambda: relay.mail)
    assert to == ADDRESS
    assert "the topic <b>mailed</b>" in click(text_of(confirmation))
    (listed,) = sns.list_subscriptions()["Subscriptions"]
    assert listed["SubscriptionArn"].startswith(topic + ":")
    sns.publish(TopicArn=topic, Message="The bridge is out.", Subject="Warning")
    _, told = wait_until(lambda: relay.mail[1:])[0]
    assert (told["Subject"], told["From"]) == ("Warning", "Mailed <cairn@localhost>")
    assert text_of(told).startswith("The bridge is out.\n")
    assert "<h1>Subscription removed</h1>" in click(text_of(told))
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_what_was_published_is_delivered_after_kill_9(mailing: Cairn) -> None:
    sns = mailing.client("sns", region=REGION)
    topic = sns.create_topic(Name="survives")["TopicArn"]
    url, arn = make_queue(mailing, "survives", topic, REGION)
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    stop_worker(mailing)
    published = {sns.publish(TopicArn=topic, Message=str(number))["MessageId"] for number in range(MESSAGES)}
    mailing.kill()
    mailing.start()
    ids: set[str] = set()
    wait_until(lambda: ids.update(_ids(mailing, url)) or ids >= published)
    assert ids == published
    wait_until(lambda: _metric(mailing, "survives", "NumberOfMessagesPublished") == MESSAGES)
    wait_until(lambda: _metric(mailing, "survives", "NumberOfNotificationsDelivered") >= MESSAGES)
    assert _metric(mailing, "survives", "NumberOfMessagesPublished") == MESSAGES, "each counts once"
    assert mailing.client("sns", region=REGION).list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == (
        subscription
    )
    wait_until(lambda: "cairn_sns_deliveries_total" in fetch(f"{mailing.endpoint}/metrics").decode())


def _ids(cairn: Cairn, url: str) -> set[str]:
    return {json.loads(each["Body"])["MessageId"] for each in received(cairn, url)}
