"""Subscriptions: made, confirmed, changed and ended."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import sqlalchemy as sa
from tests.cloudwatch.sns.rig import ACCOUNT, REGION, Rig

from cairn.cloudwatch.sns.subscriptions import MAILS_AN_HOUR
from cairn.cloudwatch.sns.tables import questions
from cairn.core.errors import AwsError

OTHER = "999999999999"
ADDRESS = "ops@example.org"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/s"


def attributes(rig: Rig, subscription: str) -> dict[str, str]:
    found: dict[str, str] = rig.call("GetSubscriptionAttributes", SubscriptionArn=subscription)["Attributes"]
    return found


def test_a_queue_of_the_same_account_needs_no_confirmation(rig: Rig) -> None:
    topic = rig.topic()
    arn = rig.subscribe(topic, "sqs", rig.queue("q"), {"RawMessageDelivery": "true"})
    assert attributes(rig, arn) == {
        "SubscriptionArn": arn,
        "SubscriptionPrincipal": f"arn:aws:iam::{ACCOUNT}:root",
        "Owner": ACCOUNT,
        "TopicArn": topic,
        "Protocol": "sqs",
        "Endpoint": rig.queue("q"),
        "PendingConfirmation": "false",
        "ConfirmationWasAuthenticated": "true",
        "RawMessageDelivery": "true",
    }
    assert rig.subscribe(topic, "sqs", rig.queue("q")) == arn
    again = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": rig.queue("q")}
    text = rig.refused("InvalidParameter", "Subscribe", **again, Attributes={"RawMessageDelivery": "false"})
    assert "already exists with different attributes" in text
    assert rig.waiting() == 0


def test_an_address_is_asked_and_then_hears(rig: Rig) -> None:
    topic = rig.topic()
    asked = rig.call("Subscribe", TopicArn=topic, Protocol="email", Endpoint=ADDRESS)
    assert asked == {"SubscriptionArn": "pending confirmation"}
    (listed,) = rig.call("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    arn = rig.subscribe(topic, "email", ADDRESS)
    assert rig.waiting() == 2, "asked again"
    rig.call("Publish", TopicArn=topic, Message="too early")
    assert rig.stored() == 2
    token = rig.token(arn)
    assert rig.refused("InvalidParameter", "ConfirmSubscription", TopicArn=topic, Token="x") == "Invalid token"
    text = rig.refused("InvalidParameter", "ConfirmSubscription", TopicArn=topic, Token="0" * 128)
    assert text == "Invalid parameter: Token"
    rig.refused("InvalidParameter", "ConfirmSubscription", TopicArn=rig.topic("other"), Token=token)
    for _ in range(2):
        confirmed = rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=token)
        assert confirmed == {"SubscriptionArn": arn}
    found = attributes(rig, arn)
    assert (found["PendingConfirmation"], found["ConfirmationWasAuthenticated"]) == ("false", "false")
    counted = rig.call("GetTopicAttributes", TopicArn=topic)["Attributes"]
    assert (counted["SubscriptionsConfirmed"], counted["SubscriptionsPending"]) == ("1", "0")


def test_an_address_is_not_asked_without_end(rig: Rig) -> None:
    topics = [rig.topic(f"t{number}") for number in range(MAILS_AN_HOUR + 1)]
    spelled = ["ops@example.org", "Ops+7@EXAMPLE.org"]
    for number, topic in enumerate(topics[:-1]):
        rig.subscribe(topic, ("email", "email-json")[number % 2], spelled[number % 2])
    asked = {"TopicArn": topics[-1], "Protocol": "email", "Endpoint": ADDRESS}
    text = rig.refused("Throttled", "Subscribe", **asked)
    assert text == "ops@example.org was asked to confirm 20 subscriptions within an hour. Ask again later."
    assert rig.call("ListSubscriptionsByTopic", TopicArn=topics[-1])["Subscriptions"] == []
    assert rig.waiting() == MAILS_AN_HOUR
    rig.subscribe(topics[-1], "email", "other@example.org")
    rig.clock.advance(3601)
    rig.subscriptions.tidy()
    with rig.state.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(questions)) == 0
    rig.subscribe(topics[-1], "email", ADDRESS)


def test_an_address_that_says_yes_may_be_asked_again(rig: Rig) -> None:
    topics = [rig.topic(f"t{number}") for number in range(MAILS_AN_HOUR + 1)]
    made = [rig.subscribe(topic, "email", ADDRESS) for topic in topics[:-1]]
    rig.refused("Throttled", "Subscribe", TopicArn=topics[0], Protocol="email", Endpoint=ADDRESS)
    rig.call("ConfirmSubscription", account=None, TopicArn=topics[3], Token=rig.token(made[3]))
    rig.subscribe(topics[-1], "email", ADDRESS)


def test_a_token_is_good_for_three_days(rig: Rig) -> None:
    topic = rig.topic()
    arn = rig.subscribe(topic, "email", ADDRESS)
    token = rig.token(arn)
    rig.clock.advance(3 * 86400 + 1)
    rig.refused("InvalidParameter", "ConfirmSubscription", TopicArn=topic, Token=token)
    rig.run(seconds=61)  # it is forgotten
    rig.refused("NotFound", "GetSubscriptionAttributes", SubscriptionArn=arn)


def test_whoever_has_the_link_may_unsubscribe_and_come_back(rig: Rig) -> None:
    topic = rig.topic()
    arn = rig.subscribe(topic, "http", "http://127.0.0.1:9/")
    rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=rig.token(arn))
    rig.refused("AuthorizationError", "Unsubscribe", SubscriptionArn=arn, account=OTHER)
    rig.call("Unsubscribe", account=None, SubscriptionArn=arn)
    rig.call("Unsubscribe", account=None, SubscriptionArn=arn)
    rig.refused("NotFound", "GetSubscriptionAttributes", SubscriptionArn=arn)
    assert rig.call("ListSubscriptions") == {"Subscriptions": []}
    counted = rig.call("GetTopicAttributes", TopicArn=topic)["Attributes"]
    assert (counted["SubscriptionsConfirmed"], counted["SubscriptionsDeleted"]) == ("0", "1")
    assert rig.waiting() == 1, "a farewell with a way back"
    with rig.state.read() as connection:
        token = connection.exec_driver_sql("SELECT token FROM sns_subscriptions").scalar_one()
    assert rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=token) == {"SubscriptionArn": arn}
    assert rig.waiting() == 0
    rig.call("Unsubscribe", SubscriptionArn=arn)
    assert rig.waiting() == 0, "its owner knows"


def test_a_guarded_subscription_ends_by_its_owners_alone(rig: Rig) -> None:
    topic = rig.topic()
    arn = rig.subscribe(topic, "email", ADDRESS)
    asked = {"TopicArn": topic, "Token": rig.token(arn), "AuthenticateOnUnsubscribe": "true"}
    rig.call("ConfirmSubscription", **asked)
    rig.refused("AuthorizationError", "Unsubscribe", SubscriptionArn=arn, account=None)
    assert attributes(rig, arn)["ConfirmationWasAuthenticated"] == "true"
    rig.call("Unsubscribe", SubscriptionArn=arn)
    rig.refused(
        "AuthorizationError", "Unsubscribe", SubscriptionArn=rig.subscribe(topic, "sqs", rig.queue("q")), account=None
    )


def test_another_account_s_queue_must_be_confirmed_there_and_belongs_to_who_subscribed(rig: Rig) -> None:
    topic = rig.topic()
    theirs = rig.queue("q", OTHER)
    asked = rig.call("Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=theirs)
    assert asked == {"SubscriptionArn": "pending confirmation"}
    rig.run()
    (body,) = rig.aws.bodies(theirs)
    told = json.loads(body)
    assert told["Type"] == "SubscriptionConfirmation"
    assert told["SubscribeURL"].endswith(f"/?Action=ConfirmSubscription&TopicArn={topic}&Token={told['Token']}")
    rig.call("ConfirmSubscription", account=OTHER, TopicArn=topic, Token=told["Token"])
    mine = rig.call("Subscribe", account=OTHER, TopicArn=topic, Protocol="sqs", Endpoint=rig.queue("p", OTHER))
    (listed,) = rig.call("ListSubscriptions", account=OTHER)["Subscriptions"]
    assert (listed["SubscriptionArn"], listed["Owner"]) == (mine["SubscriptionArn"], OTHER)
    for account in (ACCOUNT, OTHER):
        rig.call("GetSubscriptionAttributes", account=account, SubscriptionArn=mine["SubscriptionArn"])
    rig.refused(
        "AuthorizationError",
        "GetSubscriptionAttributes",
        account="888888888888",
        SubscriptionArn=mine["SubscriptionArn"],
    )


@pytest.mark.parametrize(
    ("protocol", "endpoint", "code", "message"),
    [
        ("test-protocol", "x", "InvalidParameter", "Invalid parameter: Amazon SNS does not support this protocol"),
        ("sms", "+15550100", "UnsupportedOperation", "Cairn does not have this"),
        ("application", "arn", "UnsupportedOperation", "Cairn does not have this"),
        ("sqs", "http://localhost/queue", "InvalidParameter", "Invalid parameter: SQS endpoint ARN"),
        (
            "sqs",
            f"arn:aws:sqs:{REGION}:{ACCOUNT}:q.fifo",
            "InvalidParameter",
            "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard",
        ),
        ("lambda", "f", "InvalidParameter", "Invalid parameter: Lambda endpoint ARN"),
        ("http", "https://example.org/", "InvalidParameter", "Invalid parameter: Endpoint must match the specified"),
        ("http", "http://", "InvalidParameter", "Invalid parameter: Endpoint Reason"),
        ("email", "nobody", "InvalidParameter", "Invalid parameter: Email address"),
        ("email", "a@b\r\nBcc: c@d", "InvalidParameter", "Invalid parameter: Email address"),
        ("email", "", "InvalidParameter", "Invalid parameter: Endpoint"),
        ("firehose", STREAM, "InvalidParameter", "Invalid parameter: Attributes Reason: SubscriptionRoleArn"),
    ],
)
def test_what_is_no_endpoint_is_refused(rig: Rig, protocol: str, endpoint: str, code: str, message: str) -> None:
    asked = {"TopicArn": rig.topic(), "Protocol": protocol, "Endpoint": endpoint}
    assert rig.refused(code, "Subscribe", **asked).startswith(message)
    assert rig.call("ListSubscriptions") == {"Subscriptions": []}


@pytest.mark.parametrize("protocol", ["http", "email", "lambda"])
def test_a_fifo_topic_delivers_to_queues_alone(rig: Rig, protocol: str) -> None:
    topic = rig.topic("a.fifo", FifoTopic="true")
    text = rig.refused("InvalidParameter", "Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=FUNCTION)
    assert text == f"Invalid parameter: Invalid protocol type: {protocol}"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Nonsense", "x", "Invalid parameter: AttributeName"),
        ("RawMessageDelivery", "test", "Invalid parameter: RawMessageDelivery: Invalid value [test]. Must be true or"),
        ("FilterPolicyScope", "x", "Invalid parameter: FilterPolicyScope: Invalid value [x]. Please use either Messag"),
        ("FilterPolicy", "invalid", "Invalid parameter: FilterPolicy: failed to parse JSON."),
        ("FilterPolicy", '{"a":{"b":["c"]}}', "Invalid parameter: Filter policy scope MessageAttributes does not sup"),
        ("RedrivePolicy", "invalid", "Invalid parameter: RedrivePolicy: failed to parse JSON."),
        ("RedrivePolicy", '{"deadLetterTargetArn":"x"}', "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an"),
        ("DeliveryPolicy", "{}", "Invalid parameter: DeliveryPolicy: "),
        ("SubscriptionRoleArn", "x", "Invalid parameter: SubscriptionRoleArn"),
    ],
)
def test_what_is_no_attribute_is_refused(rig: Rig, name: str, value: str, message: str) -> None:
    arn = rig.subscribe(rig.topic(), "sqs", rig.queue("q"))
    before = attributes(rig, arn)
    asked = {"SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value}
    assert rig.refused("InvalidParameter", "SetSubscriptionAttributes", **asked).startswith(message)
    assert attributes(rig, arn) == before


def test_attributes_are_set_answered_and_taken_away(rig: Rig) -> None:
    arn = rig.subscribe(rig.topic(), "https", "https://127.0.0.1/x")
    redrive = json.dumps({"deadLetterTargetArn": rig.queue("dead")})
    delivery = json.dumps({"healthyRetryPolicy": {"numRetries": 5, "minDelayTarget": 30}})

    def put(name: str, value: str) -> dict[str, str]:
        rig.call("SetSubscriptionAttributes", SubscriptionArn=arn, AttributeName=name, AttributeValue=value)
        return attributes(rig, arn)

    assert put("RedrivePolicy", redrive)["RedrivePolicy"] == redrive
    found = put("DeliveryPolicy", delivery)
    healthy = json.loads(found["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]
    assert found["DeliveryPolicy"] == delivery
    assert (healthy["numRetries"], healthy["minDelayTarget"], healthy["maxDelayTarget"]) == (5, 30, 30)
    assert "FilterPolicyScope" not in put("FilterPolicyScope", "MessageBody")
    found = put("FilterPolicy", '{"a":{"b":["c"]}}')
    assert (found["FilterPolicyScope"], found["FilterPolicy"]) == ("MessageBody", '{"a":{"b":["c"]}}')
    rig.refused(
        "InvalidParameter",
        "SetSubscriptionAttributes",
        SubscriptionArn=arn,
        AttributeName="FilterPolicyScope",
        AttributeValue="MessageAttributes",
    )
    assert "FilterPolicy" not in put("FilterPolicy", "{}")
    assert "RedrivePolicy" not in put("RedrivePolicy", "")


def test_subscriptions_come_in_pages(rig: Rig) -> None:
    topic = rig.topic()
    for number in range(101):
        rig.subscribe(topic, "sqs", rig.queue(f"q{number}"))
    for operation, asked in (("ListSubscriptions", {}), ("ListSubscriptionsByTopic", {"TopicArn": topic})):
        first: Any = rig.call(operation, **asked)
        second = rig.call(operation, **asked, NextToken=first["NextToken"])
        assert (len(first["Subscriptions"]), len(second["Subscriptions"])) == (100, 1)
        assert "NextToken" not in second
    assert rig.call("ListSubscriptions", region="us-east-1") == {"Subscriptions": []}


def test_lists_hide_the_password_of_a_url(rig: Rig) -> None:
    topic = rig.topic()
    whole = "https://user:geheim@example.com/path?a=b@c"
    arn = rig.subscribe(topic, "https", whole)
    for operation, asked in (("ListSubscriptions", {}), ("ListSubscriptionsByTopic", {"TopicArn": topic})):
        (listed,) = rig.call(operation, **asked)["Subscriptions"]
        assert listed["Endpoint"] == "https://user:****@example.com/path?a=b@c"
    assert attributes(rig, arn)["Endpoint"] == whole


def test_a_topic_takes_its_subscriptions_with_it(rig: Rig) -> None:
    topic = rig.topic()
    arn = rig.subscribe(topic, "sqs", rig.queue("q"))
    rig.call("DeleteTopic", TopicArn=topic)
    rig.refused("NotFound", "GetSubscriptionAttributes", SubscriptionArn=arn)
    rig.topic()
    assert rig.call("ListSubscriptionsByTopic", TopicArn=topic) == {"Subscriptions": []}


def test_a_token_of_no_row_is_refused(rig: Rig) -> None:
    for digits in (19, 5000):
        token = base64.urlsafe_b64encode(b"9" * digits).decode()
        with pytest.raises(AwsError, match="NextToken"):
            rig.call("ListSubscriptions", NextToken=token)
