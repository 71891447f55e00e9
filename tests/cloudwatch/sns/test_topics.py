"""Operations on topics, and publishing to them, as a client meets them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cloudwatch.sns.rig import ACCOUNT, REGION, Rig

from cairn.cloudwatch.sns.operations import operations
from cairn.core.errors import AwsError
from cairn.core.records.identity import root
from cairn.wire.operation import Context

ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:"


def test_a_topic_is_made_once_and_described(rig: Rig) -> None:
    arn = rig.topic("alerts", DisplayName="Alerts")
    assert arn == ARN + "alerts"
    assert rig.topic("alerts") == arn
    assert rig.topic("alerts", DisplayName="Alerts") == arn
    text = rig.refused("InvalidParameter", "CreateTopic", Name="alerts", Attributes={"DisplayName": "other"})
    assert text == "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    found = rig.call("GetTopicAttributes", TopicArn=arn)["Attributes"]
    policy = json.loads(found.pop("Policy"))
    effective = json.loads(found.pop("EffectiveDeliveryPolicy"))["http"]
    assert found == {
        "TopicArn": arn,
        "Owner": ACCOUNT,
        "DisplayName": "Alerts",
        "SubscriptionsConfirmed": "0",
        "SubscriptionsPending": "0",
        "SubscriptionsDeleted": "0",
    }
    assert policy["Statement"][0]["Condition"] == {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
    assert effective["defaultHealthyRetryPolicy"]["numRetries"] == 3
    rig.call("DeleteTopic", TopicArn=arn)
    rig.call("DeleteTopic", TopicArn=arn)
    assert rig.refused("NotFound", "GetTopicAttributes", TopicArn=arn) == "Topic does not exist"


@pytest.mark.parametrize(
    ("name", "attributes", "message"),
    [
        ("no space", {}, "Invalid parameter: Topic Name"),
        ("a.fifo", {}, "Invalid parameter: Topic Name"),
        ("", {}, "Invalid parameter: Topic Name"),
        ("a", {"FifoTopic": "true"}, "Invalid parameter: Fifo Topic names must end with .fifo"),
        ("a", {"Nonsense": "1"}, "Invalid parameter: Attributes Reason: Unknown attribute: Nonsense"),
        ("a", {"SignatureVersion": "3"}, "Invalid parameter: Attributes Reason: SignatureVersion"),
        ("a", {"ContentBasedDeduplication": "true"}, "Invalid parameter: Attributes Reason: Content-based"),
        ("a", {"Policy": "{}"}, "Invalid parameter: Attributes Reason: Policy Error"),
        ("a", {"DeliveryPolicy": "x"}, "Invalid parameter: Attributes Reason: DeliveryPolicy: failed to parse JSON"),
    ],
)
def test_a_topic_that_cannot_be_is_refused(rig: Rig, name: str, attributes: dict[str, str], message: str) -> None:
    assert rig.refused("InvalidParameter", "CreateTopic", Name=name, Attributes=attributes).startswith(message)
    assert rig.call("ListTopics") == {"Topics": []}


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("nonsense", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"),
        ("arn:topic", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 2"),
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "Invalid parameter: TopicArn"),
        (f"arn:aws:sns:us-west-1:{ACCOUNT}:alerts", "Invalid parameter: TopicArn"),
    ],
)
def test_what_is_no_topic_of_the_region_is_refused(rig: Rig, arn: str, message: str) -> None:
    assert rig.refused("InvalidParameter", "GetTopicAttributes", TopicArn=arn) == message


def test_topics_come_in_pages_and_by_account_and_region(rig: Rig) -> None:
    made = sorted(rig.topic(f"topic-{number}") for number in range(205))
    rig.call("CreateTopic", Name="other", account="999999999999")
    rig.call("CreateTopic", Name="other", region="us-east-1")
    found: list[str] = []
    token: dict[str, Any] = {}
    while True:
        page = rig.call("ListTopics", **token)
        found += [each["TopicArn"] for each in page["Topics"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == made
    rig.refused("InvalidParameter", "ListTopics", NextToken="ü")


def test_attributes_are_set_and_answered(rig: Rig) -> None:
    arn = rig.topic()
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": arn}],
        }
    )
    retry = {"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 5, "numRetries": 2}}}
    for name, value in (
        ("Policy", policy),
        ("DisplayName", "Alerts"),
        ("DeliveryPolicy", json.dumps(retry)),
        ("KmsMasterKeyId", "alias/aws/sns"),
        ("SignatureVersion", "2"),
        ("TracingConfig", "Active"),
        ("HTTPSuccessFeedbackSampleRate", "50"),
    ):
        rig.call("SetTopicAttributes", TopicArn=arn, AttributeName=name, AttributeValue=value)
        assert rig.call("GetTopicAttributes", TopicArn=arn)["Attributes"][name] == value
    effective = json.loads(rig.call("GetTopicAttributes", TopicArn=arn)["Attributes"]["EffectiveDeliveryPolicy"])
    assert effective["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 2
    for rate in ("101", "-1", "x", "9" * 5000):
        given = {"AttributeName": "HTTPSuccessFeedbackSampleRate", "AttributeValue": rate}
        assert "from 0 to 100" in rig.refused("InvalidParameter", "SetTopicAttributes", TopicArn=arn, **given)
    for name in ("TopicArn", "Owner", "FifoTopic", "Nonsense"):
        text = rig.refused(
            "InvalidParameter", "SetTopicAttributes", TopicArn=arn, AttributeName=name, AttributeValue=""
        )
        assert text == "Invalid parameter: AttributeName"
    rig.refused(
        "UnsupportedOperation",
        "SetTopicAttributes",
        TopicArn=rig.topic("a.fifo", FifoTopic="true"),
        AttributeName="ArchivePolicy",
        AttributeValue='{"MessageRetentionPeriod":"30"}',
    )


def test_permissions_are_statements_of_the_policy(rig: Rig) -> None:
    arn = rig.topic()
    added = {"TopicArn": arn, "Label": "them", "AWSAccountId": ["999999999999"], "ActionName": ["Publish"]}
    rig.call("AddPermission", **added)
    assert rig.refused("InvalidParameter", "AddPermission", **added) == "Invalid parameter: Statement already exists"
    policy = json.loads(rig.call("GetTopicAttributes", TopicArn=arn)["Attributes"]["Policy"])
    assert policy["Statement"][1] == {
        "Sid": "them",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
        "Action": "SNS:Publish",
        "Resource": arn,
    }
    rig.call("RemovePermission", TopicArn=arn, Label="them")
    policy = json.loads(rig.call("GetTopicAttributes", TopicArn=arn)["Attributes"]["Policy"])
    assert [each["Sid"] for each in policy["Statement"]] == ["__default_statement_ID"]
    wrong = added | {"ActionName": ["Nonsense"]}
    assert "out of service scope" in rig.refused("InvalidParameter", "AddPermission", **wrong)


def test_tags(rig: Rig) -> None:
    arn = rig.call("CreateTopic", Name="alerts", Tags=[{"Key": "a", "Value": "1"}])["TopicArn"]
    text = rig.refused("InvalidParameter", "CreateTopic", Name="alerts", Tags=[{"Key": "a", "Value": "2"}])
    assert text == "Invalid parameter: Tags Reason: Topic already exists with different tags"
    rig.call("TagResource", ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
    rig.call("UntagResource", ResourceArn=arn, TagKeys=["b", "c"])
    assert rig.call("ListTagsForResource", ResourceArn=arn) == {"Tags": [{"Key": "a", "Value": "2"}]}
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    text = rig.refused("InvalidParameter", "TagResource", ResourceArn=arn, Tags=twice)
    assert text == "Invalid parameter: Duplicated keys are not allowed."
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    rig.refused("TagLimitExceeded", "TagResource", ResourceArn=arn, Tags=many)
    rig.refused("ResourceNotFound", "ListTagsForResource", ResourceArn=arn + "2")


def test_data_protection_is_kept_unless_it_would_have_to_be_done(rig: Rig) -> None:
    arn = rig.topic()
    assert rig.call("GetDataProtectionPolicy", ResourceArn=arn) == {}
    audit = json.dumps({"Name": "p", "Statement": [{"Operation": {"Audit": {"SampleRate": "99"}}}]})
    rig.call("PutDataProtectionPolicy", ResourceArn=arn, DataProtectionPolicy=audit)
    assert rig.call("GetDataProtectionPolicy", ResourceArn=arn) == {"DataProtectionPolicy": audit}
    deny = json.dumps({"Name": "p", "Statement": [{"Operation": {"Deny": {}}}]})
    rig.refused("UnsupportedOperation", "PutDataProtectionPolicy", ResourceArn=arn, DataProtectionPolicy=deny)


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"Message": ""}, "InvalidParameter", "Invalid parameter: Empty message"),
        ({"Message": "x" * (256 * 1024 + 1)}, "InvalidParameter", "Invalid parameter: Message too long"),
        ({"Subject": ""}, "InvalidParameter", "Invalid parameter: Subject"),
        ({"Subject": "a\nb"}, "InvalidParameter", "Invalid parameter: Subject"),
        ({"Subject": "x" * 101}, "InvalidParameter", "Invalid parameter: Subject"),
        (
            {"MessageStructure": "json", "Message": "{"},
            "InvalidParameter",
            "Invalid parameter: Message Structure - JSON message body failed to parse",
        ),
        (
            {"MessageStructure": "json", "Message": '{"sqs":"x"}'},
            "InvalidParameter",
            "Invalid parameter: Message Structure - No default entry in JSON message body",
        ),
        ({"MessageDeduplicationId": "d"}, "InvalidParameter", "Invalid parameter: MessageDeduplicationId Reason: "),
        (
            {"MessageAttributes": {"a": {"DataType": "Text", "StringValue": "x"}}},
            "ParameterValueInvalid",
            "The message attribute 'a' has an invalid message attribute type",
        ),
        (
            {"MessageAttributes": {"a": {"DataType": "String", "StringValue": ""}}},
            "ParameterValueInvalid",
            "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'Str",
        ),
        (
            {"MessageAttributes": {"a": {"DataType": "Binary", "StringValue": "x"}}},
            "ParameterValueInvalid",
            "The message attribute 'a' with type 'Binary' must use field 'Binary'.",
        ),
        (
            {"MessageAttributes": {"a^b": {"DataType": "String", "StringValue": "x"}}},
            "ParameterValueInvalid",
            "Invalid non-alphanumeric character '#x5E' was found in the message attribute name.",
        ),
        (
            {"MessageAttributes": {"a": {"DataType": "Number", "StringValue": "nan"}}},
            "ParameterValueInvalid",
            "Could not cast",
        ),
        ({"MessageAttributes": {"a": {"StringValue": "x"}}}, "ValidationError", "1 validation error detected: Value"),
    ],
)
def test_what_is_no_message_is_refused(rig: Rig, params: dict[str, Any], code: str, message: str) -> None:
    topic = rig.topic()
    rig.subscribe(topic, "sqs", rig.queue("q"))
    assert rig.refused(code, "Publish", **{"TopicArn": topic, "Message": "m", **params}).startswith(message)
    assert rig.stored() == 0


def test_publishing_needs_a_topic(rig: Rig) -> None:
    rig.refused("InvalidParameter", "Publish", Message="m")
    rig.refused("UnsupportedOperation", "Publish", Message="m", PhoneNumber="+15550100")
    assert rig.refused("NotFound", "Publish", Message="m", TopicArn=ARN + "none") == "Topic does not exist"
    endpoint = f"{ARN}endpoint/APNS/app/1"
    text = rig.refused("InvalidParameter", "Publish", Message="m", TargetArn=endpoint)
    assert "No endpoint found" in text
    assert "MessageId" in rig.call("Publish", Message="m", TargetArn=rig.topic())


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([{"Id": str(number), "Message": "m"} for number in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": "a", "Message": "m"}, {"Id": "a", "Message": "m"}], "BatchEntryIdsNotDistinct"),
        ([{"Id": "a b", "Message": "m"}], "InvalidBatchEntryId"),
        ([{"Id": str(number), "Message": "m" * 140_000} for number in range(2)], "BatchRequestTooLong"),
        ([{"Id": "a", "Message": "m"}, {"Id": "b", "Message": ""}], "InvalidParameter"),
    ],
)
def test_a_batch_is_published_whole_or_not_at_all(rig: Rig, entries: list[dict[str, str]], code: str) -> None:
    topic = rig.topic()
    rig.subscribe(topic, "sqs", rig.queue("q"))
    rig.refused(code, "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)
    assert rig.stored() == 0


def test_a_fifo_topic_numbers_its_messages_and_takes_none_twice(rig: Rig) -> None:
    topic = rig.topic("orders.fifo", FifoTopic="true")
    rig.subscribe(topic, "sqs", rig.queue("q.fifo"))
    assert "MessageGroupId" in rig.refused("InvalidParameter", "Publish", TopicArn=topic, Message="m")
    text = rig.refused("InvalidParameter", "Publish", TopicArn=topic, Message="m", MessageGroupId="g")
    assert "ContentBasedDeduplication" in text
    sent = {"TopicArn": topic, "Message": "m", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    first = rig.call("Publish", **sent)
    assert len(first["SequenceNumber"]) == 20
    assert rig.call("Publish", **sent | {"Message": "n", "MessageGroupId": "h"}) == first
    second = rig.call("Publish", **sent | {"MessageDeduplicationId": "e"})
    assert second["SequenceNumber"] > first["SequenceNumber"]
    rig.clock.advance(299)
    assert rig.call("Publish", **sent) == first
    rig.clock.advance(2)
    assert rig.call("Publish", **sent)["MessageId"] != first["MessageId"]
    assert rig.waiting() == 3


def test_deduplication_by_content_and_by_group(rig: Rig) -> None:
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true", "FifoThroughputScope": "MessageGroup"}
    topic = rig.topic("orders.fifo", **attributes)
    first = rig.call("Publish", TopicArn=topic, Message="m", MessageGroupId="g")
    assert rig.call("Publish", TopicArn=topic, Message="m", MessageGroupId="g") == first
    assert rig.call("Publish", TopicArn=topic, Message="m", MessageGroupId="h") != first
    assert rig.call("Publish", TopicArn=topic, Message="n", MessageGroupId="g") != first


def test_another_account_s_topic_is_its_own_where_no_permissions_are_asked(rig: Rig) -> None:
    guarded = operations(rig.topics, rig.subscriptions, allow_private=True, ask_policies=True)
    ours = Context(ACCOUNT, REGION, identity=root(ACCOUNT))
    theirs = Context("999988887777", REGION, identity=root("999988887777"))
    topic = guarded["CreateTopic"](ours, {"Name": "mine"})["TopicArn"]
    other = {"TopicArn": topic}
    calls = {
        "Publish": other | {"Message": "m"},
        "GetTopicAttributes": other,
        "Subscribe": other | {"Protocol": "sqs", "Endpoint": f"arn:aws:sqs:{REGION}:999988887777:q"},
        "ListSubscriptionsByTopic": other,
        "ListTagsForResource": {"ResourceArn": topic},
        "DeleteTopic": other,
    }
    for name, params in calls.items():
        with pytest.raises(AwsError) as refused:
            guarded[name](theirs, params)
        assert refused.value.code == "AuthorizationError"
    permission = {"Label": "l", "AWSAccountId": ["999988887777"], "ActionName": ["Publish"]}
    guarded["AddPermission"](ours, other | permission)
    assert guarded["Publish"](theirs, calls["Publish"])["MessageId"]
    assert guarded["Publish"](ours, calls["Publish"])["MessageId"]
    with pytest.raises(AwsError):
        guarded["DeleteTopic"](theirs, other)
    assert guarded["GetTopicAttributes"](ours, other)
